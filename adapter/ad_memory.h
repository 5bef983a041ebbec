/**
 * ad_memory.h: where arenas get their memory: malloc.
 */
#ifndef AD_MEMORY_H
#define AD_MEMORY_H

#include "sv_arena.h"

/** An arena over malloc, of at most ${ceiling} bytes; sv_arena_free ends it. */
struct sv_arena ad_arena(size_t ceiling);

#endif
