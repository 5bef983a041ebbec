/*
 * What is kept of a block, packed: resources of one patient that follow one
 * another as one sheaf.
 */
#include "ad_sync_read.h"

#include "ad_store_pack.h"

static bool
can_be_bound(const struct ad_sync_record *r)
{
	return r->what == AD_SYNC_KEEP && r->key.n > 0 && r->refers.n == 0
	    && ad_sheaf_can_hold(r->name);
}

/* A Patient may turn out to be another one than its name says, and is alone. */
static bool
belongs_with(const struct ad_sync_record *first,
    const struct ad_sync_record *r)
{
	return can_be_bound(r) && first->type != AD_SYNC_PATIENT
	    && r->type != AD_SYNC_PATIENT && sv_str_eq(r->key, first->key)
	    && sv_str_eq(r->base, first->base);
}

/* How many of the ${n} records are bound with the first. */
static size_t
count_bound(const struct ad_sync_record *r, size_t n)
{
	size_t i = 0, bytes = 0;

	do {
		bytes += r[i].name.n + r[i].text.n + 2;
		i++;
	} while (i < n && bytes + r[i].text.n < AD_SHEAF_BYTES
	    && belongs_with(&r[0], &r[i]));
	return i;
}

static struct sv_status
bind(struct sv_arena *A, struct ad_sync_batch *b, struct ad_sync_record *r,
    size_t n)
{
	struct ad_sync_sheaf *h = sv_arena_alloc(&b->A, sizeof(*h));
	uint64_t *keys = sv_arena_alloc(&b->A, n * sizeof(*keys));
	struct sv_buf text;

	SV_ENSURE(h != NULL && keys != NULL, SV_NOMEM);
	sv_arena_reset(A);
	sv_buf_init(&text, A, SIZE_MAX);
	for (size_t i = 0; i < n; i++) {
		ad_sheaf_add(&text, r[i].name, r[i].text);
		keys[i] = r[i].known;
		r[i].sheaf = h;
	}
	SV_ENSURE(sv_buf_ok(&text), SV_NOMEM);
	*h = (struct ad_sync_sheaf){ .fresh = true, .put = { .keys = keys,
		.n = n, .packed = ad_store_pack(&b->A, AD_PACK_RESOURCE,
		sv_buf_str(&text)) } };
	return h->put.packed.p != NULL ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_sync_bind(struct sv_arena *A, struct ad_sync_batch *b)
{
	for (size_t i = 0, n; i < b->n; i += n) {
		struct ad_sync_record *r = &b->at[i];

		n = 1;
		if (can_be_bound(r)) {
			n = count_bound(r, b->n - i);
			SV_TRY(bind(A, b, r, n));
		} else if (r->what == AD_SYNC_KEEP) {
			r->packed = ad_store_pack(&b->A, AD_PACK_RESOURCE,
			    r->text);
			SV_ENSURE(r->packed.p != NULL, SV_NOMEM);
		}
	}
	return SV_OK;
}
