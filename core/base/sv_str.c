#include "sv_str.h"

#include <string.h>

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool
sv_str_eq_nocase(struct sv_str a, struct sv_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return true;
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

int
sv_str_order(const void *a, const void *b)
{
	return sv_str_cmp(*(const struct sv_str *)a, *(const struct sv_str *)b);
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

struct sv_str
sv_str_cut(struct sv_str *rest, char c)
{
	size_t n = sv_str_chr(*rest, c);
	struct sv_str part = { rest->p, n };

	*rest = sv_str_from(*rest, n + 1);
	return part;
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

/* Sixteen bytes at once, in the vector extensions that gcc and clang share. */
typedef unsigned char bytes __attribute__((vector_size(16)));

static bytes
load(const char *p)
{
	bytes b;

	memcpy(&b, p, sizeof(b));
	return b;
}

/* By hand because memmem prepares itself anew in every call, and is not in
 * POSIX: the first two bytes and the last of sixteen candidates are compared
 * at once. */
size_t
sv_str_find(struct sv_str s, struct sv_str part)
{
	const char *p = s.p, *end, *d = part.p;

	if (s.n < part.n)
		return s.n;
	end = p + s.n;
	while ((size_t)(end - p) >= part.n + 16) {
		bytes hit = (bytes)(load(p) == (unsigned char)d[0])
		    & (bytes)(load(p + 1) == (unsigned char)d[1])
		    & (bytes)(load(p + part.n - 1)
		    == (unsigned char)d[part.n - 1]);
		uint64_t any[2];

		memcpy(any, &hit, sizeof(any));
		for (size_t i = 0; (any[0] | any[1]) != 0 && i < 16; i++) {
			if (hit[i] != 0 && memcmp(p + i, d, part.n) == 0)
				return (size_t)(p + i - s.p);
		}
		p += 16;
	}
	for (; (size_t)(end - p) >= part.n; p++) {
		if (memcmp(p, d, part.n) == 0)
			return (size_t)(p - s.p);
	}
	return s.n;
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
	const uint64_t odd = 0x9e3779b97f4a7c15u;
	uint64_t h = s.n, w;

	for (; s.n >= 8; s.p += 8, s.n -= 8) {
		memcpy(&w, s.p, 8);
		h = (h ^ w) * odd;
		h ^= h >> 32;
	}
	for (w = 0; s.n > 0; s.n--)
		w = w << 8 | (unsigned char)s.p[s.n - 1];
	h = (h ^ w) * odd;
	return h ^ h >> 32;
}
