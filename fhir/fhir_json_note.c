/*
 * The skeleton of a Bundle, as the scan comes by.
 */
#include "fhir_json_scanner.h"

/* True if the value under way is root.${name}. */
static bool
at_member(const struct fhir_json_scanner *S, size_t depth, const char *name)
{
	return S->out != NULL && S->depth == depth
	    && S->frames[depth - 1].is_object
	    && sv_str_is(S->frames[depth - 1].key, name);
}

/* Inside an element of root.entry? */
static bool
in_entry(const struct fhir_json_scanner *S)
{
	return S->out != NULL && S->depth >= 3 && !S->frames[1].is_object
	    && sv_str_is(S->frames[0].key, "entry")
	    && S->out->n_entries > 0;
}

/* Note what a string of the skeleton says. */
void
fhir_json_note_string(struct fhir_json_scanner *S, struct sv_str v)
{
	struct fhir_json_entry *e;

	if (at_member(S, 1, "resourceType"))
		S->out->resource_type = v;
	else if (at_member(S, 1, "type"))
		S->out->bundle_type = v;
	else if (at_member(S, 1, "id"))
		S->out->id = v;
	else if (at_member(S, 1, "timestamp"))
		S->out->timestamp = v;
	if (!in_entry(S))
		return;
	e = &S->out->entries[S->out->n_entries - 1];
	if (at_member(S, 3, "fullUrl"))
		e->full_url = v;
	else if (at_member(S, 4, "resourceType")
	    && sv_str_is(S->frames[2].key, "resource"))
		e->resource_type = v;
}

/* An element of root.entry begins. */
struct sv_status
fhir_json_note_open(struct fhir_json_scanner *S)
{
	struct fhir_json_entry *at;
	size_t cap;

	if (S->out == NULL || S->depth != 2 || S->frames[1].is_object
	    || !sv_str_is(S->frames[0].key, "entry"))
		return SV_OK;
	if (S->out->n_entries == S->cap_entries) {
		cap = S->cap_entries == 0 ? 64 : S->cap_entries * 2;
		at = sv_arena_grow(S->A, S->out->entries,
		    S->cap_entries * sizeof(*at), cap * sizeof(*at));
		SV_ENSURE(at != NULL, SV_NOMEM);
		S->out->entries = at;
		S->cap_entries = cap;
	}
	S->out->entries[S->out->n_entries++] = (struct fhir_json_entry){
		.full_url = { NULL, 0 } };
	return SV_OK;
}

/* The object that began at ${from} has been closed. */
void
fhir_json_note_close(struct fhir_json_scanner *S, const char *from)
{
	struct fhir_json_entry *e;
	struct sv_str text = { from, (size_t)(S->t.p - from) };

	if (!in_entry(S) || S->depth != 3)
		return;
	e = &S->out->entries[S->out->n_entries - 1];
	if (at_member(S, 3, "resource"))
		e->resource = text;
	else if (at_member(S, 3, "request"))
		e->request = text;
}
