/*
 * Who is in the group of a registry, and who has joined it.
 */
#include "ad_sync_fetch.h"

#define UNIT 2000		/* members that are noted in one unit */

bool
ad_sync_has_members(const struct ad_sync *Y)
{
	return Y->conf->url != NULL && Y->conf->group != NULL
	    && !ad_sync_is_part(Y);
}

/* Those of Y->members whom no run up to ${last} saw there.  One who left and
 * came back has joined too. */
static struct sv_status
list_joined(struct ad_sync *Y, int64_t last, struct ad_sync_wanted *ret)
{
	struct sv_str *id = sv_arena_alloc(&Y->A, (Y->n_members + 1)
	    * sizeof(*id));
	bool seen = false;
	size_t n = 0;

	SV_ENSURE(id != NULL, SV_NOMEM);
	for (size_t i = 0; i < Y->n_members; i++) {
		SV_TRY(ad_store_was_seen(Y->R, Y->I.r.source, Y->members[i],
		    last, &seen));
		if (!seen)
			id[n++] = Y->members[i];
	}
	ret->patients = id;
	ret->n_patients = n;
	return SV_OK;
}

static struct sv_status
find_joined(struct ad_sync *Y, struct ad_sync_wanted *ret)
{
	int64_t last;
	struct sv_status s = ad_store_last_seen(Y->R, Y->I.r.source, &last);

	if (s.code == SV_CODE_SKIP)
		Y->incremental = false;
	SV_ENSURE(s.code != SV_CODE_SKIP, SV_OK);
	SV_TRY(s);
	return list_joined(Y, last, ret);
}

struct sv_status
ad_sync_members(struct ad_sync *Y, struct ad_sync_wanted *ret)
{
	char folder[AD_SYNC_PATH];
	struct ad_bulk_options o;
	struct ad_bulk_fetched f;
	struct sv_err err = { .text = "" };
	struct sv_status s;

	SV_TRY(ad_sync_job(Y, AD_SYNC_JOB_MEMBERS, folder, &o));
	ad_progress_phase(Y->P, "listing members", 0, false);
	s = ad_bulk_members(&Y->A, &o, &f, &err);
	if (!sv_is_ok(s))
		return ad_sync_job_failed(Y, s, &o, &f, &err);
	Y->members = f.member;
	Y->n_members = f.n_members;
	if (!Y->incremental)
		return SV_OK;
	SV_TRY(ad_store_begin(Y->R));
	s = find_joined(Y, ret);
	ad_store_rollback(Y->R);
	return s;
}

/* A member of whom nothing came is known by name all the same, or it would be
 * taken for one who has just joined, every night. */
static struct sv_status
note(struct ad_sync *Y, struct sv_str name)
{
	struct sv_str source = Y->I.r.source;
	int64_t patient;
	bool new;

	SV_TRY(ad_store_patient_named(Y->S, source, name, &patient, &new));
	return ad_store_see_patient(Y->S, source, name, Y->state.run);
}

struct sv_status
ad_sync_note_members(struct ad_sync *Y)
{
	struct sv_status s = SV_OK;

	/* What was missing may have been of those who joined. */
	for (size_t i = 0; Y->n_missing == 0 && i < Y->n_members;) {
		size_t end = i + UNIT < Y->n_members ? i + UNIT
		    : Y->n_members;

		SV_TRY(ad_store_begin(Y->S));
		for (; sv_is_ok(s) && i < end; i++)
			s = note(Y, Y->members[i]);
		SV_TRY(ad_store_end(Y->S, s));
		ad_sync_yield(Y, 20);
	}
	return SV_OK;
}
