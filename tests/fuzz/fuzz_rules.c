/* The loaders of rules and of terminology, each given the text as a file. */
#include "fuzz.h"
#include "map_rules.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct map_file file = { SV_LIT("input.json"),
		{ (const char *)data, n } };
	struct core_rulebook book;
	struct map_terminology *terminology;
	struct fhir_issues is;

	fhir_issues_init(&is, &A);
	fuzz_must(sv_is_ok(map_rules_load(&A, &file, 1, &book, &is))
	    || is.n > 0);
	fhir_issues_init(&is, &A);
	fuzz_must(sv_is_ok(map_terminology_load(&A, &file, 1, &terminology,
	    &is)) || is.n > 0);
	sv_arena_free(&A);
	return 0;
}
