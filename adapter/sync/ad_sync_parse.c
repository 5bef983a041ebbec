/*
 * One line of an export to what it says.
 */
#include "ad_sync_read.h"

#include <stdlib.h>

#include "ad_store_key.h"
#include "fhir_type.h"

struct ad_sync_record *
ad_sync_batch_add(struct ad_sync_batch *b)
{
	size_t cap = b->cap == 0 ? 64 : b->cap * 2;
	struct ad_sync_record *at = b->at;

	if (b->n == b->cap) {
		at = sv_arena_grow(&b->A, at, b->cap * sizeof(*at),
		    cap * sizeof(*at));
		if (at == NULL)
			return NULL;
		b->at = at;
		b->cap = cap;
	}
	b->at[b->n] = (struct ad_sync_record){ .type = AD_SYNC_OTHER,
		.what = AD_SYNC_PASS };
	return &b->at[b->n++];
}

static struct sv_status
refuse(struct ad_sync_batch *b, struct ad_sync_record *r, struct sv_str why)
{
	r->what = AD_SYNC_REFUSE;
	r->reason = sv_arena_str(&b->A, why);
	return r->reason.p != NULL ? SV_OK : SV_NOMEM;
}

/* The first thing that is wrong. */
static struct sv_str
reason_of(const struct fhir_issues *is)
{
	for (size_t i = 0; i < is->n; i++) {
		if (is->at[i].severity <= FHIR_ERROR)
			return is->at[i].text;
	}
	return SV_LIT("The line cannot be read.");
}

/* Is the patient asked for? */
static bool
is_wanted(const struct ad_sync *Y, struct sv_str key)
{
	return Y->n_patients == 0 || key.n == 0 || bsearch(&key, Y->patients,
	    Y->n_patients, sizeof(key), sv_str_order) != NULL;
}

/* Part of a resource only (R4 resource.html#tag-SUBSETTED): it would take the
 * place of the whole. */
static bool
is_subsetted(const struct fhir_at *root)
{
	struct fhir_at meta = fhir_get(root, "meta"), x;

	for (x = fhir_first(&meta, "tag"); fhir_is(&x); x = fhir_next(&x)) {
		if (sv_str_is(fhir_text(&x, "code"), "SUBSETTED"))
			return true;
	}
	return false;
}

/* Entries that delete are the "deleted" files of an export ([M6] of the Bulk
 * Data Access specification, "deleted" of the manifest). */
static struct sv_status
read_bundle(const struct ad_sync *Y, struct ad_sync_batch *b,
    const struct fhir_doc *doc, int64_t line)
{
	for (size_t i = 0; i < doc->n_entries; i++) {
		struct ad_sync_record *r = ad_sync_batch_add(b);
		struct fhir_reference ref;

		SV_ENSURE(r != NULL, SV_NOMEM);
		r->line = line;
		if (!ad_is_delete(&doc->entries[i])) {
			SV_TRY(refuse(b, r, SV_LIT("A Bundle in an export may "
			    "only delete; send others to the service or to "
			    "salvor evaluate.")));
			continue;
		}
		r->what = AD_SYNC_FORGET;
		r->url = sv_arena_str(&b->A, doc->entries[i].url);
		SV_ENSURE(r->url.p != NULL, SV_NOMEM);
		ref = fhir_reference_of(r->url);
		r->named = ref.id.n > 0;
		r->known = ad_store_key(Y->source_key, ref.type, ref.id);
	}
	return SV_OK;
}

static void
own(struct sv_arena *A, struct sv_str from, struct sv_str *to, bool *ok)
{
	*to = from.n > 0 ? sv_arena_str(A, from) : (struct sv_str){ "", 0 };
	*ok = *ok && to->p != NULL;
}

/* What is to be kept of the resource ${e}. */
static struct sv_status
read_kept(struct sv_arena *A, struct ad_sync_batch *b,
    struct ad_sync_record *r, struct fhir_entry *e,
    const struct map_subject *m)
{
	struct fhir_at root = fhir_entry_root(e);
	struct map_version v = map_version_of(&root);
	struct sv_str refers;
	bool ok = true;

	SV_TRY(map_shared_reference(A, e, &refers));
	own(&b->A, m->name, &r->name, &ok);
	own(&b->A, m->belongs == MAP_BELONGS_SHARED ? (struct sv_str){ "", 0 }
	    : m->key, &r->key, &ok);
	own(&b->A, m->base, &r->base, &ok);
	own(&b->A, v.id, &r->version.id, &ok);
	own(&b->A, v.updated, &r->version.updated, &ok);
	own(&b->A, refers, &r->refers, &ok);
	SV_ENSURE(ok, SV_NOMEM);
	r->replaced = m->successor.n > 0;
	r->what = AD_SYNC_KEEP;
	return SV_OK;
}

/* Older than what --since asks for? */
static bool
is_before(const struct ad_sync *Y, const struct fhir_at *root)
{
	struct map_version v;

	if (Y->o->since == NULL)
		return false;
	v = map_version_of(root);
	return v.updated.n > 0
	    && sv_str_cmp(v.updated, sv_str_of(Y->o->since)) < 0;
}

static struct sv_status
read_resource(struct ad_sync *Y, struct sv_arena *A, struct ad_sync_batch *b,
    struct ad_sync_record *r, struct fhir_entry *e)
{
	struct map_subject m;
	struct fhir_at root;
	struct sv_str id;

	r->type = ad_sync_type_of(e->resource_type);
	SV_TRY(map_subject(A, e, &m));
	if (m.belongs == MAP_BELONGS_NOWHERE)
		return SV_OK;
	root = fhir_entry_root(e);
	id = fhir_text(&root, "id");
	if (id.n == 0)
		return refuse(b, r, SV_LIT("The resource has no id."));
	r->named = true;
	r->known = ad_store_key(Y->source_key, e->resource_type, id);
	if (m.belongs == MAP_BELONGS_UNKNOWN)
		return map_is_supporting(e->resource_type) ? SV_OK
		    : refuse(b, r, SV_LIT("The subject names no Patient, as "
		    "Patient/id."));
	if (is_subsetted(&root))
		return refuse(b, r, SV_LIT("The resource is only a part "
		    "(SUBSETTED); export whole resources, without _elements."));
	if (!is_wanted(Y, m.key) || is_before(Y, &root))
		return SV_OK;
	return read_kept(A, b, r, e, &m);
}

struct sv_status
ad_sync_parse(struct ad_sync *Y, struct sv_arena *A, struct ad_sync_batch *b,
    struct sv_str line)
{
	struct ad_sync_record *r;
	struct fhir_issues is;
	struct fhir_doc doc;
	struct sv_status s;

	sv_arena_reset(A);
	fhir_issues_init(&is, A);
	s = fhir_doc_read_line(A, line, &doc, &is);
	SV_ENSURE(s.code != SV_CODE_NOMEM, s);
	if (sv_is_ok(s) && doc.is_bundle)
		return read_bundle(Y, b, &doc, b->line);
	SV_ENSURE((r = ad_sync_batch_add(b)) != NULL, SV_NOMEM);
	r->line = b->line;
	r->text = line;
	SV_TRY(sv_is_ok(s) ? read_resource(Y, A, b, r, &doc.entries[0])
	    : refuse(b, r, reason_of(&is)));
	return sv_arena_ok(A) ? SV_OK : SV_NOMEM;
}
