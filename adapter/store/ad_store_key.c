#include "ad_store_key.h"

#include <xxhash.h>

uint64_t
ad_store_source_key(struct sv_str source)
{
	return XXH3_64bits(source.p, source.n);
}

uint64_t
ad_store_key(uint64_t source_key, struct sv_str type, struct sv_str id)
{
	return XXH3_64bits_withSeed(id.p, id.n, XXH3_64bits_withSeed(type.p,
	    type.n, source_key));
}

uint64_t
ad_store_name_key(struct sv_str source, struct sv_str name)
{
	size_t slash = sv_str_chr(name, '/');

	return ad_store_key(ad_store_source_key(source), (struct sv_str){
	    name.p, slash }, sv_str_from(name, slash + 1));
}
