/**
 * map_index.h: which entry of a document a reference means.
 *
 * FHIR R4 references.html#2.3.0.1 and bundle.html#references: a reference is
 * first the fullUrl of an entry.  "Type/id" is the resource of that type and
 * id; an absolute URL that no entry has as fullUrl means a resource of another
 * server, and is matched by type and id only against entries that do not say
 * where they come from.  If a document holds resources of several servers
 * under one "Type/id", the relative reference is ambiguous and means nothing.
 *
 * Two sorted arrays, not a hash table: whoever chooses the ids of a hostile
 * document cannot make a look-up slow.  O(n log n) to build, O(log n) to find.
 */
#ifndef MAP_INDEX_H
#define MAP_INDEX_H

#include "fhir_doc.h"
#include "fhir_type.h"

struct map_index_key;

struct map_index {
	const struct map_index_key *by_url, *by_id;
	size_t n_url, n_id;
};

/**
 * map_index_build(A, entries, n, ret):
 * Index ${entries}, which must outlive ${ret}.  Only an entry whose tree has
 * been built is found by its id.  NOMEM.
 */
struct sv_status map_index_build(struct sv_arena *A,
    struct fhir_entry *entries, size_t n, struct map_index *ret) SV_CHECK;

/** The entry that ${ref} means: the first of several versions.  NULL if there
 * is none, or more than one resource that it could mean. */
struct fhir_entry *map_index_find(const struct map_index *x,
    const struct fhir_reference *ref);

#endif
