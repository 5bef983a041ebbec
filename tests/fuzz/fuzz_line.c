/* The whole line: a document to guidance, with the rules of conf/. */
#include "fuzz.h"
#include "map_bundle.h"
#include "vignette.h"

static struct sv_arena config;
static struct core_rulebook book;
static struct map_engine engine;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct map_output_options o = { .recorded = SV_LIT(
	    "2026-05-01T08:00:00Z"), .software = SV_LIT("fuzz") };
	struct fhir_issues is;
	struct map_result r;
	struct sv_buf out;

	if (engine.book == NULL) {
		config = test_arena(FUZZ_ARENA);
		book = test_rulebook(&config);
		engine = test_engine(&config, &book);
	}
	fhir_issues_init(&is, &A);
	sv_buf_init(&out, &A, (size_t)64 << 20);
	if (sv_is_ok(map_line_decide(&(struct map_line){ &A, &engine, 20574, &is },
	    (struct sv_str){ (const char *)data, n }, &r)))
		fuzz_must(sv_is_ok(map_bundle_write(&A, &r, &o, &out)));
	else
		fuzz_must(fhir_issues_fatal(&is));
	sv_arena_free(&A);
	return 0;
}
