#include "core_ipfsg.h"

/* The points of one item, as far as they are known. */
struct points {
	int lo, hi;
};

struct score {
	struct core_derive *D;
	struct points sum;
};

/* Add an item; one that is not decided is reported as missing. */
static void
add(struct score *s, struct points p, enum core_concept item)
{
	struct core_facts *out = s->D->out;

	s->sum.lo += p.lo;
	s->sum.hi += p.hi;
	if (p.lo != p.hi)
		out->ipfsg_missing[out->n_ipfsg_missing++] = item;
}

/* The newest event of ${c}; evidence of the group.  NULL if there is none. */
static const struct core_event *
latest(struct core_derive *D, enum core_concept c)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);

	if (n == 0)
		return NULL;
	core_add_evidence(D, CORE_IPFSG_DETERMINED, e[n - 1]);
	return e[n - 1];
}

static struct points
site_points(const struct core_event *e)
{
	if (e == NULL)
		return (struct points){ 0, 3 };
	switch (e->code) {
	case CORE_VALUE_GONADAL:
		return (struct points){ 0, 0 };
	case CORE_VALUE_RETROPERITONEAL:
		return (struct points){ 1, 1 };
	case CORE_VALUE_MEDIASTINAL:
		return (struct points){ 3, 3 };
	default:
		return (struct points){ 0, 3 };
	}
}

static struct points
response_points(const struct core_event *e)
{
	if (e == NULL)
		return (struct points){ 0, 2 };
	switch (e->code) {
	case CORE_VALUE_CR:
	case CORE_VALUE_PR_MARKER_NEGATIVE:
		return (struct points){ 0, 0 };
	case CORE_VALUE_PR:	/* marker state not told */
		return (struct points){ 0, 1 };
	case CORE_VALUE_PR_MARKER_POSITIVE:
	case CORE_VALUE_SD:
		return (struct points){ 1, 1 };
	case CORE_VALUE_PD:
		return (struct points){ 2, 2 };
	default:
		return (struct points){ 0, 2 };
	}
}

/* Progression-free interval of at most 3 months: 1 point. */
static struct points
interval_points(const struct core_derive *D, const struct core_event *relapse,
    const struct core_event *chemo)
{
	struct sv_date limit;

	if (relapse == NULL || chemo == NULL || !sv_date_is_set(relapse->date)
	    || !sv_date_is_set(core_event_end(chemo)))
		return (struct points){ 0, 1 };
	limit = core_plus_months(core_event_end(chemo), core_param_int(
	    D->params, CORE_PARAM_IPFSG_PFI_MONTHS));
	return (struct points){ relapse->date.hi <= limit.lo,
		relapse->date.lo <= limit.hi };
}

/* The marker value nearest to the relapse within the window; unset if none. */
static const struct core_event *
marker(struct core_derive *D, enum core_concept c,
    const struct core_event *relapse)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);
	const struct core_event *best = NULL;
	int32_t window = core_param_int(D->params,
	    CORE_PARAM_IPFSG_MARKER_WINDOW_DAYS);
	int32_t best_gap = window + 1;

	for (size_t i = 0; i < n && relapse != NULL; i++) {
		int32_t gap = e[i]->date.hi - relapse->date.lo;

		gap = gap < 0 ? -gap : gap;
		if (gap < best_gap && relapse->date.precision == SV_DATE_DAY) {
			best = e[i];
			best_gap = gap;
		}
	}
	if (best != NULL)
		core_add_evidence(D, CORE_IPFSG_DETERMINED, best);
	return best;
}

static struct points
points_of(enum core_tri t, int points)
{
	return (struct points){ t == CORE_TRUE ? points : 0,
		t == CORE_FALSE ? 0 : points };
}

static struct points
afp_points(const struct core_derive *D, const struct core_event *e)
{
	struct points raised, high;

	if (e == NULL)
		return (struct points){ 0, 2 };
	raised = points_of(core_compare(e->value, CORE_GT, e->uln), 1);
	high = points_of(core_compare(e->value, CORE_GT, core_exactly(
	    D->params->value[CORE_PARAM_IPFSG_AFP_HIGH])), 1);
	if (high.lo == 1)
		return (struct points){ 2, 2 };
	return (struct points){ raised.lo + high.lo, raised.hi + high.hi };
}

static struct points
hcg_points(const struct core_derive *D, const struct core_event *e)
{
	if (e == NULL)
		return (struct points){ 0, 1 };
	return points_of(core_compare(e->value, CORE_GT, core_exactly(
	    D->params->value[CORE_PARAM_IPFSG_HCG_HIGH])), 1);
}

static struct points
lbb_points(const struct core_event *e)
{
	if (e == NULL)
		return (struct points){ 0, 1 };
	if (e->code == CORE_VALUE_PRESENT || e->code == CORE_VALUE_POSITIVE)
		return (struct points){ 1, 1 };
	return e->code == CORE_VALUE_ABSENT || e->code == CORE_VALUE_NEGATIVE
	    ? (struct points){ 0, 0 } : (struct points){ 0, 1 };
}

/* The group of a sum, before histology: 0, 1-2, 3-4, 5 and more. */
static int
class_of(int sum)
{
	if (sum == 0)
		return 0;
	return sum <= 2 ? 1 : sum <= 4 ? 2 : 3;
}

void
core_derive_ipfsg(struct core_derive *D, const struct core_event *relapse,
    const struct core_event *chemo)
{
	struct score s = { D, { 0, 0 } };
	enum core_tri seminoma = core_truth(D, CORE_GCT_IS_SEMINOMA);
	int lo, hi;

	core_set_tri(D, CORE_IPFSG_DETERMINED, CORE_UNKNOWN,
	    CORE_REASON_MISSING);
	D->out->fact[CORE_IPFSG_RISK].reason = CORE_REASON_MISSING;
	if (core_truth(D, CORE_HAS_GERM_CELL_TUMOUR) == CORE_FALSE
	    || core_truth(D, CORE_GCT_RELAPSE_FACT) == CORE_FALSE)
		return;
	add(&s, site_points(latest(D, CORE_GCT_PRIMARY_SITE)),
	    CORE_GCT_PRIMARY_SITE);
	add(&s, response_points(latest(D, CORE_GCT_RESPONSE)),
	    CORE_GCT_RESPONSE);
	add(&s, interval_points(D, relapse, chemo), CORE_GCT_RELAPSE);
	add(&s, afp_points(D, marker(D, CORE_AFP, relapse)), CORE_AFP);
	add(&s, hcg_points(D, marker(D, CORE_HCG, relapse)), CORE_HCG);
	add(&s, lbb_points(latest(D, CORE_LBB_METASTASES)),
	    CORE_LBB_METASTASES);
	/* Pure seminoma lowers the group by one; unknown histology may. */
	lo = class_of(s.sum.lo) - (seminoma != CORE_FALSE);
	hi = class_of(s.sum.hi) - (seminoma == CORE_TRUE);
	core_inherit(D, CORE_IPFSG_RISK, CORE_IPFSG_DETERMINED);
	if (lo != hi)
		return;
	core_set_tri(D, CORE_IPFSG_DETERMINED, CORE_TRUE, CORE_REASON_NONE);
	D->out->fact[CORE_IPFSG_RISK].code
	    = (enum core_ipfsg)(CORE_IPFSG_LOW + lo);
	D->out->fact[CORE_IPFSG_RISK].reason = CORE_REASON_NONE;
}
