#include "sv_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
sv_buf_init(struct sv_buf *b, struct sv_arena *A, size_t ceiling)
{
	*b = (struct sv_buf){ .A = A, .ceiling = ceiling };
}

/* Make room for ${n} more bytes. */
static bool
reserve(struct sv_buf *b, size_t n)
{
	size_t cap;
	char *p;

	if (b->failed)
		return false;
	if (n <= b->cap - b->n)
		return true;
	if (n > b->ceiling - b->n) {
		b->failed = b->full = true;
		return false;
	}
	cap = b->cap < 1024 ? 1024 : b->cap * 2;
	if (cap < b->n + n)
		cap = b->n + n;
	if (cap > b->ceiling)
		cap = b->ceiling;
	if ((p = sv_arena_grow(b->A, b->p, b->n, cap)) == NULL) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void
sv_buf_add(struct sv_buf *b, struct sv_str s)
{
	if (s.n == 0 || !reserve(b, s.n))
		return;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void
sv_buf_addc(struct sv_buf *b, char c)
{
	if (!reserve(b, 1))
		return;
	b->p[b->n++] = c;
}

void
sv_buf_addu(struct sv_buf *b, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	sv_buf_add(b, (struct sv_str){ digits + i, sizeof(digits) - i });
}

void
sv_buf_add_encoded(struct sv_buf *b, struct sv_str s, const char *keep)
{
	static const char hex[] = "0123456789ABCDEF", unreserved[] = "-._~"
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t n_keep = strlen(keep);

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (memchr(unreserved, c, sizeof(unreserved) - 1) != NULL
		    || memchr(keep, c, n_keep) != NULL) {
			sv_buf_addc(b, (char)c);
			continue;
		}
		sv_buf_addc(b, '%');
		sv_buf_addc(b, hex[c >> 4]);
		sv_buf_addc(b, hex[c & 15]);
	}
}

void
sv_buf_printf(struct sv_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	/* vsnprintf writes a NUL behind the text: room for it, not counted. */
	if (n < 0)
		b->failed = true;
	else if (reserve(b, (size_t)n + 1)) {
		(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

bool
sv_buf_ok(const struct sv_buf *b)
{
	return !b->failed && sv_arena_ok(b->A);
}

struct sv_status
sv_buf_status(const struct sv_buf *b)
{
	if (sv_buf_ok(b))
		return SV_OK;
	return b->full ? SV_LIMIT : SV_NOMEM;
}

struct sv_str
sv_buf_str(const struct sv_buf *b)
{
	return (struct sv_str){ b->p, b->n };
}
