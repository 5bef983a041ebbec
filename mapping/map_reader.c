#include "map_reader.h"

#include "sv_limits.h"

void
map_note(struct map_reader *R, enum fhir_severity severity, const char *detail,
    const struct fhir_at *at, const char *text)
{
	fhir_issue_add(R->is, &(struct fhir_issue){ .severity = severity,
	    .code = FHIR_CODE_BUSINESS_RULE, .detail = sv_str_of(detail),
	    .expression = fhir_path(R->is->A, at), .source = R->source,
	    .text = sv_str_of(text) });
}

void
map_emit(struct map_reader *R, const struct core_event *e)
{
	size_t cap = R->cap_events == 0 ? 64 : R->cap_events * 2;
	struct core_event *bigger;

	R->full = R->full || R->n_events >= SV_LIMIT_EVENTS;
	if (R->full)
		return;
	if (R->n_events == R->cap_events) {
		bigger = sv_arena_grow(R->A, R->events, R->n_events
		    * sizeof(*bigger), cap * sizeof(*bigger));
		if (bigger == NULL)
			return;
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
	return sv_arena_join(R->A, type, SV_LIT("/"), id);
}

struct core_event
map_start_event(struct map_reader *R, const struct fhir_at *root,
    struct sv_str type)
{
	struct core_event e = { .source = map_source_of(R, root, type) };
	struct fhir_at meta = fhir_get(root, "meta");
	struct sv_dec version;

	R->source = e.source;
	e.source_version = fhir_text(&meta, "versionId");
	if (sv_is_ok(sv_dec_parse(e.source_version, &version))
	    && version.scale == 0 && version.m > 0 && version.m < UINT32_MAX)
		e.version = (uint32_t)version.m;
	return e;
}

struct fhir_at
map_concept_of(const struct fhir_at *root, const char *name)
{
	struct fhir_at at = fhir_get(root, name);
	const struct cJSON *inner = fhir_get(&at, "concept").node;

	/* A cursor must not outlive its parent: keep the path of the outer. */
	if (inner != NULL)
		at.node = inner;
	return at;
}

bool
map_read_concept(struct map_reader *R, enum map_role role,
    const struct fhir_at *root, const char *name, struct map_meaning *ret)
{
	struct fhir_at at = map_concept_of(root, name);
	bool conflict;

	*ret = map_concept_meaning(R->terms, role, &at, &conflict);
	if (conflict) {
		map_note(R, FHIR_ERROR, "code-conflict", &at,
		    "The codings of this concept contradict each other; it "
		    "was not used. Send codings that agree.");
		return false;
	}
	if (ret->verdict == MAP_ASK)
		map_note(R, FHIR_WARNING, "code-unspecific", &at,
		    "The code is too unspecific to act on; it was not used. "
		    "Record the specific code.");
	if (ret->verdict == MAP_REFUSE)
		map_note(R, FHIR_INFORMATION, "code-refused", &at,
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

struct fhir_at
map_referred(struct map_reader *R, const struct fhir_at *root,
    const struct fhir_at *ref, const char *type)
{
	struct fhir_reference r = fhir_reference_at(ref);
	struct fhir_at x;
	struct fhir_entry *e;

	if (r.form == FHIR_REF_CONTAINED) {
		for (x = fhir_first(root, "contained"); fhir_is(&x);
		    x = fhir_next(&x)) {
			if (sv_str_eq(fhir_text(&x, "id"), sv_str_from(r.text,
			    1)) && sv_str_is(fhir_text(&x, "resourceType"),
			    type))
				return x;
		}
		return x;
	}
	e = map_resolve(R, &r);
	if (e == NULL || !sv_str_is(e->resource_type, type)
	    || e->tree == NULL)
		return fhir_root(NULL, type);
	return fhir_entry_root(e);
}
