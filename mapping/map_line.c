#include "map_line.h"

struct sv_status
map_line_decide_read(const struct map_line *L, struct map_result *ret)
{
	struct core_history known = { ret->patient.events,
		ret->patient.n_events, L->as_of };

	ret->book = L->engine->book;
	/* What is decided anew is another decision. */
	for (int i = 0; i < CORE_CANCER_MAX; i++)
		ret->id[i] = (struct sv_str){ NULL, 0 };
	SV_TRY(core_decide(L->A, L->engine->book, &known, &ret->decision));
	return sv_arena_ok(L->A) ? SV_OK : SV_NOMEM;
}

struct sv_status
map_line_decide_doc(const struct map_line *L, const struct fhir_doc *doc,
    struct map_result *ret)
{
	ret->issues = L->is;
	SV_TRY(map_input(L->A, doc, &L->engine->input, &ret->patient, L->is));
	return map_line_decide_read(L, ret);
}

struct sv_status
map_line_decide(const struct map_line *L, struct sv_str text,
    struct map_result *ret)
{
	struct fhir_doc doc;

	SV_TRY(fhir_doc_read(L->A, text, &doc, L->is));
	return map_line_decide_doc(L, &doc, ret);
}
