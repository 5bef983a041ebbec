#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <string.h>

#include "fhir_doc.h"
#include "test_arena.h"

/* As a line it is read in one pass, with the same result. */
static void
check_line(struct sv_arena *A, struct sv_str text, const struct fhir_doc *doc,
    const struct fhir_issues *is)
{
	struct fhir_issues also;
	struct fhir_doc line;
	struct sv_status s;

	fhir_issues_init(&also, A);
	s = fhir_doc_read_line(A, text, &line, &also);
	cr_assert_eq(also.n, is->n);
	for (size_t i = 0; i < is->n; i++) {
		cr_assert(sv_str_eq(also.at[i].text, is->at[i].text));
		cr_assert(sv_str_eq(also.at[i].expression,
		    is->at[i].expression));
	}
	if (!sv_is_ok(s))
		return;
	cr_assert(line.is_bundle == doc->is_bundle
	    && sv_str_eq(line.resource_type, doc->resource_type)
	    && sv_str_eq(line.id, doc->id)
	    && line.n_entries == doc->n_entries);
	cr_assert(line.is_bundle || (line.entries[0].tree != NULL
	    && sv_str_is(line.resource_type, line.entries[0].path)
	    && sv_str_eq(line.entries[0].json, text)));
}

/* Scan ${text}; the first issue's path and text, or "" if it is accepted. */
static const char *
verdict(struct sv_arena *A, struct sv_str text, const char **path)
{
	struct fhir_issues is;
	struct fhir_doc doc;

	fhir_issues_init(&is, A);
	*path = "";
	if (sv_is_ok(fhir_doc_read(A, text, &doc, &is))) {
		check_line(A, text, &doc, &is);
		return "";
	}
	check_line(A, text, &doc, &is);
	cr_assert_gt(is.n, 0);
	*path = is.at[0].expression.p;
	return is.at[0].text.p;
}

Test(json, refusals_name_element_and_place)
{
	static const struct { const char *in, *path, *text; } rows[] = {
		{ "", "", "the document is empty" },
		{ "{\"resourceType\":\"Patient\"", "Patient.resourceType",
		    "ends too early" },
		{ "{\"resourceType\":\"Patient\"} x", "Patient",
		    "text behind the end" },
		{ "{\"resourceType\":\"Patient\",\"id\":\"a\",\"id\":\"b\"}",
		    "Patient.id", "same member name twice" },
		{ "{\"resourceType\":\"Patient\",\"id\":1,\"\\u0069d\":2}",
		    "Patient.id", "same member name twice" },
		{ "{\"resourceType\":\"Patient\",\"\xc3\xa4\":1,"
		    "\"\\u00e4\":2}", "Patient.\xc3\xa4",
		    "same member name twice" },
		{ "{\"resourceType\":\"Patient\",\"\xf0\x9f\x98\x80\":1,"
		    "\"\\ud83d\\ude00\":2}", "Patient.\xf0\x9f\x98\x80",
		    "same member name twice" },
		{ "{\"resourceType\":\"Patient\",\"a\":0.1234567890123456789"
		    "01234567890123456789012345678901234567890123456789}",
		    "Patient.a", "too many digits" },
		{ "{\"resourceType\":\"Patient\",\"id\":\"\\u0000\"}",
		    "Patient.id", "U+0000" },
		{ "{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}",
		    "Patient.id", "surrogate" },
		{ "{\"resourceType\":\"Patient\",\"id\":\"\xff\"}",
		    "Patient.id", "invalid UTF-8" },
		{ "{\"resourceType\":\"Observation\",\"valueQuantity\":"
		    "{\"value\":1e400}}", "Observation.valueQuantity.value",
		    "beyond every clinical magnitude" },
		{ "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":"
		    "[{},{\"resource\":{\"id\":01}}]}",
		    "Bundle.entry[1].resource.id", "leading zeros" },
		{ "\xef\xbb\xbf{}", "", "byte order mark" },
		{ "{\"resourceType\":\"Pateint\"}", "resourceType",
		    "no resource type" },
		{ "{\"resourceType\":\"Bundle\",\"type\":\"bag\"}",
		    "Bundle.type", "no Bundle type" },
		{ "<Patient/>", "", "outside the FHIR namespace" },
		{ "<!DOCTYPE a []><a/>", "", "DOCTYPE" },
		{ "<Patient xmlns=\"http://hl7.org/fhir\">", "Patient",
		    "ends too early" },
		{ "<Patient xmlns=\"http://hl7.org/fhir\">x</Patient>",
		    "Patient", "text outside" },
	};
	struct sv_arena A = test_arena(1 << 22);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path;
		const char *text = verdict(&A, sv_str_of(rows[i].in), &path);

		cr_expect_not_null(strstr(text, rows[i].text), "%s: %s",
		    rows[i].in, text);
		cr_expect_str_eq(path, rows[i].path, "%s: %s", rows[i].in,
		    path);
	}
	sv_arena_free(&A);
}

Test(json, different_names_stay_different)
{
	/* An escape must not be mistaken for the bytes of its number. */
	struct sv_arena A = test_arena(1 << 22);
	const char *path;

	cr_expect_str_eq(verdict(&A, SV_LIT("{\"resourceType\":\"Patient\","
	    "\"\\u0141\":1,\"\\u0001A\":2,\"\xc5\x80\":3}"), &path), "");
	sv_arena_free(&A);
}

Test(json, depth_is_bounded)
{
	struct sv_arena A = test_arena(1 << 22);
	char *deep = sv_arena_alloc(&A, 10000);
	const char *path;

	memset(deep, '[', 10000);
	cr_expect_not_null(strstr(verdict(&A, (struct sv_str){ deep, 10000 },
	    &path), "nested too deeply"));
	sv_arena_free(&A);
}

Test(json, numbers_keep_their_text)
{
	struct sv_arena A = test_arena(1 << 22);
	struct sv_str text = SV_LIT("{\"a\":[0.700,{\"b\":-1E+2}],\"s\":"
	    "\"1,2\\\"3\",\"c\":12345678901234567890}");
	const struct cJSON *tree;
	struct fhir_at root, x, y;

	cr_assert(sv_is_ok(fhir_json_tree(&A, text, &tree)));
	root = fhir_root(tree, "x");
	x = fhir_first(&root, "a");
	cr_expect(sv_str_is(fhir_value(&x), "0.700"));
	y = fhir_next(&x);
	cr_expect(sv_str_is(fhir_text(&y, "b"), "-1E+2"));
	cr_expect(sv_str_is(fhir_text(&root, "c"), "12345678901234567890"));
	cr_expect(sv_str_is(fhir_path(&A, &y), "x.a[1]"));
	sv_arena_free(&A);
}

/* ${text} as a tree in one pass, and the same in two, printed. */
static bool
same_in_one_pass(struct sv_arena *A, struct sv_str text)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	const struct cJSON *one, *two;
	struct fhir_json_scan scan;
	struct fhir_issues is, again;
	struct sv_buf a, b;
	bool good;

	fhir_issues_init(&is, A);
	fhir_issues_init(&again, A);
	sv_buf_init(&a, A, 1 << 20);
	sv_buf_init(&b, A, 1 << 20);
	good = sv_is_ok(fhir_json_scan(A, text, &limits, &scan, &is));
	cr_expect_eq(sv_is_ok(fhir_json_scan_tree(A, text, &limits, &one,
	    &again)), good, "%.*s", SV_FMT(text));
	if (!good) {
		cr_expect(again.n == 1 && sv_str_eq(is.at[0].text,
		    again.at[0].text));
		return false;
	}
	cr_assert(sv_is_ok(fhir_json_tree(A, text, &two)));
	fhir_json_print(&a, one);
	fhir_json_print(&b, two);
	cr_expect(sv_str_eq(sv_buf_str(&a), sv_buf_str(&b)));
	return sv_str_eq(sv_buf_str(&a), text);
}

/* What ends or breaks a string, at every distance from its beginning: eight
 * bytes are looked at at once. */
Test(json, strings_at_every_offset)
{
	static const struct { const char *what; bool good; } rows[] = {
		{ "", true }, { "\\\"", true }, { "\\\\", true },
		{ "\xc3\xa4", true }, { "\x7f", true }, { "\x1f", false },
		{ "\xff", false }, { "\\x", false }, { "!", true },
		{ "#", true }, { "[", true }, { "]", true }, { " ", true },
	};
	struct sv_arena A = test_arena(1 << 26);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int at = 0; at < 19; at++) {
			struct sv_str text = sv_arena_printf(&A, "{\"%.*s%s\":"
			    "\"%.*s%s%.*s\",\"n\":[0.700,true,null,{}]}", at,
			    "aaaaaaaaaaaaaaaaaaa", rows[i].what, at,
			    "bbbbbbbbbbbbbbbbbbb", rows[i].what, 18 - at,
			    "ccccccccccccccccccc");

			cr_expect_eq(same_in_one_pass(&A, text), rows[i].good,
			    "%.*s", SV_FMT(text));
		}
	}
	sv_arena_free(&A);
}

/* Escapes become what they stand for, in names and values. */
Test(json, escapes)
{
	static const char text[] = "{\"\\u0061\\u00e4\\n\":"
	    "\"\\ud83d\\ude00\\u20ac\\\\x\\/\\\"\"}";
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct sv_arena A = test_arena(1 << 20);
	const struct cJSON *tree;
	struct fhir_issues is;

	fhir_issues_init(&is, &A);
	cr_assert(sv_is_ok(fhir_json_scan_tree(&A, SV_LIT(text), &limits,
	    &tree, &is)));
	cr_expect_str_eq(tree->child->string, "a\xc3\xa4\n");
	cr_expect_str_eq(tree->child->valuestring,
	    "\xf0\x9f\x98\x80\xe2\x82\xac\\x/\"");
	sv_arena_free(&A);
}

Test(json, memory_failure_is_handled_everywhere)
{
	struct sv_arena B = test_arena((size_t)8 << 20);
	struct sv_str text = test_read(&B,
	    "tests/cases/vignettes-fhir/V013.json");
	bool done = false;

	for (long k = 0; !done && k < 1000; k++) {
		long allowed = k;
		struct sv_arena A = test_arena_failing((size_t)64 << 20,
		    &allowed);
		struct fhir_issues is;
		struct fhir_json_limits limits = fhir_json_limits_default();
		const struct cJSON *tree;
		struct fhir_doc doc;
		struct sv_status s;

		fhir_issues_init(&is, &A);
		s = fhir_json_scan_tree(&A, text, &limits, &tree, &is);
		cr_expect(sv_is_ok(s) || s.code == SV_CODE_NOMEM);
		if (sv_is_ok(s))
			s = fhir_doc_read(&A, text, &doc, &is);
		for (size_t i = 0; sv_is_ok(s) && i < doc.n_entries; i++)
			s = fhir_entry_tree(&A, &doc.entries[i]);
		done = sv_is_ok(s);
		cr_expect(done || s.code == SV_CODE_NOMEM);
		sv_arena_free(&A);
	}
	cr_expect(done);
	sv_arena_free(&B);
}
