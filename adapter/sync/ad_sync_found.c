#include "ad_sync_found.h"

#include <string.h>
#include <xxhash.h>

static size_t
place_of(struct sv_str name)
{
	return XXH3_64bits(name.p, name.n) & (AD_SYNC_FOUND - 1);
}

int64_t
ad_sync_found_get(const struct ad_sync_found *F, struct sv_str name)
{
	const struct ad_sync_found_patient *f = &F->at[place_of(name)];

	return sv_str_eq(name, (struct sv_str){ f->name, f->n }) ? f->patient
	    : 0;
}

void
ad_sync_found_put(struct ad_sync_found *F, struct sv_str name,
    int64_t patient)
{
	struct ad_sync_found_patient *f = &F->at[place_of(name)];

	if (name.n > sizeof(f->name))
		return;
	memcpy(f->name, name.p, name.n);
	f->n = (uint32_t)name.n;
	f->patient = patient;
}

void
ad_sync_found_clear(struct ad_sync_found *F)
{
	memset(F, 0, sizeof(*F));
}
