#include "map_index.h"

#include <stdlib.h>

/* A fullUrl with an empty id, or a resource type and an id. */
struct map_index_key {
	struct sv_str name, id;
	struct fhir_entry *entry;	/* the first of this name */
	struct fhir_entry *homeless;	/* the first that names no server */
	bool ambiguous;			/* resources of several servers */
};

static int
cmp_key(const struct map_index_key *a, const struct map_index_key *b)
{
	int d = sv_str_cmp(a->name, b->name);

	return d != 0 ? d : sv_str_cmp(a->id, b->id);
}

/* Entries of one key stay in the order of the document. */
static int
by_key_and_place(const void *x, const void *y)
{
	const struct map_index_key *a = x, *b = y;
	int d = cmp_key(a, b);

	if (d != 0)
		return d;
	return (a->entry > b->entry) - (a->entry < b->entry);
}

static int
by_key(const void *x, const void *y)
{
	return cmp_key(x, y);
}

static bool
names_a_server(const struct fhir_entry *e)
{
	return sv_str_starts(e->full_url, SV_LIT("http://"))
	    || sv_str_starts(e->full_url, SV_LIT("https://"));
}

/* Sort, and fold the entries of each key into its first; how many keys. */
static size_t
fold(struct map_index_key *k, size_t n)
{
	size_t out = 0;

	if (n == 0)
		return 0;
	qsort(k, n, sizeof(*k), by_key_and_place);
	for (size_t i = 1; i < n; i++) {
		struct map_index_key *first = &k[out];

		if (cmp_key(first, &k[i]) != 0) {
			k[++out] = k[i];
			continue;
		}
		if (first->homeless == NULL)
			first->homeless = k[i].homeless;
		if (!sv_str_eq(first->entry->full_url, k[i].entry->full_url)
		    && names_a_server(first->entry)
		    && names_a_server(k[i].entry))
			first->ambiguous = true;
	}
	return out + 1;
}

struct sv_status
map_index_build(struct sv_arena *A, struct fhir_entry *entries, size_t n,
    struct map_index *ret)
{
	struct map_index_key *url = sv_arena_alloc(A, (n + 1) * sizeof(*url));
	struct map_index_key *id = sv_arena_alloc(A, (n + 1) * sizeof(*id));
	size_t n_url = 0, n_id = 0;

	SV_ENSURE(url != NULL && id != NULL, SV_NOMEM);
	for (size_t i = 0; i < n; i++) {
		struct fhir_entry *e = &entries[i];
		struct map_index_key k = { .name = e->full_url, .entry = e,
			.homeless = names_a_server(e) ? NULL : e };
		struct fhir_at root;

		if (e->full_url.n > 0)
			url[n_url++] = k;
		if (e->tree == NULL)
			continue;
		root = fhir_entry_root(e);
		k.name = e->resource_type;
		k.id = fhir_text(&root, "id");
		if (k.id.n > 0)
			id[n_id++] = k;
	}
	*ret = (struct map_index){ .by_url = url, .n_url = fold(url, n_url),
		.by_id = id, .n_id = fold(id, n_id) };
	return SV_OK;
}

static const struct map_index_key *
look_up(const struct map_index_key *k, size_t n, struct sv_str name,
    struct sv_str id)
{
	struct map_index_key wanted = { .name = name, .id = id };

	if (n == 0 || name.n == 0)
		return NULL;
	return bsearch(&wanted, k, n, sizeof(*k), by_key);
}

struct fhir_entry *
map_index_find(const struct map_index *x, const struct fhir_reference *ref)
{
	const struct map_index_key *k;

	if (ref->form == FHIR_REF_NONE || ref->form == FHIR_REF_LOGICAL
	    || ref->form == FHIR_REF_CONTAINED)
		return NULL;
	if ((k = look_up(x->by_url, x->n_url, ref->text, (struct sv_str){
	    NULL, 0 })) != NULL)
		return k->entry;
	if (ref->id.n == 0 || (k = look_up(x->by_id, x->n_id, ref->type,
	    ref->id)) == NULL)
		return NULL;
	if (ref->form == FHIR_REF_ABSOLUTE)
		return k->homeless;
	return k->ambiguous ? NULL : k->entry;
}
