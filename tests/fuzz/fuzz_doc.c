/* A document: recognised, scanned or parsed, and all its trees built; and the
 * same as a line. */
#include "fhir_doc.h"
#include "fuzz.h"

static void
check_line(struct sv_str text, struct sv_status as, size_t n_entries)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct fhir_issues is;
	struct fhir_doc line;
	struct sv_status s;

	fhir_issues_init(&is, &A);
	s = fhir_doc_read_line(&A, text, &line, &is);
	fuzz_must(sv_is_ok(s) || fhir_issues_fatal(&is));
	fuzz_must(s.code == as.code && (!sv_is_ok(s)
	    || line.n_entries == n_entries));
	sv_arena_free(&A);
}

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
	check_line(text, s, doc.n_entries);
	for (size_t i = 0; sv_is_ok(s) && i < doc.n_entries; i++) {
		if (doc.entries[i].json.n > 0)
			fuzz_must(sv_is_ok(fhir_entry_tree(&A,
			    &doc.entries[i])));
	}
	sv_arena_free(&A);
	return 0;
}
