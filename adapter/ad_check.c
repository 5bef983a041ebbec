#include "ad_check.h"

#include <stdio.h>

#include "ad_memory.h"
#include "ad_rules.h"
#include "map_check.h"
#include "sv_date.h"
#include "sv_limits.h"

struct tally {
	size_t errors, warnings, cases, changed;
};

static void
print(const struct fhir_issues *is, struct tally *t)
{
	for (size_t i = 0; i < is->n; i++) {
		bool error = is->at[i].severity <= FHIR_ERROR;

		printf("%s: %.*s: %.*s\n", error ? "error" : "warning",
		    SV_FMT(is->at[i].expression), SV_FMT(is->at[i].text));
		t->errors += error;
		t->warnings += !error;
	}
}

/* Decide the case ${v} and say what differs from what it expects. */
static void
run_case(const char *folder, const struct fhir_at *v, struct ad_engine *E,
    struct tally *t)
{
	struct fhir_at expect = fhir_get(v, "expect");
	struct sv_str id = fhir_text(v, "id"), text;
	struct sv_arena A = ad_arena(SV_LIMIT_ARENA);
	struct fhir_issues reading, is;
	struct map_result r;
	struct sv_date as_of;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/vignettes-fhir/%.*s.json",
	    folder, SV_FMT(id));
	fhir_issues_init(&is, &A);
	fhir_issues_init(&reading, &A);
	text = ad_engine_file(&A, path);
	if (text.p == NULL || !sv_is_ok(sv_date_parse(fhir_text(v,
	    "reference_date"), &as_of)) || !sv_is_ok(map_line_decide(
	    &(struct map_line){ &A, &E->engine, as_of.lo, &reading }, text,
	    &r)))
		fhir_issue_addf(&is, FHIR_ERROR, FHIR_CODE_NOT_FOUND, id,
		    "%s cannot be read and decided.", path);
	else
		map_check_case(&expect, &r, id, &is);
	for (size_t i = 0; i < is.n; i++)
		printf("case %.*s: %.*s\n", SV_FMT(id), SV_FMT(is.at[i].text));
	t->cases++;
	t->changed += is.n > 0;
	sv_arena_free(&A);
}

static void
run_cases(const struct ad_options *o, const struct fhir_at *cases,
    struct ad_engine *E, struct tally *t)
{
	struct fhir_at v;
	char folder[4000];

	if (o->cases != NULL)
		(void)snprintf(folder, sizeof(folder), "%s", o->cases);
	else
		(void)snprintf(folder, sizeof(folder), "%s/cases", E->conf);
	for (v = fhir_first(cases, "vignettes"); fhir_is(&v);
	    v = fhir_next(&v))
		run_case(folder, &v, E, t);
	if (t->cases == 0)
		printf("warning: no cases in %s; name their folder with "
		    "--cases\n", folder);
}

/* Guidelines change every year: warn once the review is due (hazard H14). */
static void
check_review(const struct ad_options *o, const struct core_rulebook *book,
    struct tally *t)
{
	struct sv_date due;

	if (sv_is_ok(sv_date_parse(book->review_by, &due))
	    && due.hi >= o->as_of)
		return;
	printf("warning: the rule book was to be reviewed by %.*s "
	    "(effectivePeriod.end); its sources may be outdated\n",
	    SV_FMT(book->review_by));
	t->warnings++;
}

/* A sign-off for another rule set than this one is none. */
static void
check_sign_off(const struct core_rulebook *book, struct tally *t)
{
	const struct core_sign_off *s = &book->sign_off;

	if (s->file.n == 0 || s->holds)
		return;
	printf("error: %.*s: signed off by %.*s was the rule set with sha256 "
	    "%.*s; this one is another and counts as not signed off\n",
	    SV_FMT(s->file), SV_FMT(s->by), SV_FMT(s->sha256));
	t->errors++;
}

/* Lint, even of a configuration that loading has refused: one run tells all
 * that is wrong. */
static bool
lint(struct ad_engine *E, const struct fhir_at *cases, struct tally *t)
{
	struct fhir_issues is;

	fhir_issues_init(&is, &E->arena);
	if (!sv_is_ok(map_check_rules(&E->arena, &E->book, cases, &is))
	    || !sv_is_ok(map_check_terminology(&E->arena, E->files,
	    E->n_files, &is))) {
		fprintf(stderr, "salvor: not enough memory\n");
		return false;
	}
	print(&is, t);
	check_sign_off(&E->book, t);
	return true;
}

static enum ad_exit
check(const struct ad_options *o, struct ad_engine *E, bool loaded)
{
	struct fhir_at cases = ad_rules_cases(o, E);
	struct tally t = { 0 };

	if (!lint(E, &cases, &t))
		return AD_EXIT_TEMPORARY;
	if (!loaded)
		return AD_EXIT_CONFIG;
	check_review(o, &E->book, &t);
	run_cases(o, &cases, E, &t);
	printf("%zu rules, version %.*s, sha256 %.*s: ", E->book.n_rules,
	    SV_FMT(E->book.version), SV_FMT(E->book.sha256));
	printf(t.errors > 0 ? "%zu errors" : "no errors", t.errors);
	printf(", %zu warnings; %zu cases, %zu changed%s\n", t.warnings,
	    t.cases, t.changed, t.changed > 0 && E->book.n_changes > 0
	    ? " by this site" : "");
	return t.errors > 0 || (t.changed > 0 && E->book.n_changes == 0)
	    ? AD_EXIT_CONFIG : AD_EXIT_OK;
}

enum ad_exit
ad_check(const struct ad_options *o)
{
	struct ad_engine E;
	enum ad_exit e = ad_engine_load(o, &E);

	if (e == AD_EXIT_OK || E.n_files > 0)
		e = check(o, &E, e == AD_EXIT_OK);
	ad_engine_free(&E);
	return e;
}
