/*
 * "Multiple" high-risk features are as many as a site says (K1.9).  Every state
 * of the five features, each true, false or unknown, against counting them.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "map_rules.h"
#include "test_arena.h"
#include "vignette.h"

#define FEATURES 5
#define STATES 243	/* 3 to the 5th */

static const enum core_fact_id features[FEATURES] = { CORE_CURRENT_PSA,
	CORE_GRADE_GROUP_RP, CORE_PSA_DOUBLING_TIME, CORE_PSA_PERSISTENCE,
	CORE_SEMINAL_VESICLE_INVASION_FACT };

/* The rule book of a site for which ${n} features are multiple. */
static struct core_rulebook
rulebook(struct sv_arena *A, char n)
{
	static const char was[] = "\"multiple_features\",\n"
	    "      \"valueQuantity\": { \"value\": 2";
	size_t n_files;
	struct map_file *f = test_files(A, "conf/rules", &n_files);
	struct core_rulebook book;
	struct fhir_issues is;
	bool found = false;

	for (size_t i = 0; i < n_files; i++) {
		struct sv_str text = sv_arena_str(A, f[i].bytes);
		size_t at = sv_str_find(text, sv_str_of(was));

		if (at == text.n)
			continue;
		((char *)text.p)[at + sizeof(was) - 2] = n;
		f[i].bytes = text;
		found = true;
	}
	cr_assert(found);
	fhir_issues_init(&is, A);
	cr_assert(sv_is_ok(map_rules_load(A, f, n_files, &book, &is)));
	return book;
}

static const struct core_rule *
rule(const struct core_rulebook *book, const char *id)
{
	for (size_t i = 0; i < book->n_rules; i++) {
		if (sv_str_is(book->rules[i].id, id))
			return &book->rules[i];
	}
	cr_assert(false, "no rule %s", id);
	return NULL;
}

/* A prostate cancer that recurred after prostatectomy, with the features of
 * ${state}; hands back how many are true, and may be. */
static void
patient(struct core_facts *F, int state, int *sure, int *possible)
{
	memset(F, 0, sizeof(*F));
	F->fact[CORE_HAS_PROSTATE_CANCER].truth = CORE_TRUE;
	F->fact[CORE_RP_AS_PRIMARY].truth = CORE_TRUE;
	F->fact[CORE_BCR_AFTER_RP].truth = CORE_TRUE;
	*sure = *possible = 0;
	for (int i = 0; i < FEATURES; i++, state /= 3) {
		enum core_tri t = (enum core_tri)(state % 3);
		struct core_fact *f = &F->fact[features[i]];
		bool high = (t == CORE_TRUE) != (features[i]
		    == CORE_PSA_DOUBLING_TIME);

		f->truth = t;
		if (core_fact_type(features[i]) == CORE_FACT_NUMBER
		    && t != CORE_UNKNOWN)
			f->number = core_exactly(high ? SV_DEC(9, 0)
			    : SV_DEC(1, 1));
		*sure += t == CORE_TRUE;
		*possible += t != CORE_FALSE;
	}
}

static void
check(const struct core_expr *e, int n)
{
	for (int s = 0; s < STATES; s++) {
		static struct core_facts F;
		core_fact_set missing;
		int sure, possible;
		enum core_tri t;

		patient(&F, s, &sure, &possible);
		t = core_expr_eval(e, &F, &missing);
		cr_expect_eq(t, sure >= n ? CORE_TRUE : possible < n
		    ? CORE_FALSE : CORE_UNKNOWN, "%d of %d to %d features, "
		    "state %d", n, sure, possible, s);
		/* All that is unknown would settle it, and nothing else. */
		for (int i = 0; i < FEATURES; i++)
			cr_expect_eq(!!(missing & CORE_FACT_BIT(features[i])),
			    t == CORE_UNKNOWN && core_fact_unknown(features[i],
			    &F.fact[features[i]]), "%d, state %d", n, s);
	}
}

Test(multiple, is_a_count_that_a_site_may_set)
{
	struct sv_arena A = test_arena((size_t)256 << 20);

	for (int n = 1; n <= FEATURES; n++) {
		struct core_rulebook book = rulebook(&A, (char)('0' + n));

		check(&rule(&book, "PRO-RP-05")->when, n);
	}
	sv_arena_free(&A);
}
