/* A document: recognised, scanned or parsed, and all its trees built. */
#include "fhir_doc.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct sv_str text = { (const char *)data, n };
	struct fhir_issues is;
	struct fhir_doc doc;
	struct sv_status s;

	fhir_issues_init(&is, &A);
	s = fhir_doc_read(&A, text, &doc, &is);
	/* A refusal says why. */
	fuzz_must(sv_is_ok(s) || fhir_issues_fatal(&is));
	for (size_t i = 0; sv_is_ok(s) && i < doc.n_entries; i++) {
		if (doc.entries[i].json.n > 0)
			fuzz_must(sv_is_ok(fhir_entry_tree(&A,
			    &doc.entries[i])));
	}
	sv_arena_free(&A);
	return 0;
}
