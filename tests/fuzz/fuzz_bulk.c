/* What a Bulk Data server may send: a manifest, the answer to a question, a
 * CapabilityStatement, a Content-Range; and a kick-off of the same bytes. */
#include "ad_bulk_capability.h"
#include "ad_bulk_kickoff.h"
#include "ad_bulk_manifest.h"
#include "ad_bulk_part.h"
#include "ad_bulk_status.h"
#include "fhir_json.h"
#include "fuzz.h"

#define URL SV_LIT("https://ehr.example/bulk/status/1")

static void
try_manifest(struct sv_arena *A, struct sv_str text)
{
	struct ad_bulk_manifest M;
	struct sv_err err = { "", "" };
	struct sv_status s = ad_bulk_manifest_read(A, text, URL, &M, &err);

	fuzz_must(sv_is_ok(s) || s.code == SV_CODE_NOMEM || err.text[0] != '\0');
	for (size_t i = 0; sv_is_ok(s) && i < M.n; i++) {
		fuzz_must(M.file[i].url.n > 0 && M.file[i].kind
		    < AD_BULK_KIND_MAX);
		fuzz_must(M.file[i].url.p[M.file[i].url.n] == '\0');
	}
}

static void
try_answers(struct sv_arena *A, struct sv_str text)
{
	static const long statuses[] = { 200, 202, 401, 404, 429, 500 };
	char reason[300];
	int64_t first, total;
	struct sv_str name;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct ad_bulk_answer a = { true, statuses[i], text, text };

		(void)ad_bulk_status_of(A, &a, reason);
		for (const char *p = reason; *p != '\0'; p++)
			fuzz_must((unsigned char)*p >= ' ' && *p != 0x7f);
	}
	if (ad_bulk_capability_read(A, text, SV_LIT("group"), &name))
		fuzz_must(name.n > 1 && name.p[0] == '$');
	if (ad_bulk_part_range(text, &first, &total))
		fuzz_must(first >= -1 && total >= -1);
}

/* Whatever a value holds, it neither ends the URL's query nor the JSON. */
static void
try_kickoff(struct sv_arena *A, struct sv_str text)
{
	struct ad_bulk_export e = { .base = SV_LIT("https://ehr.example"),
		.level = SV_LIT("group"), .group = text, .filters = &text,
		.n_filters = 1, .elements = &text, .n_elements = 1 };
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct ad_bulk_kickoff k;
	struct fhir_issues is;
	struct sv_err err;

	if (text.n > 2000)
		return;
	for (int post = 0; post < 2; post++) {
		e.method = post ? AD_BULK_POST : AD_BULK_GET;
		if (!sv_is_ok(ad_bulk_kickoff_make(A, &e, &k, &err)))
			continue;
		for (size_t i = 0; i < k.url.n; i++)
			fuzz_must(k.url.p[i] > ' ' && k.url.p[i] < 0x7f
			    && k.url.p[i] != '#');
		fhir_issues_init(&is, A);
		fuzz_must(!post || sv_is_ok(fhir_json_check(k.body, &limits,
		    &is)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct sv_str text = { (const char *)data, n };

	try_manifest(&A, text);
	try_answers(&A, text);
	try_kickoff(&A, text);
	sv_arena_free(&A);
	return 0;
}
