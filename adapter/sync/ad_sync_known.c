#include "ad_sync_known.h"

#include <stdlib.h>
#include <xxhash.h>

#define BITS 27			/* 16 MiB; 1 in 100 wrong at 10 million names */

struct sv_status
ad_sync_known_make(struct ad_sync_known *K)
{
	K->bits = calloc(1, (size_t)1 << (BITS - 3));
	return K->bits != NULL ? SV_OK : SV_NOMEM;
}

void
ad_sync_known_free(struct ad_sync_known *K)
{
	free(K->bits);
	K->bits = NULL;
}

/* Two bits for each name (Bloom, CACM 13(7), 1970), in one word: the table is
 * larger than the caches, and a word costs as much as a bit. */
static uint64_t
place(struct sv_str type, struct sv_str id, size_t *ret)
{
	uint64_t h = XXH3_64bits_withSeed(id.p, id.n, type.n);

	*ret = (size_t)(h >> 12) & (((size_t)1 << (BITS - 6)) - 1);
	return (uint64_t)1 << (h & 63) | (uint64_t)1 << (h >> 6 & 63);
}

void
ad_sync_known_add(struct ad_sync_known *K, struct sv_str type,
    struct sv_str id)
{
	size_t at;
	uint64_t bits = place(type, id, &at);

	K->bits[at] |= bits;
}

bool
ad_sync_known_has(const struct ad_sync_known *K, struct sv_str type,
    struct sv_str id)
{
	size_t at;
	uint64_t bits = place(type, id, &at);

	return (K->bits[at] & bits) == bits;
}
