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

/* Two bits for each name (Bloom, CACM 13(7), 1970). */
static void
places(struct sv_str type, struct sv_str id, uint32_t ret[2])
{
	uint64_t h = XXH3_64bits_withSeed(id.p, id.n,
	    XXH3_64bits(type.p, type.n));

	ret[0] = (uint32_t)h & ((1u << BITS) - 1);
	ret[1] = (uint32_t)(h >> 32) & ((1u << BITS) - 1);
}

void
ad_sync_known_add(struct ad_sync_known *K, struct sv_str type,
    struct sv_str id)
{
	uint32_t p[2];

	places(type, id, p);
	K->bits[p[0] >> 6] |= (uint64_t)1 << (p[0] & 63);
	K->bits[p[1] >> 6] |= (uint64_t)1 << (p[1] & 63);
}

bool
ad_sync_known_has(const struct ad_sync_known *K, struct sv_str type,
    struct sv_str id)
{
	uint32_t p[2];

	places(type, id, p);
	return (K->bits[p[0] >> 6] >> (p[0] & 63) & 1) != 0
	    && (K->bits[p[1] >> 6] >> (p[1] & 63) & 1) != 0;
}
