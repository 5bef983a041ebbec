/* Manifests of every version (bulk.md M1 to M8). */
#include <criterion/criterion.h>

#include "ad_bulk_manifest.h"
#include "test_arena.h"

#define URL "https://ehr.example/bulk/status/1"
#define HEAD "\"transactionTime\":\"2026-11-24T02:00:00Z\"," \
	"\"requiresAccessToken\":true"

static struct sv_arena A;
static struct ad_bulk_manifest M;

static void
begin(void)
{
	A = test_arena((size_t)64 << 20);
}

static void
end(void)
{
	sv_arena_free(&A);
}

TestSuite(bulk_manifest, .init = begin, .fini = end);

static bool
reads(const char *json)
{
	struct sv_err err = { .text = "" };
	struct sv_status s = ad_bulk_manifest_read(&A, sv_str_of(json),
	    SV_LIT(URL), &M, &err);

	cr_expect(sv_is_ok(s) || err.text[0] != '\0');
	return sv_is_ok(s);
}

/* Version 1 to 3: error, request, an extension that is an object. */
Test(bulk_manifest, older)
{
	cr_assert(reads("{" HEAD ",\"request\":\"https://ehr.example/$export\","
	    "\"output\":[{\"type\":\"Patient\",\"url\":\"/files/1.ndjson\","
	    "\"count\":7,\"extension\":{\"x\":1}},{\"type\":\"Observation\","
	    "\"url\":\"https://cdn.example/2?sig=a%2Bb\"}],"
	    "\"deleted\":[{\"type\":\"Bundle\",\"url\":\"3\"}],"
	    "\"error\":[{\"type\":\"OperationOutcome\",\"url\":\"../4\"}]}"));
	cr_assert_eq(M.n, 4);
	cr_expect(M.needs_token && !M.has_headers && M.next.n == 0);
	cr_expect(sv_str_is(M.transaction_time, "2026-11-24T02:00:00Z"));
	cr_expect(sv_str_is(M.file[0].url,
	    "https://ehr.example/files/1.ndjson"));
	cr_expect(sv_str_is(M.file[0].type, "Patient"));
	cr_expect_eq(M.file[0].count, 7);
	cr_expect_eq(M.file[1].count, -1);
	cr_expect(sv_str_is(M.file[1].url, "https://cdn.example/2?sig=a%2Bb"));
	cr_expect(sv_str_is(M.file[2].url, "https://ehr.example/bulk/status/3"));
	cr_expect_eq(M.file[2].kind, AD_BULK_DELETED);
	cr_expect(sv_str_is(M.file[3].url, "https://ehr.example/bulk/4"));
	cr_expect_eq(M.file[3].kind, AD_BULK_OUTCOME);
}

/* Version 4: outcome, no request, files without a type, pages. */
Test(bulk_manifest, newer)
{
	cr_assert(reads("{\"manifestType\":\"http://hl7.org/x\"," HEAD ","
	    "\"outputFormat\":\"application/fhir+ndjson\","
	    "\"outputOrganizedBy\":\"Patient\",\"output\":[{\"url\":\"a\","
	    "\"continuesInFile\":\"b\",\"fileSize\":12}],\"outcome\":[{\"url\":"
	    "\"o\",\"countSeverity\":[{\"code\":\"error\",\"count\":2}]}],"
	    "\"extension\":[{\"url\":\"x\"}],\"link\":[{\"relation\":\"self\","
	    "\"url\":\"x\"},{\"relation\":\"next\",\"url\":\"1?page=2\"}]}"));
	cr_assert_eq(M.n, 2);
	cr_expect(M.has_headers);
	cr_expect_eq(M.file[0].size, 12);
	cr_expect_eq(M.file[0].type.n, 0);
	cr_expect(sv_str_is(M.next, "https://ehr.example/bulk/status/1?page=2"));
}

/* Nothing to export: no list at all (M1). */
Test(bulk_manifest, empty)
{
	cr_assert(reads("{" HEAD "}"));
	cr_expect_eq(M.n, 0);
	cr_assert(reads("{" HEAD ",\"output\":[],\"link\":[{\"relation\":"
	    "\"next\",\"url\":\"#pending\"}]}"));
	cr_expect_eq(M.n + M.next.n, 0);
}

Test(bulk_manifest, refused)
{
	static const char *const bad[] = { "", "[]", "{", "{}",
		"{\"requiresAccessToken\":true}",
		"{\"transactionTime\":\"2026-11-24T02:00:00Z\"}",
		"{\"transactionTime\":\"2026-11-24T02:00:00Z\","
		    "\"requiresAccessToken\":\"true\"}",
		"{" HEAD ",\"outputFormat\":\"application/vnd.apache.parquet\"}",
		"{" HEAD ",\"output\":[{\"type\":\"Patient\"}]}",
		"{" HEAD ",\"output\":[{\"url\":\"http://[\"}]}",
		"{" HEAD "," HEAD "}", "<html>" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(!reads(bad[i]), "%s", bad[i]);
}
