/* From findings to guidance (K3): what is shown, proposed, blocked, intended. */
#include <criterion/criterion.h>
#include <string.h>

#include "core_guidance.h"
#include "test_arena.h"

#define MAX 8

static struct sv_arena A;
static struct core_rule rules[MAX];
static struct core_finding findings[MAX];
static struct core_activity activities[MAX];
static struct sv_str groups[MAX];
static struct core_decision d;

/* A patient whose prostate cancer failed after prostatectomy; no findings. */
static void
setup(void)
{
	A = test_arena((size_t)16 << 20);
	memset(rules, 0, sizeof(rules));
	memset(findings, 0, sizeof(findings));
	memset(activities, 0, sizeof(activities));
	d = (struct core_decision){ .findings = findings };
	d.facts.fact[CORE_HAS_PROSTATE_CANCER].truth = CORE_TRUE;
	d.facts.fact[CORE_ANY_PRIMARY].truth = CORE_TRUE;
	d.facts.fact[CORE_BCR_AFTER_RP].truth = CORE_TRUE;
	d.facts.fact[CORE_SALVAGE_CONTEXT].truth = CORE_TRUE;
}

static void
teardown(void)
{
	sv_arena_free(&A);
}

TestSuite(guidance, .init = setup, .fini = teardown);

/* One more finding, of a rule about prostate cancer. */
static struct core_rule *
found(const char *id, int32_t priority, enum core_state state)
{
	struct core_rule *r = &rules[d.n_findings];

	cr_assert_lt(d.n_findings, MAX);
	r->id = sv_str_of(id);
	r->priority = priority;
	r->cancer = CORE_CANCER_PROSTATE;
	findings[d.n_findings++] = (struct core_finding){ .rule = r,
		.state = state };
	return r;
}

/* ${r} proposes ${code} of ${group} for at least ${lo}, at most ${hi} months. */
static void
proposes(struct core_rule *r, const char *code, const char *group, int32_t lo,
    int32_t hi)
{
	struct core_activity *a = &activities[r - rules];

	*a = (struct core_activity){ .code = sv_str_of(code),
		.group = sv_str_of(group), .min_months = lo, .max_months = hi };
	r->activities = a;
	r->n_activities = 1;
}

static void
blocks(struct core_rule *r, const char *group)
{
	groups[r - rules] = sv_str_of(group);
	r->blocks = &groups[r - rules];
	r->n_blocks = 1;
}

static const struct core_guidance *
guide(void)
{
	d.n_guidance = 0;
	d.intent = CORE_INTENT_NONE;
	cr_assert(sv_is_ok(core_guide(&A, &d)));
	cr_assert_geq(d.n_guidance, 1);
	return &d.guidance[0];
}

/* The ids shown, in order, with a blank between. */
static const char *
shown(const struct core_guidance *g)
{
	struct sv_str s = { "", 0 };

	for (size_t i = 0; i < g->n_findings; i++)
		s = sv_arena_printf(&A, "%.*s%s%.*s", SV_FMT(s),
		    i > 0 ? " " : "", SV_FMT(g->findings[i]->rule->id));
	return s.p;
}

Test(guidance, shown_by_priority_then_id)
{
	(void)found("D", 5, CORE_FIRES);
	(void)found("A", 7, CORE_FIRES);
	(void)found("C", 5, CORE_NEEDS_DATA);
	(void)found("silent", 1, CORE_SILENT);
	(void)found("E", 4, CORE_PROVISIONAL);
	(void)found("B", 6, CORE_FIRES);
	(void)found("CC", 5, CORE_FIRES);
	cr_expect_str_eq(shown(guide()), "E C CC D B A");
}

Test(guidance, what_ties_keeps_the_order_of_the_rule_book)
{
	(void)found("A", 1, CORE_FIRES);
	(void)found("A", 1, CORE_FIRES);
	cr_expect_eq(guide()->findings[0], &findings[0]);
}

Test(guidance, a_cancer_has_its_own_findings)
{
	found("LYM", 1, CORE_FIRES)->cancer = CORE_CANCER_LYMPHOMA;
	found("ANY", 2, CORE_FIRES)->cancer = CORE_CANCER_ANY;
	(void)found("PRO", 3, CORE_FIRES);
	cr_expect_str_eq(shown(guide()), "ANY PRO");
	cr_expect_eq(d.n_guidance, 1);
	/* What holds for every cancer is not said where nothing has failed. */
	d.facts.fact[CORE_BCR_AFTER_RP].truth = CORE_FALSE;
	cr_expect_str_eq(shown(guide()), "PRO");
	d.facts.fact[CORE_BCR_AFTER_RP].truth = CORE_UNKNOWN;
	cr_expect_str_eq(shown(guide()), "ANY PRO");
	/* A possible cancer is shown, too. */
	d.facts.fact[CORE_LYMPHOMA].truth = CORE_UNKNOWN;
	(void)guide();
	cr_expect_eq(d.n_guidance, 2);
	cr_expect_eq(d.guidance[1].cancer, CORE_CANCER_LYMPHOMA);
	cr_expect_eq(d.guidance[1].context, CORE_FALSE);
	cr_expect_str_eq(shown(&d.guidance[1]), "LYM");
}

Test(guidance, what_is_missing_is_the_union_of_what_is_shown)
{
	(void)found("A", 1, CORE_NEEDS_DATA);
	(void)found("B", 2, CORE_PROVISIONAL);
	(void)found("S", 3, CORE_SILENT);
	findings[0].missing = 1;
	findings[1].missing = 6;
	findings[2].missing = 8;
	cr_expect_eq(guide()->missing, 7);
}

Test(guidance, proposals_of_one_activity_are_one)
{
	const struct core_guidance *g;

	proposes(found("A", 1, CORE_FIRES), "adt", "", 4, 6);
	proposes(found("B", 2, CORE_FIRES), "adt", "", 6, 24);
	proposes(found("C", 3, CORE_FIRES), "adt", "", 6, 12);
	proposes(found("D", 4, CORE_PROVISIONAL), "rt", "", 0, 0);
	proposes(found("E", 5, CORE_NEEDS_DATA), "other", "", 0, 0);
	proposes(found("F", 6, CORE_FIRES), "adt", "", 5, 36);
	g = guide();
	cr_assert_eq(g->n_proposals, 2);
	cr_expect(sv_str_is(g->proposals[0].activity.code, "adt"));
	cr_expect_eq(g->proposals[0].n_findings, 4);
	cr_expect_eq(g->proposals[0].findings[3], &findings[4 + 1]);
	/* The longest minimum; of equal ones the rule shown first. */
	cr_expect_eq(g->proposals[0].activity.min_months, 6);
	cr_expect_eq(g->proposals[0].activity.max_months, 24);
	cr_expect(sv_str_is(g->proposals[1].activity.code, "rt"));
	cr_expect_eq(g->proposals[1].n_findings, 1);
}

Test(guidance, a_blocked_group_is_not_proposed)
{
	const struct core_guidance *g;
	struct core_rule *r;

	proposes(found("A", 1, CORE_FIRES), "rp", "L", 0, 0);
	proposes(found("B", 2, CORE_FIRES), "adt", "", 0, 0);
	proposes(found("C", 3, CORE_FIRES), "rt", "LL", 0, 0);
	r = found("X", 8, CORE_FIRES);
	blocks(r, "L");
	blocks(found("Y", 9, CORE_PROVISIONAL), "L");
	g = guide();
	cr_assert_eq(g->n_blocks, 1);	/* once */
	cr_expect(sv_str_is(g->blocks[0], "L"));
	cr_assert_eq(g->n_proposals, 2);
	cr_expect(sv_str_is(g->proposals[0].activity.code, "adt"));
	cr_expect(sv_str_is(g->proposals[1].activity.code, "rt"));
	/* What needs data, and what is silent, blocks nothing. */
	findings[3].state = findings[4].state = CORE_NEEDS_DATA;
	g = guide();
	cr_expect_eq(g->n_blocks, 0);
	cr_expect_eq(g->n_proposals, 3);
	/* No group is blocked by no name. */
	findings[3].state = CORE_FIRES;
	blocks(r, "");
	cr_expect_eq(guide()->n_proposals, 3);
	/* Two groups. */
	findings[3].state = findings[4].state = CORE_FIRES;
	blocks(r, "LL");
	g = guide();
	cr_expect_eq(g->n_blocks, 2);
	cr_expect_eq(g->n_proposals, 1);
}

Test(guidance, output)
{
	static const struct {
		enum core_state a, b;
		enum core_tri context;
		enum core_reason why;
		enum core_output output;
	} t[] = {
		{ CORE_SILENT, CORE_SILENT, CORE_TRUE, CORE_REASON_NONE,
		    CORE_OUTPUT_NONE },
		{ CORE_SILENT, CORE_FIRES, CORE_FALSE, CORE_REASON_NONE,
		    CORE_OUTPUT_SUCCESS },
		{ CORE_FIRES, CORE_NEEDS_DATA, CORE_TRUE, CORE_REASON_NONE,
		    CORE_OUTPUT_DATA_REQUESTED },
		{ CORE_NEEDS_DATA, CORE_FIRES, CORE_TRUE, CORE_REASON_NONE,
		    CORE_OUTPUT_DATA_REQUESTED },
		{ CORE_SILENT, CORE_PROVISIONAL, CORE_TRUE, CORE_REASON_NONE,
		    CORE_OUTPUT_DATA_REQUESTED },
		{ CORE_NEEDS_DATA, CORE_SILENT, CORE_TRUE, CORE_REASON_NONE,
		    CORE_OUTPUT_DATA_REQUIRED },
		{ CORE_NEEDS_DATA, CORE_SILENT, CORE_FALSE, CORE_REASON_NONE,
		    CORE_OUTPUT_NONE },
		{ CORE_NEEDS_DATA, CORE_SILENT, CORE_UNKNOWN,
		    CORE_REASON_MISSING, CORE_OUTPUT_NONE },
		{ CORE_NEEDS_DATA, CORE_SILENT, CORE_UNKNOWN,
		    CORE_REASON_STALE, CORE_OUTPUT_NONE },
		{ CORE_NEEDS_DATA, CORE_SILENT, CORE_UNKNOWN,
		    CORE_REASON_CENSORED, CORE_OUTPUT_DATA_REQUIRED },
		{ CORE_SILENT, CORE_SILENT, CORE_UNKNOWN,
		    CORE_REASON_CENSORED, CORE_OUTPUT_NONE },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		const struct core_finding two[] = { { .state = t[i].a },
			{ .state = t[i].b } };
		const struct core_finding *both[] = { &two[0], &two[1] };

		cr_expect_eq(core_output_of(both, 2, t[i].context, t[i].why),
		    t[i].output, "%zu", i);
	}
}

/* K3.2 */
Test(guidance, intent)
{
	struct core_rule *r = found("A", 1, CORE_FIRES);
	struct core_fact *f = d.facts.fact;

	cr_expect_eq(guide()->intent, CORE_INTENT_UNCLEAR);
	r->curative = true;
	cr_expect_eq(guide()->intent, CORE_INTENT_CURATIVE);
	cr_expect_eq(d.intent, CORE_INTENT_CURATIVE);
	findings[0].state = CORE_NEEDS_DATA;
	cr_expect_eq(guide()->intent, CORE_INTENT_UNCLEAR);
	findings[0].state = CORE_PROVISIONAL;
	cr_expect_eq(guide()->intent, CORE_INTENT_CURATIVE);
	f[CORE_METASTATIC_DISEASE_FACT].truth = CORE_UNKNOWN;
	cr_expect_eq(guide()->intent, CORE_INTENT_CURATIVE);
	f[CORE_METASTATIC_DISEASE_FACT].truth = CORE_TRUE;
	cr_expect_eq(guide()->intent, CORE_INTENT_UNCLEAR);
	f[CORE_WIDESPREAD_METASTATIC_DISEASE].truth = CORE_UNKNOWN;
	cr_expect_eq(guide()->intent, CORE_INTENT_UNCLEAR);
	f[CORE_WIDESPREAD_METASTATIC_DISEASE].truth = CORE_TRUE;
	cr_expect_eq(guide()->intent, CORE_INTENT_PALLIATIVE);
	f[CORE_METASTATIC_DISEASE_FACT].truth = CORE_FALSE;
	f[CORE_BCR_AFTER_RP].truth = CORE_UNKNOWN;
	cr_expect_eq(guide()->intent, CORE_INTENT_UNCLEAR);
	f[CORE_BCR_AFTER_RP].truth = CORE_FALSE;
	cr_expect_eq(guide()->intent, CORE_INTENT_NONE);
}

/* The intent of the patient is the highest of the cancers. */
Test(guidance, intent_of_two_cancers)
{
	struct core_rule *r = found("L", 1, CORE_FIRES);
	struct core_fact *f = d.facts.fact;

	r->cancer = CORE_CANCER_LYMPHOMA;
	r->curative = true;
	f[CORE_LYMPHOMA].truth = CORE_TRUE;
	f[CORE_LYMPHOMA_FAILED_PRIMARY].truth = CORE_TRUE;
	f[CORE_CHEMOSENSITIVE].truth = CORE_UNKNOWN;
	/* Spread of another cancer says nothing of lymphoma. */
	f[CORE_METASTATIC_DISEASE_FACT].truth = CORE_TRUE;
	f[CORE_WIDESPREAD_METASTATIC_DISEASE].truth = CORE_TRUE;
	cr_expect_eq(guide()->intent, CORE_INTENT_PALLIATIVE);
	cr_expect_eq(d.guidance[1].intent, CORE_INTENT_CURATIVE);
	cr_expect_eq(d.intent, CORE_INTENT_CURATIVE);
	f[CORE_CHEMOSENSITIVE].truth = CORE_FALSE;
	(void)guide();
	cr_expect_eq(d.guidance[1].intent, CORE_INTENT_UNCLEAR);
	cr_expect_eq(d.intent, CORE_INTENT_PALLIATIVE);
}
