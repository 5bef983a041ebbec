#include "ad_store_key.h"

#include <xxhash.h>

#define TAIL 3

uint64_t
ad_store_source_key(struct sv_str source)
{
	return XXH3_64bits(source.p, source.n);
}

uint64_t
ad_store_key(uint64_t source_key, struct sv_str type, struct sv_str id)
{
	size_t n = id.n < TAIL ? 0 : id.n - TAIL;
	uint64_t key = XXH3_64bits_withSeed(id.p, n, XXH3_64bits_withSeed(
	    type.p, type.n, source_key));

	for (size_t i = n; i < id.n; i++)
		key = key << 8 | (unsigned char)id.p[i];
	return key;
}

uint64_t
ad_store_name_key(struct sv_str source, struct sv_str name)
{
	struct sv_str type = sv_str_cut(&name, '/');

	return ad_store_key(ad_store_source_key(source), type, name);
}
