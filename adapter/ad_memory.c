#include "ad_memory.h"

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
