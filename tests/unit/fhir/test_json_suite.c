/*
 * JSONTestSuite: every y_ file is accepted, every n_ file refused.  Of the i_
 * files, which RFC 8259 leaves open, Salvor refuses what FHIR or I-JSON
 * refuses: invalid UTF-8, lone surrogates, byte order marks, UTF-16, nesting
 * beyond its limit, and numbers whose exponent has over two digits.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir_json.h"
#include "test_arena.h"

static bool
accepted(struct sv_arena *A, const char *dir, const char *name)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_issues is;
	char path[2048];
	bool ok;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fhir_issues_init(&is, A);
	ok = sv_is_ok(fhir_json_check(test_read(A, path), &limits, &is));
	cr_expect_eq(ok, is.n == 0, "%s: an issue goes with a refusal", name);
	return ok;
}

Test(json_suite, verdicts)
{
	/* The i_ files that are accepted; all others of them are refused. */
	static const char *const open[] = {
		"i_number_too_big_neg_int.json",
		"i_number_too_big_pos_int.json",
		"i_number_very_big_negative_int.json" };
	struct sv_arena A = test_arena((size_t)64 << 20);
	char dir[1024];
	struct dirent *d;
	size_t n = 0;
	DIR *D;

	(void)snprintf(dir, sizeof(dir), "%s/JSONTestSuite-test_parsing",
	    getenv("SALVOR_TEST_DATA"));
	cr_assert_not_null(D = opendir(dir));
	while ((d = readdir(D)) != NULL) {
		bool want = d->d_name[0] == 'y';

		if (strlen(d->d_name) < 2 || d->d_name[1] != '_')
			continue;
		for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
			want = want || strcmp(open[i], d->d_name) == 0;
		sv_arena_reset(&A);
		cr_expect_eq(accepted(&A, dir, d->d_name), want, "%s",
		    d->d_name);
		n++;
	}
	(void)closedir(D);
	sv_arena_free(&A);
	cr_assert_geq(n, 318);
}
