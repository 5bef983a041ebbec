/**
 * test_arena.h: an arena over malloc for tests, with a switch that refuses
 * the k-th block, or it and all behind it.
 */
#ifndef TEST_ARENA_H
#define TEST_ARENA_H

#include "sv_arena.h"

/** An arena of up to ${ceiling} bytes over malloc; sv_arena_free ends it. */
struct sv_arena test_arena(size_t ceiling);

/**
 * As test_arena, but every block request after the first ${allowed} ones
 * fails.  ${allowed} is counted down in place and must outlive the arena.
 */
struct sv_arena test_arena_failing(size_t ceiling, long *allowed);

/** As test_arena, but the one block request behind the first ${before} fails;
 * what comes after it does not. */
struct sv_arena test_arena_refusing_once(size_t ceiling, long *before);

/** The bytes of the file ${path} (under the source root if relative), in ${A};
 * aborts the test if it cannot be read. */
struct sv_str test_read(struct sv_arena *A, const char *path);

/** True if ${path} (under the source root if relative) exists. */
bool test_exists(const char *path);

#endif
