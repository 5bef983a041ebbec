/*
 * What a line says into the store.
 */
#include "ad_sync_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ad_store_pack.h"

static bool
was_made_due(const struct ad_sync_loading *L, int64_t patient)
{
	return (size_t)patient / 64 < L->n_due
	    && (L->due[patient / 64] >> (patient % 64) & 1) != 0;
}

/* Without memory it is made due again, which does no harm. */
static void
note_made_due(struct ad_sync_loading *L, int64_t patient)
{
	size_t at = (size_t)patient / 64, n = at + at / 2 + 1024;
	uint64_t *due = L->due;

	if (at >= L->n_due) {
		due = realloc(due, n * sizeof(*due));
		if (due == NULL)
			return;
		memset(due + L->n_due, 0, (n - L->n_due) * sizeof(*due));
		L->due = due;
		L->n_due = n;
	}
	due[at] |= (uint64_t)1 << (patient % 64);
}

static struct sv_status
make_due(struct ad_sync_loading *L, int64_t patient)
{
	if (was_made_due(L, patient))
		return SV_OK;
	note_made_due(L, patient);
	return ad_store_make_due(L->Y->S, patient);
}

/* Those whom the parts shared with messages found to be affected. */
static struct sv_status
drain_affected(struct ad_sync_loading *L)
{
	struct ad_intake *I = &L->Y->I;

	for (size_t i = 0; i < I->affected.n; i++)
		SV_TRY(make_due(L, I->affected.at[i]));
	I->affected = (struct ad_patient_ids){ .n = 0 };
	return SV_OK;
}

static void
count(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r, enum ad_sync_count c)
{
	struct ad_sync_counts *n = &L->Y->file[b->file].counts;

	n->n[c]++;
	L->Y->by_type[r->type].n[c]++;
}

/* A line that was refused: where and why, without what it said. */
static struct sv_status
refuse(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r, struct sv_str why)
{
	struct ad_sync *Y = L->Y;
	struct fhir_writer w;
	struct sv_buf out;

	count(L, b, r, AD_SYNC_REFUSED);
	sv_buf_init(&out, L->A, 8192);
	fhir_writer_init(&w, &out, FHIR_WRITE_JSON);
	fhir_open(&w, NULL);
	fhir_put_lit(&w, "file", Y->file[b->file].name);
	fhir_put_int(&w, "line", r->line);
	fhir_put_str(&w, "reason", why);
	fhir_close(&w);
	sv_buf_addc(&out, '\n');
	SV_ENSURE(sv_buf_ok(&out), SV_NOMEM);
	if (fwrite(out.p, 1, out.n, Y->refused) == out.n)
		return SV_OK;
	(void)snprintf(Y->why, sizeof(Y->why), "%.200s: %s", Y->refused_path,
	    strerror(errno));
	return SV_RETRY;
}

/* Two servers may call two patients by one id.  SKIP: refused. */
static struct sv_status
check_base(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r)
{
	struct ad_sync *Y = L->Y;

	if (r->base.n == 0 || sv_str_eq(r->base, Y->state.base))
		return SV_OK;
	if (Y->state.base.n == 0) {
		Y->state.base = sv_arena_str(&Y->A, r->base);
		return Y->state.base.p != NULL ? SV_OK : SV_NOMEM;
	}
	SV_TRY(refuse(L, b, r, SV_LIT("The subject is on another server than "
	    "those before: one registry is one server.")));
	return SV_SKIP;
}

/* The patient that the source calls ${r}->key. */
static struct sv_status
find_patient(struct ad_sync_loading *L, const struct ad_sync_record *r, int64_t *ret)
{
	bool new;

	*ret = ad_sync_found_get(L->found, r->key);
	if (*ret != 0)
		return SV_OK;
	SV_TRY(ad_store_patient_named(L->Y->S, L->Y->I.r.source, r->key, ret,
	    &new));
	if (new)
		note_made_due(L, *ret);
	ad_sync_found_put(L->found, r->key, *ret);
	return SV_OK;
}

/* A Patient may have several names, and join two into one, which is then
 * affected. */
static struct sv_status
identify(struct ad_sync_loading *L, const struct ad_sync_record *r, int64_t *ret)
{
	struct ad_intake *I = &L->Y->I;
	struct ad_result nothing = { .status = 0 };
	struct fhir_entry e = { .index = -1, .resource_type = SV_LIT("Patient"),
		.full_url = { "", 0 }, .method = { "", 0 }, .url = { "", 0 },
		.path = "Patient", .json = r->text };

	fhir_issues_init(&nothing.is, &I->A);
	SV_TRY(fhir_entry_tree(&I->A, &e));
	SV_TRY(ad_identify(I, L->Y->S, (struct ad_set){ &e, 1 }, &nothing));
	*ret = I->own_patient;
	if (I->affected.n > 0)
		ad_sync_found_clear(L->found);
	return drain_affected(L);
}

static struct sv_status
is_same(struct ad_sync_loading *L, const struct ad_sync_record *r, bool *ret)
{
	struct ad_intake *I = &L->Y->I;

	return ad_store_same_resource(L->Y->S, &I->A, &(struct ad_said){
	    I->r.source, r->name, r->text }, ret);
}

/* Does the Patient have no name but its id? */
static bool
has_one_name(const struct ad_sync_loading *L, const struct ad_sync_record *r)
{
	return !r->replaced && L->Y->I.cfg->n_identifier_systems == 0;
}

/* Whose ${r} is; 0: it is shared. */
static struct sv_status
find_whose(struct ad_sync_loading *L, const struct ad_sync_record *r,
    int64_t *ret)
{
	if (r->type == AD_SYNC_PATIENT && !has_one_name(L, r))
		return identify(L, r, ret);
	*ret = 0;
	return r->key.n > 0 ? find_patient(L, r, ret) : SV_OK;
}

/* With all that it is bound with, when the first of them comes. */
static struct sv_status
keep_sheaf(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r)
{
	struct ad_sheaf *h = &r->sheaf->put;

	count(L, b, r, AD_SYNC_ADDED);
	if (r->sheaf->kept)
		return SV_OK;
	r->sheaf->kept = true;
	h->source = L->Y->I.r.source;
	h->message = L->Y->state.run;
	SV_TRY(find_whose(L, r, &h->patient));
	SV_TRY(ad_store_put_sheaf(L->Y->S, h));
	return make_due(L, h->patient);
}

/* A shared resource is new: those who refer to it may be another's. */
static struct sv_status
make_users_due(struct ad_sync_loading *L, const struct ad_kept *k)
{
	struct ad_intake *I = &L->Y->I;

	I->affected.n = 0;
	SV_TRY(ad_store_users_of(L->Y->S, &I->A, k->source, k->name,
	    &I->affected));
	return drain_affected(L);
}

/* SKIP: it is remembered already. */
static struct sv_status
add(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r, struct ad_kept *k)
{
	struct sv_arena *A = &L->Y->I.A;

	if (k->text.n == 0)
		k->text = ad_store_pack(A, AD_PACK_RESOURCE, r->text);
	SV_ENSURE(k->text.p != NULL, SV_NOMEM);
	SV_TRY(find_whose(L, r, &k->patient));
	SV_TRY(ad_store_add_resource(L->Y->S, A, k));
	count(L, b, r, AD_SYNC_ADDED);
	return k->patient != 0 ? make_due(L, k->patient)
	    : make_users_due(L, k);
}

/* What is the same as before says nothing, not even whose it is. */
static struct sv_status
keep(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r)
{
	struct ad_sync *Y = L->Y;
	struct ad_kept k = { .source = Y->I.r.source, .name = r->name,
		.full_url = { "", 0 }, .version = r->version,
		.refers = r->refers, .text = r->packed, .message = Y->state.run,
		.fresh = r->fresh && L->alone };
	struct ad_result res = { .status = 0 };
	struct sv_status s;
	bool same = false;

	if (r->sheaf != NULL && r->sheaf->fresh && L->alone)
		return keep_sheaf(L, b, r);
	if (!r->fresh)
		SV_TRY(is_same(L, r, &same));
	s = same ? SV_SKIP : add(L, b, r, &k);
	SV_ENSURE(s.code == SV_CODE_SKIP, s);
	if (r->fresh)
		SV_TRY(is_same(L, r, &same));
	if (same) {
		count(L, b, r, AD_SYNC_UNCHANGED);
		return SV_OK;
	}
	SV_TRY(ad_apply_replace(&Y->I, Y->S, &k, &res));
	count(L, b, r, res.n_late > 0 ? AD_SYNC_LATE : AD_SYNC_REPLACED);
	return drain_affected(L);
}

/* A line that says nothing matters if what it says is another version of what
 * is remembered; the filter may have been wrong. */
static struct sv_status
keep_silent(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r)
{
	struct ad_kept known;
	struct sv_status s = ad_store_find_resource(L->Y->S, L->A,
	    L->Y->I.r.source, r->name, &known);

	if (sv_is_ok(s))
		return keep(L, b, r);
	SV_ENSURE(s.code == SV_CODE_SKIP, s);
	count(L, b, r, AD_SYNC_PASSED);
	return SV_OK;
}

static struct sv_status
forget(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r)
{
	struct ad_sync *Y = L->Y;
	struct fhir_entry e = { .method = SV_LIT("DELETE"), .url = r->url,
		.path = "Bundle.entry" };
	struct ad_result res = { .status = 0 };
	struct sv_status s;

	fhir_issues_init(&res.is, &Y->I.A);
	s = ad_apply_forget(&Y->I, Y->S, &e, &res);
	if (s.code == SV_CODE_BAD)
		return refuse(L, b, r, SV_LIT("A DELETE names one resource, as "
		    "Type/id."));
	SV_TRY(s);
	count(L, b, r, AD_SYNC_DELETED);
	return drain_affected(L);
}

struct sv_status
ad_sync_apply(struct ad_sync_loading *L, const struct ad_sync_batch *b,
    const struct ad_sync_record *r)
{
	struct ad_sync *Y = L->Y;
	struct sv_status s;

	switch (r->what) {
	case AD_SYNC_REFUSE:
		return refuse(L, b, r, r->reason);
	case AD_SYNC_PASS:
		count(L, b, r, AD_SYNC_PASSED);
		return SV_OK;
	case AD_SYNC_FORGET:
		return forget(L, b, r);
	default:
		break;
	}
	s = check_base(L, b, r);
	if (s.code == SV_CODE_SKIP)
		return SV_OK;
	SV_TRY(s);
	SV_TRY(r->silent ? keep_silent(L, b, r) : keep(L, b, r));
	if (r->type != AD_SYNC_PATIENT)
		return SV_OK;
	Y->file[b->file].patients++;
	return Y->conf->purge_left && !ad_sync_has_members(Y)
	    ? ad_store_see_patient(Y->S,
	    Y->I.r.source, r->key, Y->state.run) : SV_OK;
}
