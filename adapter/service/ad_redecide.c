/*
 * Guidance is a function of what is remembered: decide again, and write what
 * changed.
 */
#include "ad_redecide.h"

#include <string.h>

#include "ad_store_pack.h"
#include "ad_store_sync.h"
#include "sv_limits.h"

#define SUPERSEDED "Superseded: the data about the patient changed, and " \
	"other guidance follows from them."
#define WITHDRAWN "Withdrawn: the data on which it rested were corrected, " \
	"deleted or overtaken, and no guidance follows from them any more."
#define RULES_CHANGED "Superseded: the rule set changed, and other guidance " \
	"follows from it."
#define RULES_WITHDRAWN "Withdrawn: the rule set changed, and no guidance " \
	"follows from it any more."

#define TIME_PASSED "Superseded: time has passed, and other guidance follows " \
	"from the same data today."
#define TIME_WITHDRAWN "Withdrawn: time has passed, and no guidance follows " \
	"from the same data today."

/* Everything that is remembered now. */
static struct sv_status
load(struct ad_deciding *D, struct ad_load *q, struct fhir_doc *ret,
    struct fhir_issues *is)
{
	struct sv_status s = ad_store_load_patient(D->S, &D->I->A, q,
	    &ret->entries, &ret->n_entries);

	if (s.code == SV_CODE_BAD || s.code == SV_CODE_LIMIT)
		fhir_issue_addf(is, FHIR_FATAL, s.code == SV_CODE_BAD
		    ? FHIR_CODE_DUPLICATE : FHIR_CODE_TOO_COSTLY,
		    (struct sv_str){ NULL, 0 }, s.code == SV_CODE_BAD
		    ? "Two sources use the same id for different resources of "
		    "this patient." : "What is remembered of this patient is "
		    "larger than %zu MiB.", SV_LIMIT_PATIENT >> 20);
	return s;
}

/* Is all there is of the patient what this message said, and was read?  So it
 * is for one who was met first in it, if it told all of it once. */
static bool
was_read(const struct ad_deciding *D)
{
	const struct ad_intake *I = D->I;

	if (!D->fresh || I->whole.n_known > 0)
		return false;
	for (size_t i = 0; i < I->n_own; i++) {
		if (I->own[i].refers.n > 0
		    || !sv_str_eq(I->own[i].source, I->r.source))
			return false;
	}
	return I->n_own == I->whole.n_matter && !I->whole.only_replaced;
}

/* "Bundle.entry[3].resource.code" of the message is "Observation.code" of what
 * is remembered. */
static struct sv_str
own_path(struct ad_intake *I, struct sv_str expression)
{
	for (size_t i = 0; I->doc.is_bundle && i < I->doc.n_entries; i++) {
		struct sv_str path = sv_str_of(I->doc.entries[i].path);

		if (sv_str_starts(expression, path))
			return sv_arena_printf(&I->A, "%.*s%.*s",
			    SV_FMT(I->doc.entries[i].resource_type),
			    SV_FMT(sv_str_from(expression, path.n)));
	}
	return expression;
}

/* What the message said and was read once need not be read again. */
static struct sv_status
decide_read(struct ad_deciding *D, const struct map_line *line)
{
	const struct ad_result *r = &D->I->whole;

	for (size_t i = r->n_before; i < r->is.n; i++) {
		struct fhir_issue x = r->is.at[i];

		x.expression = own_path(D->I, x.expression);
		fhir_issue_add(line->is, &x);
	}
	D->r.patient = r->patient;
	D->r.issues = line->is;
	return map_line_decide_read(line, &D->r);
}

/* What follows from what is remembered now. */
static struct sv_status
decide(struct ad_deciding *D, struct fhir_issues *is)
{
	struct ad_intake *I = D->I;
	struct map_engine engine = *I->cfg->engine;
	struct ad_load q = { .patient = D->patient };
	struct map_line line = { &I->A, &engine, I->as_of, is };
	struct fhir_doc doc = { .n_entries = 0 };

	if (was_read(D))
		return decide_read(D, &line);
	if (I->own != NULL && D->patient == I->own_patient) {
		q.own = I->own;
		q.n_own = I->n_own;
		q.message = I->m.id;
	}
	SV_TRY(load(D, &q, &doc, is));
	D->empty = doc.n_entries == 0;
	if (D->empty)
		return SV_OK;
	engine.input.vouched = true;
	engine.input.identifier_systems = I->cfg->identifier_systems;
	engine.input.n_identifier_systems = I->cfg->n_identifier_systems;
	return map_line_decide_doc(&line, &doc, &D->r);
}

static struct sv_status
list_now(struct ad_deciding *D)
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
		D->r.id[d->guidance[i].cancer] = g->decision;
		D->n_now++;
	}
	return SV_OK;
}

const struct ad_guidance *
ad_guidance_find(const struct ad_guidance *g, size_t n,
    const struct ad_guidance *x, bool same_decision)
{
	for (size_t i = 0; i < n; i++) {
		if (g[i].cancer == x->cancer && (!same_decision
		    || sv_str_eq(g[i].decision, x->decision)))
			return &g[i];
	}
	return NULL;
}

/* For the clinician who finds it revoked. */
struct sv_str
ad_deciding_reason(const struct ad_deciding *D, bool gone)
{
	switch (D->cause) {
	case AD_CAUSE_RULES:
		return gone ? SV_LIT(RULES_WITHDRAWN) : SV_LIT(RULES_CHANGED);
	case AD_CAUSE_TIME:
		return gone ? SV_LIT(TIME_WITHDRAWN) : SV_LIT(TIME_PASSED);
	default:
		return gone ? SV_LIT(WITHDRAWN) : SV_LIT(SUPERSEDED);
	}
}

/* What was revoked on the receivers must not stay so when it holds again. */
static struct sv_status
look_back(struct ad_deciding *D)
{
	for (size_t i = 0; !D->fresh && i < D->n_now; i++) {
		const struct ad_guidance *g = &D->now[i];

		if (ad_guidance_find(D->before, D->n_before, g, true) == NULL)
			SV_TRY(ad_store_was_said(D->S, D->patient, g->decision,
			    &D->again[g->cancer]));
	}
	return SV_OK;
}

bool
ad_deciding_held_twice(const struct ad_deciding *D, size_t i)
{
	return ad_guidance_find(D->before, i, &D->before[i], true) != NULL;
}

/* What held before and does not now. */
static struct sv_status
list_earlier(struct ad_deciding *D)
{
	D->earlier = sv_arena_zalloc(&D->I->A, D->n_before + 1,
	    sizeof(*D->earlier));
	SV_ENSURE(D->earlier != NULL, SV_NOMEM);
	for (size_t i = 0; i < D->n_before; i++) {
		const struct ad_guidance *b = &D->before[i];
		bool gone = ad_guidance_find(D->now, D->n_now, b, false) == NULL;

		if (ad_guidance_find(D->now, D->n_now, b, true) != NULL
		    || ad_deciding_held_twice(D, i))
			continue;
		D->earlier[D->n_earlier++] = (struct map_earlier){
			.bundle = b->bundle, .decision = b->decision,
			.reason = ad_deciding_reason(D, gone),
			.cancer = (enum core_cancer)b->cancer };
	}
	return SV_OK;
}

/* The Bundle of what holds now, after taking back ${n_earlier} earlier ones;
 * one without entries if the patient is empty and nothing was said. */
static struct sv_status
write_bundle(struct ad_deciding *D, size_t n_earlier, struct sv_str *ret)
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
pack(struct ad_deciding *D, struct sv_str text, struct sv_str *ret)
{
	*ret = ad_store_pack(&D->I->A, AD_PACK_GUIDANCE, text);
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}

/* The Bundle to keep, and the one to post: the same unless something is taken
 * back. */
static struct sv_status
write_bundles(struct ad_deciding *D)
{
	struct sv_str bundle = { NULL, 0 };

	if (D->n_now > 0) {
		SV_TRY(write_bundle(D, 0, &bundle));
		SV_TRY(pack(D, bundle, &D->kept));
	}
	D->posted = D->kept;
	if (D->n_now > 0 && D->n_earlier == 0)
		return SV_OK;
	SV_TRY(write_bundle(D, D->n_earlier, &bundle));
	D->posted.n = 0;
	return has_entries(bundle) ? pack(D, bundle, &D->posted) : SV_OK;
}

static bool
unchanged(const struct ad_deciding *D)
{
	for (size_t i = 0; i < D->n_now; i++) {
		if (ad_guidance_find(D->before, D->n_before, &D->now[i], true) == NULL)
			return false;
	}
	return D->n_now == D->n_before;
}

/* Why it is decided; a message brings data. */
static struct sv_status
find_cause(struct ad_deciding *D)
{
	struct ad_when w;

	D->due = AD_DUE_NEVER;
	if (!D->I->review)
		return SV_OK;
	SV_TRY(ad_store_when_due(D->S, D->patient, D->I->cfg->sha256, &w));
	D->due = w.due;
	if (w.stale && !w.never)
		D->cause = AD_CAUSE_RULES;
	else if (w.due > AD_DUE_NOW)
		D->cause = AD_CAUSE_TIME;
	return SV_OK;
}

static struct sv_status
work_out(struct ad_deciding *D, struct fhir_issues *is)
{
	D->fresh = D->I->own != NULL && D->I->fresh
	    && D->patient == D->I->own_patient;
	SV_TRY(find_cause(D));
	SV_TRY(decide(D, is));
	SV_TRY(list_now(D));
	if (!D->fresh)
		SV_TRY(ad_store_current(D->S, &D->I->A, D->patient,
		    &D->before, &D->n_before));
	D->unchanged = unchanged(D);
	if (D->unchanged)
		return SV_OK;
	SV_TRY(look_back(D));
	SV_TRY(list_earlier(D));
	return write_bundles(D);
}

/* All that can be done without writing.  A patient of whom nothing is left is
 * as one who has no guidance.  The issues of one patient are its own; why it
 * cannot be decided is the sender's too. */
struct sv_status
ad_deciding_work_out(struct ad_deciding *D, struct fhir_issues *is)
{
	struct fhir_issues *own = sv_arena_alloc(&D->I->A, sizeof(*own));
	struct sv_status s;

	SV_ENSURE(own != NULL, SV_NOMEM);
	fhir_issues_init(own, &D->I->A);
	s = work_out(D, own);
	if (!sv_is_ok(s)) {
		for (size_t i = 0; i < own->n; i++)
			fhir_issue_add(is, &own->at[i]);
	}
	return s;
}
