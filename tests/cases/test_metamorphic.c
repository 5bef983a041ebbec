/*
 * Properties that hold for every case, whatever it is about (knowledge K4).
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core_decide.h"
#include "test_arena.h"
#include "vignette.h"

#define MAX_EVENTS 160
/* 28 years repeat the calendar, leap days included. */
#define SHIFT 10227

static struct sv_arena A, B;
static struct core_rulebook book;
static struct vignette *cases;
static size_t n_cases;

static void
setup(void)
{
	A = test_arena((size_t)256 << 20);
	B = test_arena((size_t)256 << 20);
	book = test_rulebook(&A);
	cases = vignettes_load(&A, &n_cases);
}

static void
teardown(void)
{
	sv_arena_free(&A);
	sv_arena_free(&B);
}

TestSuite(metamorphic, .init = setup, .fini = teardown);

static struct core_decision
decide(const struct core_event *e, size_t n, int32_t as_of)
{
	struct core_decision d;

	cr_assert(sv_is_ok(core_decide(&B, &book,
	    &(struct core_history){ e, n, as_of }, &d)));
	return d;
}

static struct core_decision
plain(const struct vignette *v)
{
	return decide(v->known.events, v->known.n_events, v->known.as_of);
}

/* The events of ${v} with room for more; ${more} is appended if not NULL. */
static size_t
with(const struct vignette *v, const struct core_event *more,
    struct core_event out[MAX_EVENTS])
{
	memcpy(out, v->known.events, v->known.n_events * sizeof(*out));
	if (more == NULL)
		return v->known.n_events;
	out[v->known.n_events] = *more;
	out[v->known.n_events].source = SV_LIT("Observation/added");
	return v->known.n_events + 1;
}

static void
same(const struct vignette *v, struct core_decision a, struct core_decision b)
{
	for (size_t i = 0; i < a.n_findings; i++)
		cr_expect_eq(a.findings[i].state, b.findings[i].state,
		    "%.*s %.*s", SV_FMT(v->id),
		    SV_FMT(a.findings[i].rule->id));
	cr_expect_eq(a.intent, b.intent, "%.*s", SV_FMT(v->id));
	cr_expect_eq(a.output, b.output, "%.*s", SV_FMT(v->id));
}

static bool
speaks(const struct core_finding *f)
{
	return f->state == CORE_FIRES || f->state == CORE_PROVISIONAL;
}

static struct core_event
psa(const struct vignette *v, int32_t days_before)
{
	return (struct core_event){ .kind = CORE_OBSERVATION,
		.concept = CORE_PSA, .date = sv_date_exact(v->known.as_of
		- days_before), .value = core_exactly(SV_DEC(95, 1)) };
}

static struct core_event
condition(const struct vignette *v, enum core_concept c)
{
	return (struct core_event){ .kind = CORE_CONDITION, .concept = c,
		.date = sv_date_exact(v->known.as_of - 1) };
}

Test(metamorphic, mp01_order_is_irrelevant)
{
	for (size_t i = 0; i < n_cases; i++) {
		const struct vignette *v = &cases[i];
		struct core_event e[MAX_EVENTS];
		size_t n = v->known.n_events;

		for (size_t k = 0; k < n; k++)
			e[k] = v->known.events[n - 1 - k];
		same(v, plain(v), decide(e, n, v->known.as_of));
		for (size_t k = 0; k < n; k++)
			e[k] = v->known.events[(k + n / 2) % n];
		same(v, plain(v), decide(e, n, v->known.as_of));
	}
}

Test(metamorphic, mp02_duplicates_count_once)
{
	for (size_t i = 0; i < n_cases; i++) {
		const struct vignette *v = &cases[i];
		struct core_event e[MAX_EVENTS];
		size_t n = v->known.n_events;

		for (size_t k = 0; k < n; k++) {
			e[k] = e[n + k] = v->known.events[k];
			if (v->known.events[k].version == 0)
				e[n + k].source = sv_arena_printf(&A,
				    "%.*s-again", SV_FMT(e[k].source));
		}
		same(v, plain(v), decide(e, 2 * n, v->known.as_of));
	}
}

Test(metamorphic, mp03_mp04_errors_and_future_are_ignored)
{
	for (size_t i = 0; i < n_cases; i++) {
		const struct vignette *v = &cases[i];
		struct core_event e[MAX_EVENTS], x = psa(v, 3);

		x.status = CORE_STATUS_ENTERED_IN_ERROR;
		same(v, plain(v), decide(e, with(v, &x, e), v->known.as_of));
		x = psa(v, -3);
		same(v, plain(v), decide(e, with(v, &x, e), v->known.as_of));
	}
}

Test(metamorphic, mp05_of_the_dead_nothing_is_said)
{
	for (size_t i = 0; i < n_cases; i++) {
		struct core_event e[MAX_EVENTS],
		    x = condition(&cases[i], CORE_DECEASED);
		struct core_decision d = decide(e, with(&cases[i], &x, e),
		    cases[i].known.as_of);

		cr_expect(d.output == CORE_OUTPUT_NONE
		    && d.intent == CORE_INTENT_NONE && d.n_guidance == 0);
		for (size_t k = 0; k < d.n_findings; k++)
			cr_expect_eq(d.findings[k].state, CORE_SILENT);
	}
}

/* No prostate rule but ${except} says anything. */
static void
no_prostate_rule(const struct vignette *v, struct core_decision d,
    const char *except, bool curative_only)
{
	for (size_t k = 0; k < d.n_findings; k++) {
		const struct core_finding *f = &d.findings[k];

		if (f->rule->cancer != CORE_CANCER_PROSTATE
		    || sv_str_is(f->rule->id, except)
		    || (curative_only && !f->rule->curative))
			continue;
		cr_expect_not(speaks(f), "%.*s %.*s", SV_FMT(v->id),
		    SV_FMT(f->rule->id));
	}
}

Test(metamorphic, mp06_castration_resistance_is_out_of_scope)
{
	for (size_t i = 0; i < n_cases; i++) {
		struct core_event e[MAX_EVENTS],
		    x = condition(&cases[i], CORE_CRPC);

		no_prostate_rule(&cases[i], decide(e, with(&cases[i], &x, e),
		    cases[i].known.as_of), "PRO-CRPC-01", false);
	}
}

Test(metamorphic, mp07_no_prostate_cancer_no_prostate_rule)
{
	for (size_t i = 0; i < n_cases; i++) {
		struct core_event e[MAX_EVENTS];
		size_t n = 0;

		for (size_t k = 0; k < cases[i].known.n_events; k++) {
			if (cases[i].known.events[k].concept
			    != CORE_PROSTATE_CANCER)
				e[n++] = cases[i].known.events[k];
		}
		no_prostate_rule(&cases[i], decide(e, n, cases[i].known.as_of), "",
		    false);
	}
}

Test(metamorphic, mp09_mp10_metastasis_and_short_life_end_offers)
{
	for (size_t i = 0; i < n_cases; i++) {
		const struct vignette *v = &cases[i];
		struct core_event e[MAX_EVENTS],
		    x = condition(v, CORE_METASTATIC_DISEASE);

		no_prostate_rule(v, decide(e, with(v, &x, e), v->known.as_of), "",
		    true);
		x = (struct core_event){ .kind = CORE_OBSERVATION,
			.concept = CORE_LIFE_EXPECTANCY,
			.date = sv_date_exact(v->known.as_of),
			.value = core_exactly(SV_DEC(2, 0)) };
		no_prostate_rule(v, decide(e, with(v, &x, e), v->known.as_of), "",
		    true);
	}
}

Test(metamorphic, mp11_no_biopsy_no_local_salvage)
{
	for (size_t i = 0; i < n_cases; i++) {
		struct core_event e[MAX_EVENTS];
		struct core_decision d;
		size_t n = 0;

		for (size_t k = 0; k < cases[i].known.n_events; k++) {
			if (cases[i].known.events[k].concept != CORE_PROSTATE_BIOPSY)
				e[n++] = cases[i].known.events[k];
		}
		d = decide(e, n, cases[i].known.as_of);
		for (size_t k = 0; k < d.n_findings; k++)
			cr_expect_not(speaks(&d.findings[k]) && sv_str_is(
			    d.findings[k].rule->id, "PRO-RT-01"));
	}
}

Test(metamorphic, mp12_the_calendar_does_not_matter)
{
	for (size_t i = 0; i < n_cases; i++) {
		const struct vignette *v = &cases[i];
		struct core_event e[MAX_EVENTS];
		size_t n = with(v, NULL, e);

		for (size_t k = 0; k < n; k++) {
			e[k].date.lo += SHIFT;
			e[k].date.hi += SHIFT;
			e[k].end.lo += SHIFT;
			e[k].end.hi += SHIFT;
		}
		same(v, plain(v), decide(e, n, v->known.as_of + SHIFT));
	}
}

/* MP14, MP15 and MP16 hold for every decision. */
Test(metamorphic, mp14_mp15_mp16_within_a_decision)
{
	for (size_t i = 0; i < n_cases; i++) {
		struct core_decision d = plain(&cases[i]);
		bool shorter = false, longer = false;

		for (size_t k = 0; k < d.n_findings; k++) {
			const struct core_finding *f = &d.findings[k];

			cr_expect_eq(f->missing != 0,
			    f->state == CORE_PROVISIONAL
			    || f->state == CORE_NEEDS_DATA);
			shorter = shorter || (f->state == CORE_FIRES
			    && sv_str_is(f->rule->id, "PRO-RP-04"));
			longer = longer || (f->state == CORE_FIRES
			    && sv_str_is(f->rule->id, "PRO-RP-05"));
		}
		cr_expect_not(shorter && longer);
		for (size_t g = 0; g < d.n_guidance; g++) {
			for (size_t k = 0; d.guidance[g].n_blocks > 0
			    && k < d.guidance[g].n_proposals; k++)
				cr_expect_neq(sv_str_cmp(d.guidance[g]
				    .proposals[k].activity.group,
				    d.guidance[g].blocks[0]), 0);
		}
	}
}

/* V001, changed; its first prostatectomy event is handed back. */
static size_t
first_case(struct core_event e[MAX_EVENTS], struct core_event **rp)
{
	size_t n = with(&cases[0], NULL, e);

	*rp = NULL;
	for (size_t k = 0; k < n; k++) {
		if (e[k].concept == CORE_RADICAL_PROSTATECTOMY)
			*rp = &e[k];
	}
	cr_assert_not_null(*rp);
	return n;
}

Test(metamorphic, an_undated_prostatectomy_hides_no_failure)
{
	struct core_event e[MAX_EVENTS], *rp;
	size_t n = first_case(e, &rp);
	struct core_decision d;

	rp->date.precision = SV_DATE_NONE;
	d = decide(e, n, cases[0].known.as_of);
	cr_expect_eq(d.facts.fact[CORE_BCR_AFTER_RP].truth, CORE_UNKNOWN);
	cr_expect_eq(d.output, CORE_OUTPUT_DATA_REQUIRED);
}

Test(metamorphic, psa_under_adt_from_surgery_on_is_no_cure)
{
	struct core_event e[MAX_EVENTS], *rp;
	size_t n = first_case(e, &rp);
	const struct core_fact *f;
	struct core_decision d;

	e[n] = (struct core_event){ .kind = CORE_MEDICATION,
		.concept = CORE_ADT, .source = SV_LIT("adt"),
		.date = rp->date };
	for (size_t k = 0; k < n; k++) {
		if (e[k].concept == CORE_PSA)
			e[k].value = core_exactly(SV_DEC(1, 2));
	}
	d = decide(e, n + 1, cases[0].known.as_of);
	f = d.facts.fact;
	cr_expect_eq(f[CORE_BCR_AFTER_RP].truth, CORE_UNKNOWN);
	cr_expect_eq(f[CORE_PSA_PERSISTENCE].truth, CORE_UNKNOWN);
}

Test(metamorphic, a_bounce_that_rises_again_is_failure)
{
	static const int64_t psa_tenths[] = { 5, 26, 20, 40, 90 };
	struct core_event e[8] = { { .kind = CORE_CONDITION,
		.concept = CORE_PROSTATE_CANCER, .source = SV_LIT("c"),
		.date = sv_date_exact(15000) }, { .kind = CORE_PROCEDURE,
		.concept = CORE_RADIOTHERAPY, .site = CORE_SITE_PROSTATE,
		.source = SV_LIT("r"), .date = sv_date_exact(16000) } };
	struct core_decision d;

	for (int k = 0; k < 5; k++)
		e[2 + k] = (struct core_event){ .kind = CORE_OBSERVATION,
			.concept = CORE_PSA, .source = sv_arena_printf(&A,
			"p%d", k), .date = sv_date_exact(17000 + 100 * k),
			.value = core_exactly(SV_DEC(psa_tenths[k], 1)) };
	d = decide(e, 5, 17250);
	cr_expect_eq(d.facts.fact[CORE_BCR_AFTER_RT].reason,
	    CORE_REASON_POSSIBLE_BOUNCE);
	d = decide(e, 7, 17450);
	cr_expect_eq(d.facts.fact[CORE_BCR_AFTER_RT].truth, CORE_TRUE);
	cr_expect_eq(d.facts.failure.lo, 17300);
}
