#include "map_line.h"

struct sv_status
map_line_decide_entries(struct sv_arena *A, const struct map_engine *engine,
    struct fhir_entry *entries, size_t n, int32_t as_of,
    struct map_result *ret, struct fhir_issues *is)
{
	struct core_history known;

	ret->book = engine->book;
	ret->issues = is;
	SV_TRY(map_input(A, entries, n, &engine->input, &ret->patient, is));
	known = (struct core_history){ ret->patient.events,
		ret->patient.n_events, as_of };
	return core_decide(A, engine->book, &known, &ret->decision);
}

struct sv_status
map_line_decide(struct sv_arena *A, const struct map_engine *engine,
    struct sv_str text, int32_t as_of, struct map_result *ret,
    struct fhir_issues *is)
{
	struct fhir_doc doc;

	SV_TRY(fhir_doc_read(A, text, &doc, is));
	return map_line_decide_entries(A, engine, doc.entries, doc.n_entries,
	    as_of, ret, is);
}
