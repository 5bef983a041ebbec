/* The bytes of a kick-off, by level, method and version (bulk.md K1 to K8). */
#include <criterion/criterion.h>

#include "ad_bulk_kickoff.h"
#include "test_arena.h"

static const struct sv_str types[] = { SV_STATIC("Patient"),
	SV_STATIC("Observation") };
static const struct sv_str filters[] = {
	SV_STATIC("Observation?code=http://loinc.org|2857-1,35741-8"),
	SV_STATIC("Condition?category=problem-list-item") };
static const struct sv_str patients[] = { SV_STATIC("7"), SV_STATIC("p-8") };

static const struct {
	struct ad_bulk_export e;
	const char *url, *body;		/* url NULL: refused */
} rows[] = {
	{ { .base = SV_STATIC("https://ehr.example/fhir/"),
	    .level = SV_STATIC("system") },
	    "https://ehr.example/fhir/$export", NULL },
	{ { .base = SV_STATIC("https://ehr.example/fhir"),
	    .level = SV_STATIC("patient"),
	    .since = SV_STATIC("2026-11-23T02:00:00+01:00"), .types = types,
	    .n_types = 2 },
	    "https://ehr.example/fhir/Patient/$export"
	    "?_since=2026-11-23T02%3A00%3A00%2B01%3A00&_type=Patient,Observation",
	    NULL },
	{ { .base = SV_STATIC("https://ehr.example/fhir"),
	    .level = SV_STATIC("group"), .group = SV_STATIC("a/b?c"),
	    .types = types, .n_types = 2, .lists = AD_BULK_REPEAT },
	    "https://ehr.example/fhir/Group/a%2Fb%3Fc/$export"
	    "?_type=Patient&_type=Observation", NULL },
	{ { .base = SV_STATIC("https://ehr.example/fhir"),
	    .level = SV_STATIC("patient"), .filters = filters,
	    .n_filters = 2 },
	    "https://ehr.example/fhir/Patient/$export?_typeFilter="
	    "Observation%3Fcode%3Dhttp%3A%2F%2Floinc.org%7C2857-1%252C35741-8,"
	    "Condition%3Fcategory%3Dproblem-list-item", NULL },
	{ { .base = SV_STATIC("https://ehr.example/fhir"),
	    .level = SV_STATIC("group"), .group = SV_STATIC("g1"),
	    .operation = SV_STATIC("$export-v4"), .types = types, .n_types = 2,
	    .since = SV_STATIC("2026-11-23T02:00:00.123Z"),
	    .method = AD_BULK_POST },
	    "https://ehr.example/fhir/Group/g1/$export-v4",
	    "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":"
	    "\"_since\",\"valueInstant\":\"2026-11-23T02:00:00.123Z\"},"
	    "{\"name\":\"_type\",\"valueString\":\"Patient\"},"
	    "{\"name\":\"_type\",\"valueString\":\"Observation\"}]}" },
	{ { .base = SV_STATIC("https://ehr.example/fhir"),
	    .level = SV_STATIC("patient"), .types = types, .n_types = 2,
	    .lists = AD_BULK_COMMA, .patients = patients, .n_patients = 2 },
	    "https://ehr.example/fhir/Patient/$export",
	    "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":"
	    "\"_type\",\"valueString\":\"Patient,Observation\"},"
	    "{\"name\":\"patient\",\"valueReference\":{\"reference\":"
	    "\"Patient/7\"}},{\"name\":\"patient\",\"valueReference\":"
	    "{\"reference\":\"Patient/p-8\"}}]}" },
	{ { .base = SV_STATIC("https://ehr.example/fhir"),
	    .level = SV_STATIC("system"), .method = AD_BULK_POST },
	    "https://ehr.example/fhir/$export",
	    "{\"resourceType\":\"Parameters\"}" },
	{ { .base = SV_STATIC("x"), .level = SV_STATIC("system"),
	    .patients = patients, .n_patients = 2 }, NULL, NULL },
	{ { .base = SV_STATIC("x"), .level = SV_STATIC("group") }, NULL, NULL },
	{ { .base = SV_STATIC("x"), .level = SV_STATIC("everything") }, NULL,
	    NULL },
	{ { .base = SV_STATIC("x"), .level = SV_STATIC("patient"),
	    .patients = patients, .n_patients = 2, .method = AD_BULK_GET },
	    NULL, NULL },
};

static struct sv_arena A;

static void
end(void)
{
	sv_arena_free(&A);
}

static void
begin(void)
{
	A = test_arena((size_t)64 << 20);
}

TestSuite(bulk_kickoff, .init = begin, .fini = end);

Test(bulk_kickoff, requests)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ad_bulk_kickoff k;
		struct sv_err err;
		struct sv_status s = ad_bulk_kickoff_make(&A, &rows[i].e, &k,
		    &err);

		cr_expect(sv_is_ok(s) == (rows[i].url != NULL), "row %zu", i);
		if (!sv_is_ok(s) || rows[i].url == NULL)
			continue;
		cr_expect_str_eq(k.url.p, rows[i].url);
		cr_expect(k.post == (rows[i].body != NULL));
		if (k.post && rows[i].body != NULL)
			cr_expect(sv_str_is(k.body, rows[i].body), "%.*s",
			    SV_FMT(k.body));
	}
}

Test(bulk_kickoff, since_is_a_full_instant)
{
	static const struct { const char *text; bool ok; } since[] = {
		{ "2026-11-23T02:00:00Z", true },
		{ "2026-11-23T02:00:00.5-05:00", true },
		{ "2026-11-23", false }, { "2026-11-23T02:00Z", false },
		{ "2026-11-23T02:00:00", false }, { "2026", false },
		{ "2026-11-23T02:00:00+0100", false }, { "yesterday", false },
		{ "2026-11-23T02:00:00Z ", false } };

	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++)
		cr_expect(ad_bulk_is_instant(sv_str_of(since[i].text))
		    == since[i].ok, "%s", since[i].text);
}

Test(bulk_kickoff, filters_do_not_shape_results)
{
	static const struct { const char *text; bool ok; } filter[] = {
		{ "Observation?code=2857-1&date=ge2020", true },
		{ "Observation?_lastUpdated=ge2026", true },
		{ "Observation?code=1&_include=Observation:subject", false },
		{ "Observation?_sort=-date", false },
		{ "Observation?_include:iterate=x", false },
		{ "Observation", false }, { "Nonsense?a=b", false },
		{ "Observation?", false } };

	for (size_t i = 0; i < sizeof(filter) / sizeof(filter[0]); i++) {
		struct sv_str one = sv_str_of(filter[i].text);
		struct ad_bulk_export e = { .base = SV_LIT("https://x"),
			.level = SV_LIT("system"), .filters = &one,
			.n_filters = 1 };
		struct ad_bulk_kickoff k;
		struct sv_err err;

		cr_expect(sv_is_ok(ad_bulk_kickoff_make(&A, &e, &k, &err))
		    == filter[i].ok, "%s", filter[i].text);
	}
}
