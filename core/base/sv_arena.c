#include "sv_arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Under AddressSanitizer a gap behind every object, and all that is not in use,
 * may not be touched. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define GAP ((size_t)16)
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define GAP ((size_t)0)
#endif

#define ALIGN ((size_t)16)
#define USUAL_BLOCK ((size_t)64 * 1024)

struct sv_arena_block {
	struct sv_arena_block *next;
	size_t size;		/* of the whole block, this header included */
};

#define HEADER ((sizeof(struct sv_arena_block) + ALIGN - 1) & ~(ALIGN - 1))

void
sv_arena_init(struct sv_arena *A, struct sv_arena_source source,
    size_t ceiling)
{
	*A = (struct sv_arena){ .source = source, .ceiling = ceiling,
		.block_size = USUAL_BLOCK };
}

/* Take a block with at least ${n} usable bytes from the source. */
static bool
take_block(struct sv_arena *A, size_t n)
{
	struct sv_arena_block *b;
	size_t size = A->block_size;

	/* Larger messages take larger blocks: a quarter of what is held. */
	if (A->held / 4 > size)
		size = (A->held / 4) & ~(ALIGN - 1);
	if (n > size - HEADER)
		size = n + HEADER;
	if (size > A->ceiling - A->held) {
		if (n + HEADER > A->ceiling - A->held)
			return false;
		size = n + HEADER;
	}
	if ((b = A->source.more(A->source.ctx, size)) == NULL)
		return false;
	b->next = A->head;
	b->size = size;
	A->head = b;
	A->held += size;
	A->at = (char *)b + HEADER;
	A->end = (char *)b + size;
	ASAN_POISON_MEMORY_REGION(A->at, size - HEADER);
	return true;
}

static void *
refuse(struct sv_arena *A)
{
	A->failed = true;
	return NULL;
}

void *
sv_arena_alloc(struct sv_arena *A, size_t n)
{
	size_t room;
	char *p;

	if (n > SIZE_MAX / 4)
		return refuse(A);
	room = (n == 0 ? ALIGN : (n + ALIGN - 1) & ~(ALIGN - 1)) + GAP;
	if (room > (size_t)(A->end - A->at) && !take_block(A, room))
		return refuse(A);
	p = A->at;
	A->at += room;
	A->last = p;
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	return p;
}

void *
sv_arena_zalloc(struct sv_arena *A, size_t count, size_t size)
{
	void *p;

	if (size != 0 && count > SIZE_MAX / 4 / size)
		return refuse(A);
	if ((p = sv_arena_alloc(A, count * size)) != NULL)
		memset(p, 0, count * size);
	return p;
}

bool
sv_arena_ok(const struct sv_arena *A)
{
	return !A->failed;
}

void *
sv_arena_grow(struct sv_arena *A, void *p, size_t old, size_t n)
{
	void *q;

	/* The newest object grows where it lies. */
	if (p != NULL && p == A->last
	    && n + GAP <= (size_t)(A->end - A->last)) {
		A->at = A->last + ((n + ALIGN - 1) & ~(ALIGN - 1)) + GAP;
		if (A->at > A->end)
			A->at = A->end;
		ASAN_UNPOISON_MEMORY_REGION(p, n);
		return p;
	}
	if ((q = sv_arena_alloc(A, n)) != NULL && old > 0)
		memcpy(q, p, old < n ? old : n);
	return q;
}

struct sv_str
sv_arena_str(struct sv_arena *A, struct sv_str s)
{
	char *p = sv_arena_alloc(A, s.n + 1);

	if (p == NULL)
		return (struct sv_str){ NULL, 0 };
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct sv_str){ p, s.n };
}

struct sv_str
sv_arena_join(struct sv_arena *A, struct sv_str a, struct sv_str b,
    struct sv_str c)
{
	const struct sv_str part[] = { a, b, c };
	size_t n = a.n + b.n + c.n;
	char *p = sv_arena_alloc(A, n + 1), *at = p;

	if (p == NULL)
		return (struct sv_str){ NULL, 0 };
	for (size_t i = 0; i < 3; i++) {
		if (part[i].n > 0)
			memcpy(at, part[i].p, part[i].n);
		at += part[i].n;
	}
	*at = '\0';
	return (struct sv_str){ p, n };
}

/* Most texts are short: they are formatted once, on the stack, and copied. */
struct sv_str
sv_arena_printf(struct sv_arena *A, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;
	struct sv_str out = { NULL, 0 };
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n >= 0 && (p = sv_arena_alloc(A, (size_t)n + 1)) != NULL) {
		if ((size_t)n < sizeof(small))
			memcpy(p, small, (size_t)n + 1);
		else
			(void)vsnprintf(p, (size_t)n + 1, fmt, again);
		out = (struct sv_str){ p, (size_t)n };
	}
	va_end(again);
	va_end(ap);
	return out;
}

static void
give_back(struct sv_arena *A, struct sv_arena_block *keep)
{
	while (A->head != NULL) {
		struct sv_arena_block *b = A->head;

		A->head = b->next;
		ASAN_UNPOISON_MEMORY_REGION(b, b->size);
		if (b != keep)
			A->source.done(A->source.ctx, b);
	}
	A->head = keep;
	A->last = NULL;
	A->failed = false;
	if (keep == NULL) {
		A->at = A->end = NULL;
		A->held = 0;
		return;
	}
	keep->next = NULL;
	A->held = keep->size;
	A->at = (char *)keep + HEADER;
	A->end = (char *)keep + keep->size;
	ASAN_POISON_MEMORY_REGION(A->at, keep->size - HEADER);
}

void
sv_arena_reset(struct sv_arena *A)
{
	struct sv_arena_block *b, *keep = NULL;

	/* The largest block serves the next message best, up to 16 usual ones. */
	for (b = A->head; b != NULL; b = b->next) {
		if (b->size <= 16 * A->block_size
		    && (keep == NULL || b->size > keep->size))
			keep = b;
	}
	give_back(A, keep);
}

void
sv_arena_free(struct sv_arena *A)
{
	give_back(A, NULL);
}
