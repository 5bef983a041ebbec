/**
 * sv_arena.h: memory for one message.
 *
 * Everything that belongs to one message is taken from one arena and given
 * back at once by sv_arena_reset.  There is no free() of a single object.
 * The arena's blocks come from its owner (adapter/, a test, a fuzzer) through
 * ${more}, so nothing below adapter/ calls malloc, and a test can refuse any
 * single block.
 */
#ifndef SV_ARENA_H
#define SV_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "sv_str.h"

struct sv_arena_block;

/** Where an arena gets its blocks, and gives them back. */
struct sv_arena_source {
	void *(*more)(void *ctx, size_t n);	/* NULL: no memory */
	void (*done)(void *ctx, void *block);
	void *ctx;
};

struct sv_arena {
	struct sv_arena_source source;
	struct sv_arena_block *head;	/* the block in use; older ones behind */
	char *at, *end;			/* free part of the block in use */
	size_t held;			/* bytes of all blocks */
	size_t ceiling;			/* ${held} never exceeds it */
	size_t block_size;		/* usual size of a block */
	char *last;			/* the newest object, may grow in place */
	bool failed;			/* sv_arena_ok */
};

/**
 * sv_arena_init(A, source, ceiling):
 * Make ${A} an empty arena that never holds more than ${ceiling} bytes.
 */
void sv_arena_init(struct sv_arena *A, struct sv_arena_source source,
    size_t ceiling);

/**
 * sv_arena_alloc(A, n):
 * ${n} bytes, aligned for any type, not cleared.  NULL if the ceiling would
 * be passed or the source has no memory.
 */
void *sv_arena_alloc(struct sv_arena *A, size_t n);

/** As sv_arena_alloc, for ${count} objects of ${size} bytes, all zero. */
void *sv_arena_zalloc(struct sv_arena *A, size_t count, size_t size);

/**
 * sv_arena_grow(A, p, old, n):
 * ${p} (of ${old} bytes, from this arena; or NULL) with room for ${n} bytes,
 * moved if need be.  NULL as sv_arena_alloc; ${p} is then untouched.
 */
void *sv_arena_grow(struct sv_arena *A, void *p, size_t old, size_t n);

/**
 * sv_arena_ok(A):
 * False if anything was asked for since the last reset that ${A} could not
 * give.  Who reads dozens of small texts may go on without looking at each; who
 * hands the result on asks here, so that nothing follows from a text that is
 * missing.
 */
bool sv_arena_ok(const struct sv_arena *A);

/** A copy of ${s} in the arena, with a NUL behind it; .p is NULL on failure. */
struct sv_str sv_arena_str(struct sv_arena *A, struct sv_str s);

/** ${a}, ${b} and ${c} behind one another in the arena, with a NUL; .p is NULL on
 * failure. */
struct sv_str sv_arena_join(struct sv_arena *A, struct sv_str a,
    struct sv_str b, struct sv_str c);

/** A formatted string in the arena; .p is NULL on failure. */
struct sv_str sv_arena_printf(struct sv_arena *A, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Forget everything; keep one usual block for the next message. */
void sv_arena_reset(struct sv_arena *A);

/** Give every block back.  The arena may be used again. */
void sv_arena_free(struct sv_arena *A);

#endif
