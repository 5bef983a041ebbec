/*
 * The clinical cases, as events: facts, reasons, rules, intent, output,
 * activities, blocks, missing data, issues and the quality measure.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core_decide.h"
#include "test_arena.h"
#include "vignette.h"

static int failures;

static void
complain(const struct vignette *v, const char *what, struct sv_str name)
{
	failures++;
	cr_log_error("%.*s: %s: %.*s", SV_FMT(v->id), what, SV_FMT(name));
}

static bool
is_dec(struct core_interval i, struct sv_str lo, struct sv_str hi)
{
	struct sv_dec a, b;

	return i.set && sv_is_ok(sv_dec_parse(lo, &a))
	    && sv_is_ok(sv_dec_parse(hi, &b)) && sv_dec_cmp(i.lo, a) == 0
	    && sv_dec_cmp(i.hi, b) == 0;
}

/* Is fact ${id} what ${want} says? */
static bool
fact_is(const struct core_fact *f, enum core_fact_id id,
    const struct fhir_at *want)
{
	struct sv_str text = fhir_value(want);
	struct fhir_at second;

	if (sv_str_is(text, "unknown"))
		return core_fact_unknown(id, f);
	if (sv_str_is(text, "inf"))
		return f->infinite;
	if (fhir_is_bool(want))
		return f->truth == core_tri_of(sv_str_is(text, "true"));
	if (core_fact_type(id) == CORE_FACT_CODE)
		return sv_str_eq(core_ipfsg_name(f->code), text);
	if (want->index == 0) {
		second = fhir_next(want);
		return is_dec(f->number, text, fhir_value(&second));
	}
	return is_dec(f->number, text, text);
}

static void
check_facts(const struct vignette *v, const struct core_decision *d)
{
	struct fhir_at facts = fhir_get(&v->expect, "facts");
	struct fhir_at reasons = fhir_get(&v->expect, "reasons");
	struct fhir_at x, w;

	for (x = fhir_member(&facts); fhir_is(&x); x = fhir_sibling(&x)) {
		enum core_fact_id id = core_fact_of(sv_str_of(x.name));

		cr_assert(id < CORE_FACT_COUNT, "unknown fact %s", x.name);
		w = fhir_get(&facts, x.name);
		if (!fact_is(&d->facts.fact[id], id, &w))
			complain(v, "fact", sv_str_of(x.name));
	}
	for (x = fhir_member(&reasons); fhir_is(&x); x = fhir_sibling(&x)) {
		enum core_fact_id id = core_fact_of(sv_str_of(x.name));

		if (!sv_str_eq(core_reason_code(d->facts.fact[id].reason),
		    fhir_value(&x))) {
			complain(v, "reason", sv_str_of(x.name));
			complain(v, "  is", core_reason_code(
			    d->facts.fact[id].reason));
		}
	}
}

static bool
listed(const struct fhir_at *at, const char *name, struct sv_str what)
{
	struct fhir_at x;

	for (x = fhir_first(at, name); fhir_is(&x); x = fhir_next(&x)) {
		if (sv_str_eq(fhir_value(&x), what))
			return true;
	}
	return false;
}

static void
check_rules(const struct vignette *v, const struct core_decision *d)
{
	static const char *const lists[] = { NULL, "fires", "provisional",
		"needs_data" };
	struct fhir_at rules = fhir_get(&v->expect, "rules");

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];

		for (int s = 1; s < CORE_STATE_MAX; s++) {
			if (listed(&rules, lists[s], f->rule->id)
			    != ((int)f->state == s))
				complain(v, lists[s], f->rule->id);
		}
	}
}

static void
check_missing(const struct vignette *v, const struct core_decision *d)
{
	struct fhir_at missing = fhir_get(&v->expect, "missing");

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];
		char id[64];
		struct fhir_at list;

		(void)snprintf(id, sizeof(id), "%.*s", SV_FMT(f->rule->id));
		list = fhir_get(&missing, id);
		for (int k = 0; fhir_is(&list) && k < CORE_FACT_COUNT; k++) {
			struct sv_str name = core_fact_name(
			    (enum core_fact_id)k);

			if (listed(&missing, id, name)
			    != ((f->missing & CORE_FACT_BIT(k)) != 0))
				complain(v, "missing", name);
		}
	}
}

static size_t
count(const struct fhir_at *at, const char *name)
{
	struct fhir_at x;
	size_t n = 0;

	for (x = fhir_first(at, name); fhir_is(&x); x = fhir_next(&x))
		n++;
	return n;
}

static void
check_guidance(const struct vignette *v, const struct core_decision *d)
{
	struct fhir_at months = fhir_get(&v->expect, "adt_months");
	size_t activities = 0, blocks = 0;

	for (size_t g = 0; g < d->n_guidance; g++) {
		const struct core_guidance *x = &d->guidance[g];

		for (size_t i = 0; i < x->n_proposals; i++) {
			const struct core_activity *a
			    = &x->proposals[i].activity;
			char lo[16];

			activities++;
			if (!listed(&v->expect, "activities", a->code))
				complain(v, "activity", a->code);
			(void)snprintf(lo, sizeof(lo), "%d", a->min_months);
			if (fhir_is(&months) && sv_str_is(a->code, "adt")
			    && !sv_str_is(fhir_value(&months), lo))
				complain(v, "months", sv_str_of(lo));
		}
		for (size_t i = 0; i < x->n_blocks; i++, blocks++) {
			if (!listed(&v->expect, "blocks", x->blocks[i]))
				complain(v, "block", x->blocks[i]);
		}
	}
	if (activities != count(&v->expect, "activities")
	    || blocks != count(&v->expect, "blocks"))
		complain(v, "number of activities or blocks", SV_LIT(""));
	if (!sv_str_eq(core_intent_name(d->intent), fhir_text(&v->expect,
	    "intent")))
		complain(v, "intent", core_intent_name(d->intent));
	if (!sv_str_eq(core_output_name(d->output), fhir_text(&v->expect,
	    "output")))
		complain(v, "output", core_output_name(d->output));
}

static void
check_issues(const struct vignette *v, const struct core_decision *d)
{
	struct fhir_at x;

	for (x = fhir_first(&v->expect, "issues"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct sv_str want = fhir_value(&x);
		size_t colon = sv_str_chr(want, ':');
		bool found = false;

		for (size_t i = 0; i < d->line.n_excluded; i++) {
			const struct core_exclusion *e = &d->line.excluded[i];

			found = found || (sv_str_eq(core_exclusion_code(
			    e->reason), (struct sv_str){ want.p, colon })
			    && sv_str_eq(sv_str_from(e->event->source,
			    sv_str_chr(e->event->source, '/') + 1),
			    sv_str_from(want, colon + 1)));
		}
		if (!found)
			complain(v, "issue", want);
	}
}

static void
check_measure(const struct vignette *v, const struct core_decision *d)
{
	struct fhir_at q = fhir_get(&v->expect, "quality_measure");
	const struct core_measure *m = &d->qm01;

	if (!fhir_is(&q))
		return;
	if (sv_str_is(fhir_text(&q, "denominator"), "true") != m->denominator
	    || sv_str_is(fhir_text(&q, "excluded"), "true") != m->excluded
	    || sv_str_is(fhir_text(&q, "evaluated"), "true") != m->evaluated
	    || sv_str_is(fhir_text(&q, "adt_alone"), "true") != m->adt_alone)
		complain(v, "quality measure", SV_LIT("QM-01"));
}

static void
check(const struct vignette *v, const struct core_decision *d)
{
	check_facts(v, d);
	check_rules(v, d);
	check_missing(v, d);
	check_guidance(v, d);
	check_issues(v, d);
	check_measure(v, d);
}

Test(vignettes, events_agree_in_full)
{
	struct sv_arena A = test_arena((size_t)256 << 20);
	struct sv_arena B = test_arena((size_t)64 << 20);
	struct core_rulebook book = test_rulebook(&A);
	size_t n;
	struct vignette *v = vignettes_load(&A, &n);

	cr_assert_eq(n, 125);
	for (size_t i = 0; i < n; i++) {
		struct core_decision d;

		sv_arena_reset(&B);
		cr_assert(sv_is_ok(core_decide(&B, &book, &v[i].known, &d)));
		check(&v[i], &d);
	}
	sv_arena_free(&B);
	sv_arena_free(&A);
	cr_assert_eq(failures, 0, "%d disagreements", failures);
}

Test(vignettes, bundles_agree_in_full)
{
	struct sv_arena A = test_arena((size_t)256 << 20);
	struct sv_arena B = test_arena((size_t)64 << 20);
	struct core_rulebook book = test_rulebook(&A);
	struct map_engine engine = test_engine(&A, &book);
	size_t n;
	struct vignette *v = vignettes_load(&A, &n);

	for (size_t i = 0; i < n; i++) {
		struct map_result r;
		struct fhir_issues is;
		char path[128];
		struct sv_str text;

		sv_arena_reset(&B);
		fhir_issues_init(&is, &B);
		(void)snprintf(path, sizeof(path),
		    "tests/cases/vignettes-fhir/%.*s.json", SV_FMT(v[i].id));
		text = test_read(&B, path);
		if (!sv_is_ok(map_line_decide(&(struct map_line){ &B, &engine,
		    v[i].known.as_of, &is }, text, &r))) {
			complain(&v[i], "refused", is.n > 0 ? is.at[0].text
			    : SV_LIT(""));
			continue;
		}
		cr_expect(sv_str_eq(r.patient.name, v[i].id));
		check(&v[i], &r.decision);
	}
	sv_arena_free(&B);
	sv_arena_free(&A);
	cr_assert_eq(failures, 0, "%d disagreements", failures);
}
