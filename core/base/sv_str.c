#include "sv_str.h"

#include <string.h>

struct sv_str
sv_str_of(const char *s)
{
	return (struct sv_str){ s, s != NULL ? strlen(s) : 0 };
}

bool
sv_str_eq(struct sv_str a, struct sv_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
sv_str_is(struct sv_str s, const char *lit)
{
	return sv_str_eq(s, sv_str_of(lit));
}

int
sv_str_cmp(struct sv_str a, struct sv_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (d != 0)
		return d;
	return (a.n > b.n) - (a.n < b.n);
}

bool
sv_str_starts(struct sv_str s, struct sv_str part)
{
	return s.n >= part.n && sv_str_eq((struct sv_str){ s.p, part.n }, part);
}

bool
sv_str_ends(struct sv_str s, struct sv_str part)
{
	return s.n >= part.n && sv_str_eq(sv_str_from(s, s.n - part.n), part);
}

struct sv_str
sv_str_from(struct sv_str s, size_t from)
{
	if (from >= s.n)
		return (struct sv_str){ NULL, 0 };
	return (struct sv_str){ s.p + from, s.n - from };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct sv_str
sv_str_trim(struct sv_str s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

size_t
sv_str_chr(struct sv_str s, char c)
{
	size_t i = 0;

	while (i < s.n && s.p[i] != c)
		i++;
	return i;
}

size_t
sv_str_rchr(struct sv_str s, char c)
{
	for (size_t i = s.n; i > 0; i--) {
		if (s.p[i - 1] == c)
			return i - 1;
	}
	return s.n;
}

uint64_t
sv_str_hash(struct sv_str s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}
