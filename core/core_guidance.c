#include "core_guidance.h"

/* The findings of one cancer that say something. */
struct picked {
	const struct core_finding **at;
	size_t n;
};

static bool
is_open(const struct core_finding *f)
{
	return f->state == CORE_PROVISIONAL || f->state == CORE_NEEDS_DATA;
}

/* Is there evidence of failure?  What is only missing or stale is none. */
static bool
shows_failure(enum core_tri context, enum core_reason reason)
{
	return context == CORE_TRUE || (context == CORE_UNKNOWN
	    && reason != CORE_REASON_MISSING && reason != CORE_REASON_STALE);
}

enum core_output
core_output_of(const struct core_finding *const *findings, size_t n,
    enum core_tri context, enum core_reason reason)
{
	bool fires = false, open = false;

	for (size_t i = 0; i < n; i++) {
		fires = fires || core_speaks(findings[i]->state);
		open = open || is_open(findings[i]);
	}
	if (fires)
		return open ? CORE_OUTPUT_DATA_REQUESTED : CORE_OUTPUT_SUCCESS;
	return open && shows_failure(context, reason)
	    ? CORE_OUTPUT_DATA_REQUIRED : CORE_OUTPUT_NONE;
}

/* The salvage context of one cancer, and why it is unknown. */
static enum core_tri
context_of(const struct core_facts *f, enum core_cancer c,
    enum core_reason *reason)
{
	static const enum core_fact_id pairs[CORE_CANCER_MAX][2] = {
		[CORE_CANCER_LYMPHOMA] = { CORE_LYMPHOMA,
			CORE_LYMPHOMA_FAILED_PRIMARY },
		[CORE_CANCER_GERM_CELL] = { CORE_HAS_GERM_CELL_TUMOUR,
			CORE_GCT_RELAPSE_FACT },
	};

	if (c == CORE_CANCER_PROSTATE)
		return core_context_prostate(f, reason);
	*reason = f->fact[pairs[c][1]].reason;
	return core_and(f->fact[pairs[c][0]].truth, f->fact[pairs[c][1]].truth);
}

static bool
offers_cure(const struct core_guidance *g)
{
	for (size_t i = 0; i < g->n_findings; i++) {
		if (g->findings[i]->rule->curative && core_speaks(g->findings[i]->state))
			return true;
	}
	return false;
}

/* K3.2 */
static enum core_intent
intent_of(const struct core_facts *f, const struct core_guidance *g)
{
	if (g->context == CORE_FALSE)
		return CORE_INTENT_NONE;
	if (g->context == CORE_UNKNOWN)
		return CORE_INTENT_UNCLEAR;
	if (g->cancer == CORE_CANCER_PROSTATE
	    && f->fact[CORE_METASTATIC_DISEASE_FACT].truth == CORE_TRUE)
		return f->fact[CORE_WIDESPREAD_METASTATIC_DISEASE].truth
		    == CORE_TRUE ? CORE_INTENT_PALLIATIVE
		    : CORE_INTENT_UNCLEAR;
	if (g->cancer == CORE_CANCER_LYMPHOMA
	    && f->fact[CORE_CHEMOSENSITIVE].truth == CORE_FALSE)
		return CORE_INTENT_UNCLEAR;
	return offers_cure(g) ? CORE_INTENT_CURATIVE : CORE_INTENT_UNCLEAR;
}

/* By priority, then rule id; the lists are short. */
static void
insert_by_priority(struct picked *p, const struct core_finding *f)
{
	size_t i = p->n++;

	for (; i > 0; i--) {
		const struct core_rule *a = p->at[i - 1]->rule;

		if (a->priority < f->rule->priority
		    || (a->priority == f->rule->priority
		    && sv_str_cmp(a->id, f->rule->id) <= 0))
			break;
		p->at[i] = p->at[i - 1];
	}
	p->at[i] = f;
}

static bool
pick(struct sv_arena *A, const struct core_decision *d,
    struct core_guidance *g)
{
	struct picked p = { NULL, 0 };

	p.at = sv_arena_alloc(A, d->n_findings * sizeof(*p.at));
	if (p.at == NULL)
		return false;
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];

		if (f->state == CORE_SILENT || (f->rule->cancer != g->cancer
		    && (f->rule->cancer != CORE_CANCER_ANY
		    || g->context == CORE_FALSE)))
			continue;
		insert_by_priority(&p, f);
		g->missing |= f->missing;
	}
	g->findings = p.at;
	g->n_findings = p.n;
	return true;
}

static bool
is_blocked(const struct core_guidance *g, struct sv_str group)
{
	for (size_t i = 0; group.n > 0 && i < g->n_blocks; i++) {
		if (sv_str_eq(g->blocks[i], group))
			return true;
	}
	return false;
}

static bool
add_block(struct sv_arena *A, struct core_guidance *g, struct sv_str block)
{
	struct sv_str *blocks;

	if (is_blocked(g, block))
		return true;
	blocks = sv_arena_grow(A, (void *)g->blocks,
	    g->n_blocks * sizeof(*blocks), (g->n_blocks + 1) * sizeof(*blocks));
	if (blocks == NULL)
		return false;
	blocks[g->n_blocks++] = block;
	g->blocks = blocks;
	return true;
}

/* The proposal of the activity code, made if it is not there; NULL: NOMEM. */
static struct core_proposal *
proposal_of(struct sv_arena *A, struct core_guidance *g,
    const struct core_activity *a)
{
	struct core_proposal *list = (struct core_proposal *)g->proposals;

	for (size_t i = 0; i < g->n_proposals; i++) {
		if (sv_str_eq(list[i].activity.code, a->code))
			return &list[i];
	}
	list = sv_arena_grow(A, list, g->n_proposals * sizeof(*list),
	    (g->n_proposals + 1) * sizeof(*list));
	if (list == NULL)
		return NULL;
	g->proposals = list;
	list[g->n_proposals] = (struct core_proposal){ .activity = *a };
	return &list[g->n_proposals++];
}

static bool
add_proposal(struct sv_arena *A, struct core_guidance *g,
    const struct core_finding *f, const struct core_activity *a)
{
	struct core_proposal *p;
	const struct core_finding **list;

	if (is_blocked(g, a->group))
		return true;
	if ((p = proposal_of(A, g, a)) == NULL)
		return false;
	list = sv_arena_grow(A, p->findings, p->n_findings * sizeof(*list),
	    (p->n_findings + 1) * sizeof(*list));
	if (list == NULL)
		return false;
	list[p->n_findings++] = f;
	p->findings = list;
	if (a->min_months > p->activity.min_months) {
		p->activity.min_months = a->min_months;
		p->activity.max_months = a->max_months;
	}
	return true;
}

/* Blocks first: a blocked group removes its activities (MP14). */
static bool
propose(struct sv_arena *A, struct core_guidance *g)
{
	bool ok = true;

	for (size_t i = 0; i < g->n_findings; i++) {
		const struct core_finding *f = g->findings[i];

		for (size_t k = 0; core_speaks(f->state) && k < f->rule->n_blocks; k++)
			ok = ok && add_block(A, g, f->rule->blocks[k]);
	}
	for (size_t i = 0; i < g->n_findings; i++) {
		const struct core_finding *f = g->findings[i];

		for (size_t k = 0; core_speaks(f->state) && k < f->rule->n_activities; k++)
			ok = ok && add_proposal(A, g, f,
			    &f->rule->activities[k]);
	}
	return ok;
}

static struct sv_status
guide_cancer(struct sv_arena *A, struct core_decision *d, enum core_cancer c)
{
	static const enum core_fact_id presence[CORE_CANCER_MAX] = {
		CORE_HAS_PROSTATE_CANCER, CORE_LYMPHOMA,
		CORE_HAS_GERM_CELL_TUMOUR };
	struct core_guidance *g = &d->guidance[d->n_guidance];
	enum core_reason reason = CORE_REASON_NONE;

	if (d->facts.fact[presence[c]].truth == CORE_FALSE)
		return SV_OK;
	*g = (struct core_guidance){ .cancer = c };
	g->context = context_of(&d->facts, c, &reason);
	SV_ENSURE(pick(A, d, g) && propose(A, g), SV_NOMEM);
	g->intent = intent_of(&d->facts, g);
	g->output = core_output_of(g->findings, g->n_findings, g->context,
	    reason);
	d->n_guidance++;
	if (g->intent > d->intent)
		d->intent = g->intent;
	return SV_OK;
}

struct sv_status
core_guide(struct sv_arena *A, struct core_decision *d)
{
	const struct core_fact *context = &d->facts.fact[CORE_SALVAGE_CONTEXT];
	const struct core_finding **all;

	for (int c = 0; c < CORE_CANCER_MAX; c++)
		SV_TRY(guide_cancer(A, d, (enum core_cancer)c));
	all = sv_arena_alloc(A, d->n_findings * sizeof(*all));
	SV_ENSURE(all != NULL, SV_NOMEM);
	for (size_t i = 0; i < d->n_findings; i++)
		all[i] = &d->findings[i];
	d->output = core_output_of(all, d->n_findings, context->truth,
	    context->reason);
	return SV_OK;
}
