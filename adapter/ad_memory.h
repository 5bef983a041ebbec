/**
 * ad_memory.h: where arenas get their memory: malloc.
 */
#ifndef AD_MEMORY_H
#define AD_MEMORY_H

#include "sv_arena.h"

/** An arena over malloc, of at most ${ceiling} bytes; sv_arena_free ends it. */
struct sv_arena ad_arena(size_t ceiling);

/** Keep pages of the heap for the next arena.  For processes in which one follows
 * the other: the C library would give them back each time, and the kernel has
 * to clear the same pages again. */
void ad_memory_keep(void);

#endif
