/*
 * Guidance is a function of what is remembered: decide again, and write what
 * changed.
 */
#include "ad_apply.h"

#include <string.h>

#include "map_result.h"
#include "sv_limits.h"

#define SUPERSEDED "Superseded: the data about the patient changed, and other " \
	"guidance follows from them."
#define WITHDRAWN "Withdrawn: the data on which it rested were corrected, " \
	"deleted or overtaken, and no guidance follows from them any more."
#define RULES_CHANGED "Superseded: the rule set changed, and other guidance " \
	"follows from it."
#define RULES_WITHDRAWN "Withdrawn: the rule set changed, and no guidance " \
	"follows from it any more."

/* One patient on its way. */
struct deciding {
	struct ad_intake *I;
	struct ad_store *S;
	int64_t patient;
	struct map_result r;
	bool empty;			/* nothing is remembered of it */
	struct ad_guidance *before;	/* what holds until now */
	size_t n_before;
	struct ad_guidance now[CORE_CANCER_MAX];
	size_t n_now;
	struct map_earlier *earlier;	/* what is taken back */
	size_t n_earlier;
	bool again[CORE_CANCER_MAX];	/* said before, and taken back since */
};

/* What follows from what is remembered now. */
static struct sv_status
decide(struct deciding *D, struct fhir_issues *is)
{
	struct map_engine engine = *D->I->cfg->engine;
	struct sv_arena *A = &D->I->A;
	struct fhir_entry *entries;
	size_t n;
	struct sv_status s = ad_store_load_patient(D->S, A, D->patient,
	    &entries, &n);

	if (s.code == SV_CODE_BAD || s.code == SV_CODE_LIMIT)
		fhir_issue_addf(is, FHIR_FATAL, s.code == SV_CODE_BAD
		    ? FHIR_CODE_DUPLICATE : FHIR_CODE_TOO_COSTLY,
		    (struct sv_str){ NULL, 0 }, s.code == SV_CODE_BAD
		    ? "Two sources use the same id for different resources of "
		    "this patient." : "What is remembered of this patient is "
		    "larger than %zu MiB.", SV_LIMIT_PATIENT >> 20);
	SV_TRY(s);
	D->empty = n == 0;
	if (D->empty)
		return SV_OK;
	engine.input.vouched = true;
	engine.input.identifier_systems = D->I->cfg->identifier_systems;
	engine.input.n_identifier_systems = D->I->cfg->n_identifier_systems;
	return map_line_decide_doc(&(struct map_line){ A, &engine,
	    D->I->as_of, is }, &(struct fhir_doc){ .entries = entries,
	    .n_entries = n }, &D->r);
}

static struct sv_status
list_now(struct deciding *D)
{
	const struct core_decision *d = &D->r.decision;

	for (size_t i = 0; !D->empty && i < d->n_guidance; i++) {
		struct ad_guidance *g = &D->now[D->n_now];

		if (d->guidance[i].output == CORE_OUTPUT_NONE)
			continue;
		*g = (struct ad_guidance){ .patient = D->patient,
			.message = D->I->m.id,
			.cancer = (int)d->guidance[i].cancer };
		SV_TRY(map_decision_id(&D->I->A, &D->r, d->guidance[i].cancer,
		    &g->decision));
		D->n_now++;
	}
	return SV_OK;
}

static const struct ad_guidance *
find(const struct ad_guidance *g, size_t n, const struct ad_guidance *x,
    bool same_decision)
{
	for (size_t i = 0; i < n; i++) {
		if (g[i].cancer == x->cancer && (!same_decision
		    || sv_str_eq(g[i].decision, x->decision)))
			return &g[i];
	}
	return NULL;
}

/* For the clinician who finds it revoked. */
static struct sv_str
reason(const struct ad_intake *I, bool gone)
{
	if (I->review)
		return gone ? SV_LIT(RULES_WITHDRAWN) : SV_LIT(RULES_CHANGED);
	return gone ? SV_LIT(WITHDRAWN) : SV_LIT(SUPERSEDED);
}

/* What was revoked on the receivers must not stay so when it holds again. */
static struct sv_status
look_back(struct deciding *D)
{
	for (size_t i = 0; i < D->n_now; i++) {
		const struct ad_guidance *g = &D->now[i];

		if (find(D->before, D->n_before, g, true) == NULL)
			SV_TRY(ad_store_was_said(D->S, D->patient, g->decision,
			    &D->again[g->cancer]));
	}
	return SV_OK;
}

/* End what held before and does not now. */
static struct sv_status
end_before(struct deciding *D)
{
	D->earlier = sv_arena_zalloc(&D->I->A, D->n_before + 1,
	    sizeof(*D->earlier));
	SV_ENSURE(D->earlier != NULL, SV_NOMEM);
	for (size_t i = 0; i < D->n_before; i++) {
		const struct ad_guidance *b = &D->before[i];
		bool gone = find(D->now, D->n_now, b, false) == NULL;
		struct sv_str why = reason(D->I, gone);

		if (find(D->now, D->n_now, b, true) != NULL)
			continue;
		D->earlier[D->n_earlier++] = (struct map_earlier){
			.bundle = b->bundle, .decision = b->decision,
			.reason = why, .cancer = (enum core_cancer)b->cancer };
		SV_TRY(ad_store_end_guidance(D->S, b->id, gone, why));
	}
	return SV_OK;
}

/* The Bundle of what holds now, after taking back ${n_earlier} earlier ones;
 * one without entries if the patient is empty and nothing was said. */
static struct sv_status
write_bundle(struct deciding *D, size_t n_earlier, struct sv_str *ret)
{
	struct map_output_options o = { .recorded = D->I->recorded,
		.software = D->I->cfg->software,
		.source_base = D->I->cfg->source_base, .earlier = D->earlier,
		.n_earlier = n_earlier };
	struct sv_buf out;

	memcpy(o.again, D->again, sizeof(o.again));
	sv_buf_init(&out, &D->I->A, SV_LIMIT_OUTPUT);
	SV_TRY(map_bundle_write(&D->I->A, &D->r, &o, &out));
	*ret = sv_buf_str(&out);
	return SV_OK;
}

static bool
has_entries(struct sv_str bundle)
{
	return bundle.n > 64;	/* more than its type */
}

static struct sv_status
put_now(struct deciding *D, struct sv_str bundle)
{
	struct sv_str packed = ad_store_pack(&D->I->A, bundle);

	SV_ENSURE(packed.p != NULL, SV_NOMEM);
	for (size_t i = 0; i < D->n_now; i++) {
		struct ad_guidance *g = &D->now[i];

		if (find(D->before, D->n_before, g, true) != NULL)
			continue;
		g->recorded = D->I->recorded;
		g->as_of = (struct sv_str){ D->I->recorded.p, 10 };
		g->bundle = packed;
		SV_TRY(ad_store_put_guidance(D->S, g));
	}
	return SV_OK;
}

/* To every destination, in the order in which guidance arose. */
static struct sv_status
put_rows(struct deciding *D, struct sv_str bundle)
{
	struct ad_intake *I = D->I;
	struct ad_row r = { .patient = D->patient, .message = I->m.id,
		.correlation = I->r.correlation,
		.body = ad_store_pack(&I->A, bundle),
		.created_ms = I->r.received_ms, .due_ms = I->r.received_ms,
		.decision = D->n_now > 0 ? D->now[0].decision
		    : D->earlier[0].decision };

	SV_ENSURE(r.body.p != NULL, SV_NOMEM);
	for (size_t i = 0; i < I->cfg->n_destinations; i++) {
		r.destination = I->cfg->destinations[i];
		SV_TRY(ad_store_put_row(D->S, &r));
		I->n_posts++;
	}
	return SV_OK;
}

static bool
unchanged(const struct deciding *D)
{
	for (size_t i = 0; i < D->n_now; i++) {
		if (find(D->before, D->n_before, &D->now[i], true) == NULL)
			return false;
	}
	return D->n_now == D->n_before;
}

/* A patient of whom nothing is left is written as one who has no guidance. */
static struct sv_status
redecide(struct ad_intake *I, struct ad_store *S, int64_t patient,
    struct fhir_issues *is)
{
	struct deciding D = { .I = I, .S = S, .patient = patient };
	struct sv_str bundle;

	SV_TRY(decide(&D, is));
	SV_TRY(list_now(&D));
	SV_TRY(ad_store_decided_by(S, patient, I->cfg->sha256));
	SV_TRY(ad_store_current(S, &I->A, patient, &D.before, &D.n_before));
	if (unchanged(&D))
		return SV_OK;
	SV_TRY(look_back(&D));
	SV_TRY(end_before(&D));
	if (D.n_now > 0) {
		SV_TRY(write_bundle(&D, 0, &bundle));
		SV_TRY(put_now(&D, bundle));
	}
	SV_TRY(write_bundle(&D, D.n_earlier, &bundle));
	return has_entries(bundle) ? put_rows(&D, bundle) : SV_OK;
}

struct sv_status
ad_redecide_all(struct ad_intake *I, struct ad_store *S,
    struct fhir_issues *is)
{
	for (size_t i = 0; i < I->affected.n; i++)
		SV_TRY(redecide(I, S, I->affected.at[i], is));
	return SV_OK;
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
		s = redecide(I, S, I->affected.at[i], &is);
		if (sv_is_ok(s)) {
			SV_TRY(ad_store_release(S));
			continue;
		}
		SV_ENSURE(s.code == SV_CODE_BAD || s.code == SV_CODE_LIMIT, s);
		I->n_posts = posts;
		I->n_undecided++;
		SV_TRY(ad_store_undo(S));
	}
	return SV_OK;
}
