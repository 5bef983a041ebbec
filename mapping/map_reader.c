#include "map_reader.h"

#include "sv_limits.h"

void
map_note(struct map_reader *R, enum fhir_severity severity, const char *detail,
    const struct fhir_at *at, struct sv_str source, const char *text)
{
	fhir_issue_add(R->is, &(struct fhir_issue){ .severity = severity,
	    .code = FHIR_CODE_BUSINESS_RULE, .detail = sv_str_of(detail),
	    .expression = fhir_path(R->is->A, at), .source = source,
	    .text = sv_str_of(text) });
}

void
map_emit(struct map_reader *R, const struct core_event *e)
{
	size_t cap = R->cap_events == 0 ? 64 : R->cap_events * 2;
	struct core_event *bigger;

	if (R->n_events == R->cap_events) {
		bigger = R->n_events >= SV_LIMIT_EVENTS ? NULL
		    : sv_arena_grow(R->A, R->events, R->n_events
		    * sizeof(*bigger), cap * sizeof(*bigger));
		if (bigger == NULL) {
			R->nomem = true;
			return;
		}
		R->events = bigger;
		R->cap_events = cap;
	}
	R->events[R->n_events++] = *e;
}

struct sv_str
map_source_of(struct map_reader *R, const struct fhir_at *root,
    struct sv_str type)
{
	struct sv_str id = fhir_text(root, "id");

	if (id.n == 0)
		return sv_str_of(root->name);
	return sv_arena_printf(R->A, "%.*s/%.*s", SV_FMT(type), SV_FMT(id));
}

bool
map_read_concept(struct map_reader *R, enum map_role role,
    const struct fhir_at *root, const char *name, struct sv_str source,
    struct map_meaning *ret)
{
	struct fhir_at at = fhir_get(root, name);
	bool conflict;

	*ret = map_concept_meaning(R->terms, role, &at, &conflict);
	if (conflict) {
		map_note(R, FHIR_ERROR, "code-conflict", &at, source,
		    "The codings of this concept contradict each other; it "
		    "was not used. Send codings that agree.");
		return false;
	}
	if (ret->verdict == MAP_ASK)
		map_note(R, FHIR_WARNING, "code-unspecific", &at, source,
		    "The code is too unspecific to act on; it was not used. "
		    "Record the specific code.");
	if (ret->verdict == MAP_REFUSE)
		map_note(R, FHIR_INFORMATION, "code-refused", &at, source,
		    "The code does not mean what it may look like; it was "
		    "not used.");
	return ret->verdict == MAP_ACCEPT;
}

void
map_read_when(struct map_reader *R, const struct fhir_at *root,
    const char *base, struct core_event *ret)
{
	struct sv_str type = { NULL, 0 };
	struct fhir_at at = fhir_choice(root, base, &type);
	struct fhir_period p = { { 0, 0, SV_DATE_NONE },
		{ 0, 0, SV_DATE_NONE } };

	if (sv_str_is(type, "DateTime") || sv_str_is(type, "Instant")
	    || sv_str_is(type, "Date")) {
		if (fhir_date_at(&at, &ret->date, R->is).code == SV_CODE_BAD)
			ret->date.precision = SV_DATE_NONE;
	} else if (sv_str_is(type, "Period")
	    && sv_is_ok(fhir_period_at(&at, &p, R->is))) {
		ret->date = sv_date_is_set(p.start) ? p.start : p.end;
		ret->end = p.end;
	}
}

struct fhir_entry *
map_resolve(struct map_reader *R, const struct fhir_reference *ref)
{
	return map_index_find(&R->index, ref);
}
