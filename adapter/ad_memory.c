#include "ad_memory.h"

#include <malloc.h>
#include <stdlib.h>

static void *
more(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void
done(void *ctx, void *block)
{
	(void)ctx;
	free(block);
}

struct sv_arena
ad_arena(size_t ceiling)
{
	struct sv_arena A;

	sv_arena_init(&A, (struct sv_arena_source){ more, done, NULL },
	    ceiling);
	return A;
}

void
ad_memory_keep(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
	(void)mallopt(M_TOP_PAD, 1 << 20);
}
