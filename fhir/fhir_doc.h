/**
 * fhir_doc.h: one document of any FHIR form, as a list of resources.
 *
 * JSON or XML, a Bundle of any type or a single resource: recognised by content.
 * Resources of a JSON Bundle are built as trees only when asked for.
 */
#ifndef FHIR_DOC_H
#define FHIR_DOC_H

#include "fhir_json.h"
#include "fhir_node.h"

struct fhir_entry {
	int32_t index;			/* in Bundle.entry; -1: the document */
	struct sv_str resource_type;	/* "" if the entry has no resource */
	struct sv_str full_url;
	struct sv_str method;		/* request.method: "PUT", "DELETE", "" */
	struct sv_str url;		/* request.url */
	const char *path;		/* "Bundle.entry[3].resource", "Patient" */
	struct sv_str json;		/* its text, if JSON */
	const struct cJSON *tree;	/* NULL until fhir_entry_tree */
};

struct fhir_doc {
	bool is_bundle;
	struct sv_str resource_type;	/* of the document */
	struct sv_str bundle_type;	/* "" if it is no Bundle, or has none */
	struct sv_str id;
	struct sv_str timestamp;	/* Bundle.timestamp */
	struct fhir_entry *entries;	/* one for a single resource */
	size_t n_entries;
};

/**
 * fhir_doc_read(A, text, ret_doc, is):
 * Read ${text}, which must outlive ${ret_doc}.  BAD with fatal issues in ${is}
 * if it is no strict JSON or XML, has no known resourceType, or is a Bundle
 * without a known type or with malformed entries; LIMIT; NOMEM.  An entry
 * whose resource has an unknown type is kept, with an error issue, and has
 * resource_type "".
 */
struct sv_status fhir_doc_read(struct sv_arena *A, struct sv_str text,
    struct fhir_doc *ret_doc, struct fhir_issues *is) SV_CHECK;

/** The same, with the tree of a single resource of JSON built in the same pass:
 * for lines of NDJSON. */
struct sv_status fhir_doc_read_line(struct sv_arena *A, struct sv_str text,
    struct fhir_doc *ret_doc, struct fhir_issues *is) SV_CHECK;

/** Build the tree of ${e} unless it is there already.  NOMEM. */
struct sv_status fhir_entry_tree(struct sv_arena *A, struct fhir_entry *e)
    SV_CHECK;

/** A cursor at the resource of ${e}, whose tree has been built. */
struct fhir_at fhir_entry_root(const struct fhir_entry *e);

/** True if R4 has a resource type of this name. */
bool fhir_is_resource_type(struct sv_str name);

/* A line of NDJSON. */
struct fhir_line {
	struct sv_str text;	/* without its line end */
	int64_t number;		/* from 1 */
};

/**
 * fhir_ndjson_next(rest, line):
 * Take the next non-empty line from the front of ${rest} into ${line}.  False
 * at the end.  ${line}->number counts on from what it was, empty lines too.
 */
bool fhir_ndjson_next(struct sv_str *rest, struct fhir_line *line);

/** True if ${text} looks like NDJSON: a first line that is a complete JSON
 * object, followed by a further non-empty line. */
bool fhir_looks_ndjson(struct sv_str text);

#endif
