/*
 * Prefetched resources, and those that the client's server answered with: how
 * whole they are, and whose.
 */
#include "map_hook_part.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "core_interval.h"
#include "map_subject.h"

/* An OperationOutcome that says that something went wrong; a warning or a
 * remark is none [R21]. */
static bool
is_failure(const struct fhir_at *outcome)
{
	struct fhir_at x;
	bool any = false;

	for (x = fhir_first(outcome, "issue"); fhir_is(&x); x = fhir_next(&x)) {
		struct sv_str severity = fhir_text(&x, "severity");

		any = true;
		if (sv_str_is(severity, "error")
		    || sv_str_is(severity, "fatal"))
			return true;
	}
	return !any;
}

/* Is ${base} the server that the patient is on?  Without fhirServer it is the
 * one that is named first. */
static bool
is_server(struct map_hook_request *r, struct sv_str base)
{
	if (r->server.n > 0)
		return sv_str_eq(base, r->server);
	if (r->foreign_base.n == 0)
		r->foreign_base = base;
	return sv_str_eq(base, r->foreign_base);
}

/* Does ${root} say that it is about the patient of the context [R32]?  Unknown
 * if it does not say clearly about whom it is: the same id on another server may
 * be the patient by another address of the server, or anybody. */
static enum core_tri
is_of_patient(struct map_hook_request *r, const struct fhir_at *root)
{
	struct fhir_at subject = fhir_get(root, "subject");
	struct fhir_reference ref = fhir_reference_at(&subject);

	if (ref.form != FHIR_REF_RELATIVE && ref.form != FHIR_REF_ABSOLUTE)
		return CORE_UNKNOWN;
	if (!sv_str_is(ref.type, "Patient") || !sv_str_eq(ref.id, r->patient))
		return CORE_FALSE;
	return ref.form == FHIR_REF_RELATIVE || is_server(r, ref.base)
	    ? CORE_TRUE : CORE_UNKNOWN;
}

static struct sv_status
add_entry(struct map_hook_request *r, const struct fhir_entry *e)
{
	if (r->n_entries == r->cap_entries) {
		size_t cap = r->cap_entries == 0 ? 64 : 2 * r->cap_entries;
		struct fhir_entry *more = sv_arena_grow(r->A, r->entries,
		    r->n_entries * sizeof(*more), cap * sizeof(*more));

		SV_ENSURE(more != NULL, SV_NOMEM);
		r->entries = more;
		r->cap_entries = cap;
	}
	r->entries[r->n_entries++] = *e;
	return SV_OK;
}

/* One resource: kept if it is of the patient, or belongs to nobody but is
 * referred to (Medication). */
static struct sv_status
take(struct map_hook_request *r, const struct fhir_at *res,
    struct sv_str full_url, struct map_supplied *s, struct fhir_issues *is)
{
	enum core_tri mine;
	struct fhir_entry e = { .index = (int32_t)r->n_entries,
		.resource_type = fhir_text(res, "resourceType"),
		.full_url = full_url, .path = "prefetch", .tree = res->node };

	if (sv_str_is(e.resource_type, "Patient")) {
		if (!sv_str_eq(fhir_text(res, "id"), r->patient))
			return map_hook_wrong(is, res, "The Patient is not the "
			    "one of the context.");
		return add_entry(r, &e);
	}
	if (sv_str_is(e.resource_type, "Medication"))
		return add_entry(r, &e);
	if (!map_is_clinical(e.resource_type))
		return SV_OK;
	mine = is_of_patient(r, res);
	if (mine == CORE_TRUE)
		return add_entry(r, &e);
	s->unclear += mine == CORE_UNKNOWN;
	r->n_foreign++;
	return SV_OK;
}

static struct sv_str
next_page(const struct fhir_at *bundle)
{
	struct fhir_at x;

	for (x = fhir_first(bundle, "link"); fhir_is(&x); x = fhir_next(&x)) {
		if (sv_str_is(fhir_text(&x, "relation"), "next"))
			return fhir_text(&x, "url");
	}
	return (struct sv_str){ NULL, 0 };
}

static void
read_total(const struct fhir_at *bundle, struct map_supplied *s)
{
	struct sv_dec total;

	if (sv_is_ok(sv_dec_parse(fhir_text(bundle, "total"), &total))
	    && total.scale == 0 && total.m >= 0)
		s->total = (uint64_t)total.m;
}

/* Is this entry an error that the server reports beside its matches? */
static bool
is_outcome(const struct fhir_at *entry, const struct fhir_at *res)
{
	struct fhir_at search = fhir_get(entry, "search");

	return sv_str_is(fhir_text(&search, "mode"), "outcome")
	    || sv_str_is(fhir_text(res, "resourceType"), "OperationOutcome");
}

static struct sv_status
take_bundle(struct map_hook_request *r, struct map_supplied *s,
    const struct fhir_at *bundle, struct fhir_issues *is)
{
	struct fhir_at x;
	bool failed = false;

	for (x = fhir_first(bundle, "entry"); fhir_is(&x); x = fhir_next(&x)) {
		struct fhir_at res = fhir_get(&x, "resource");
		struct fhir_at search = fhir_get(&x, "search");

		if (!fhir_is_object(&res))
			continue;
		if (is_outcome(&x, &res)) {
			failed = failed || is_failure(&res);
			continue;
		}
		s->got += !sv_str_is(fhir_text(&search, "mode"), "include");
		SV_TRY(take(r, &res, fhir_text(&x, "fullUrl"), s, is));
	}
	read_total(bundle, s);
	s->next = next_page(bundle);
	s->state = failed ? MAP_SUPPLY_FAILED
	    : s->next.n > 0 || s->total > s->got ? MAP_SUPPLY_PART
	    : s->got == 0 ? MAP_SUPPLY_EMPTY : MAP_SUPPLY_WHOLE;
	return SV_OK;
}

struct sv_status
map_hook_supply(struct map_hook_request *r, enum map_key k,
    const struct cJSON *tree, struct fhir_issues *is)
{
	struct fhir_at at = fhir_root(tree, map_template(k)->key);
	struct map_supplied *s = &r->key[k];
	struct sv_str type = fhir_text(&at, "resourceType");

	if (!fhir_is_object(&at) || type.n == 0)
		return map_hook_wrong(is, &at, "A prefetched value is a "
		    "resource or null.");
	if (sv_str_is(type, "OperationOutcome")) {
		s->state = MAP_SUPPLY_FAILED;
		return SV_OK;
	}
	if (sv_str_is(type, "Bundle"))
		return take_bundle(r, s, &at, is);
	s->got++;
	s->state = MAP_SUPPLY_WHOLE;
	return take(r, &at, (struct sv_str){ NULL, 0 }, s, is);
}

/* The member ${name}, null or not: null says something here [R20]. */
static const struct cJSON *
member(const struct fhir_at *object, const char *name)
{
	const struct cJSON *c = object->node->child;

	while (c != NULL && strcmp(c->string, name) != 0)
		c = c->next;
	return c;
}

/* The value inside {"response": …, "resource": …}, which was the form before
 * 1.0 [R28]; else the value. */
static struct fhir_at
unwrap(const struct fhir_at *value, bool wrapped)
{
	struct fhir_at inner = fhir_get(value, "resource");

	return wrapped && fhir_is_object(&inner)
	    && fhir_text(value, "resourceType").n == 0 ? inner : *value;
}

struct sv_status
map_hook_prefetch(struct map_hook_request *r, const struct fhir_at *prefetch,
    bool wrapped, struct fhir_issues *is)
{
	for (int k = 0; k < MAP_KEY_MAX; k++) {
		const char *name = map_template((enum map_key)k)->key;
		const struct cJSON *c = member(prefetch, name);
		struct fhir_at at = fhir_root(c, name);

		if (c == NULL)
			continue;
		if (cJSON_IsNull(c)) {
			r->key[k].state = MAP_SUPPLY_EMPTY;
			continue;
		}
		at = unwrap(&at, wrapped);
		SV_TRY(map_hook_supply(r, (enum map_key)k, at.node, is));
	}
	return SV_OK;
}

bool
map_hook_has(const struct map_hook_request *r, enum map_key k)
{
	if (r->key[k].unclear > 0)
		return false;
	/* An empty Patient is no patient. */
	return r->key[k].state == MAP_SUPPLY_WHOLE
	    || (r->key[k].state == MAP_SUPPLY_EMPTY && k != MAP_KEY_PATIENT);
}

bool
map_hook_wants(const struct map_hook_request *r, enum map_key k)
{
	return r->key[k].state == MAP_SUPPLY_ABSENT
	    || (r->key[k].state == MAP_SUPPLY_PART && r->key[k].next.n > 0);
}
