/*
 * Writing what was worked out of patients that are decided again.
 */
#include "ad_redecide.h"

#include "ad_store_sync.h"

/* Note that it is decided, and until when that holds. */
static struct sv_status
note(struct ad_deciding *D, struct ad_store *S, bool if_due)
{
	int32_t changes = D->empty ? INT32_MAX : D->r.decision.facts.changes_on;
	struct ad_noted d = { .patient = D->patient,
		.sha256 = D->I->cfg->sha256,
		.due = changes == INT32_MAX ? AD_DUE_NEVER : changes };

	if (!D->empty)
		d.standing = map_standing_of(&D->r);
	return if_due ? ad_store_note_if_due(S, &d, D->due)
	    : ad_store_note_decided(S, &d);
}

static struct sv_status
end_before(struct ad_deciding *D, struct ad_store *S)
{
	for (size_t i = 0; i < D->n_before; i++) {
		const struct ad_guidance *b = &D->before[i];
		bool gone = ad_guidance_find(D->now, D->n_now, b, false) == NULL;

		if (ad_guidance_find(D->now, D->n_now, b, true) == NULL
		    || ad_deciding_held_twice(D, i))
			SV_TRY(ad_store_end_guidance(S, b->id, gone,
			    ad_deciding_reason(D, gone)));
	}
	return SV_OK;
}

static struct sv_status
put_now(struct ad_deciding *D, struct ad_store *S)
{
	for (size_t i = 0; i < D->n_now; i++) {
		struct ad_guidance *g = &D->now[i];

		if (ad_guidance_find(D->before, D->n_before, g, true) != NULL)
			continue;
		g->recorded = D->I->recorded;
		g->as_of = (struct sv_str){ D->I->recorded.p, 10 };
		g->bundle = D->kept;
		SV_TRY(ad_store_put_guidance(S, g));
	}
	return SV_OK;
}

/* Is what is posted there already, as the guidance by which the row goes?  Then
 * it is not put twice. */
static bool
is_kept(const struct ad_deciding *D)
{
	return D->posted.p == D->kept.p && D->n_now > 0
	    && ad_guidance_find(D->before, D->n_before, &D->now[0], true)
	    == NULL;
}

/* To every destination, in the order in which guidance arose. */
static struct sv_status
put_rows(struct ad_deciding *D, struct ad_store *S)
{
	struct ad_intake *I = D->I;
	struct ad_row r = { .patient = D->patient, .message = I->m.id,
		.correlation = I->r.correlation,
		.body = is_kept(D) ? (struct sv_str){ "", 0 } : D->posted,
		.created_ms = I->r.received_ms, .due_ms = I->r.received_ms,
		.decision = D->n_now > 0 ? D->now[0].decision
		    : D->earlier[0].decision };

	for (size_t i = 0; i < I->cfg->n_destinations; i++) {
		r.destination = I->cfg->destinations[i];
		SV_TRY(ad_store_put_row(S, &r));
		I->n_posts++;
	}
	return SV_OK;
}

/* What became of the guidance of each cancer. */
static void
count(struct ad_deciding *D)
{
	struct ad_change *c = &D->I->change;

	c->decided++;
	for (size_t i = 0; i < D->n_now; i++) {
		if (ad_guidance_find(D->before, D->n_before, &D->now[i], true) != NULL)
			c->kept++;
		else if (ad_guidance_find(D->before, D->n_before, &D->now[i], false) != NULL)
			c->changed++;
		else
			c->fresh++;
	}
	for (size_t i = 0; i < D->n_before; i++)
		c->withdrawn += ad_guidance_find(D->now, D->n_now, &D->before[i], false)
		    == NULL ? 1 : 0;
}

static struct sv_status
write_down(struct ad_deciding *D, struct ad_store *S, bool if_due)
{
	SV_TRY(note(D, S, if_due));
	count(D);
	if (D->unchanged)
		return SV_OK;
	SV_TRY(end_before(D, S));
	SV_TRY(put_now(D, S));
	return D->posted.n > 0 ? put_rows(D, S) : SV_OK;
}

static struct sv_status
redecide(struct ad_intake *I, struct ad_store *S, int64_t patient,
    struct fhir_issues *is)
{
	struct ad_deciding D = { .I = I, .S = S, .patient = patient };

	SV_TRY(ad_deciding_work_out(&D, is));
	return write_down(&D, S, false);
}

struct sv_status
ad_redecide_all(struct ad_intake *I, struct ad_store *S,
    struct fhir_issues *is)
{
	for (size_t i = 0; i < I->affected.n; i++)
		SV_TRY(redecide(I, S, I->affected.at[i], is));
	return SV_OK;
}

bool
ad_is_hopeless(struct sv_status s)
{
	return s.code == SV_CODE_BAD || s.code == SV_CODE_LIMIT;
}

struct sv_status
ad_redecide_each(struct ad_intake *I, struct ad_store *S)
{
	for (size_t i = 0; i < I->affected.n; i++) {
		size_t posts = I->n_posts;
		struct fhir_issues is;
		struct sv_status s;

		fhir_issues_init(&is, &I->A);
		SV_TRY(ad_store_savepoint(S));
		s = ad_store_end_savepoint(S, redecide(I, S,
		    I->affected.at[i], &is));
		if (sv_is_ok(s))
			continue;
		SV_ENSURE(ad_is_hopeless(s), s);
		I->n_posts = posts;
		I->n_undecided++;
	}
	return SV_OK;
}

struct sv_status
ad_redecide_ahead(struct ad_intake *I, struct ad_store *S)
{
	I->ahead = sv_arena_zalloc(&I->A, I->affected.n + 1,
	    sizeof(*I->ahead));
	SV_ENSURE(I->ahead != NULL, SV_NOMEM);
	for (size_t i = 0; i < I->affected.n; i++) {
		struct ad_deciding *D = &I->ahead[i];
		struct fhir_issues is;
		struct sv_status s;

		*D = (struct ad_deciding){ .I = I, .S = S,
			.patient = I->affected.at[i] };
		fhir_issues_init(&is, &I->A);
		s = ad_deciding_work_out(D, &is);
		SV_ENSURE(sv_is_ok(s) || ad_is_hopeless(s), s);
		D->failed = ad_is_hopeless(s);
	}
	return SV_OK;
}

struct sv_status
ad_redecide_write(struct ad_intake *I, struct ad_store *S)
{
	for (size_t i = 0; i < I->affected.n; i++) {
		struct sv_status s;

		if (I->ahead[i].failed) {
			I->n_undecided++;
			continue;
		}
		s = write_down(&I->ahead[i], S, true);
		SV_ENSURE(sv_is_ok(s) || s.code == SV_CODE_SKIP, s);
	}
	return SV_OK;
}
