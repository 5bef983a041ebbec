/**
 * fhir_json.h: strict reading of JSON.
 *
 * cJSON builds the tree, but it is too lenient for clinical data: it accepts
 * duplicate keys, trailing text, leading zeros, raw control characters and
 * invalid UTF-8, cuts strings at \u0000, and turns 0.700 into 0.7 and 1e400
 * into null (measured on Debian's 1.7.15).  So every document first passes a
 * strict scan (RFC 8259, and I-JSON, RFC 7493, for duplicate names), which
 * also counts depth and size, and finds the resources of a Bundle so that only
 * those that are needed are ever built as trees.
 */
#ifndef FHIR_JSON_H
#define FHIR_JSON_H

#include "fhir_issue.h"
#include "sv_buf.h"

struct cJSON;

struct fhir_json_limits {
	size_t bytes;		/* of the document */
	size_t depth;		/* of nesting */
	size_t values;		/* objects, arrays and primitives */
	size_t members;		/* of one object */
};

/** The ceilings of sv_limits.h. */
struct fhir_json_limits fhir_json_limits_default(void);

/* What the scan found out about one element of Bundle.entry. */
struct fhir_json_entry {
	struct sv_str full_url;		/* raw text between the quotes */
	struct sv_str resource;		/* the object, as written; may be empty */
	struct sv_str resource_type;	/* its direct member resourceType */
	struct sv_str request;		/* the object, as written; may be empty */
};

/* What the scan found out about the document. */
struct fhir_json_scan {
	struct sv_str resource_type;	/* of the root object; may be empty */
	struct sv_str bundle_type;	/* root member "type", if a string */
	struct sv_str id;		/* root member "id", if a string */
	struct sv_str timestamp;	/* root member "timestamp" */
	struct fhir_json_entry *entries;	/* root member "entry", if an array
					 * of objects; any resource type */
	size_t n_entries;
	size_t values;
};

/**
 * fhir_json_scan(A, text, limits, ret_scan, is):
 * Check that ${text} is exactly one strict JSON document and that its root is
 * an object.  A byte order mark is refused (RFC 8259 section 8.1).  BAD with a
 * fatal issue in ${is} that names the element path, what was found, and the
 * byte offset (line and column); LIMIT if a ceiling is passed; NOMEM.
 */
struct sv_status fhir_json_scan(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, struct fhir_json_scan *ret_scan,
    struct fhir_issues *is) SV_CHECK;

/** The same, and fhir_json_tree of it, in one pass: for what is no Bundle. */
struct sv_status fhir_json_scan_tree(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, const struct cJSON **ret_tree,
    struct fhir_issues *is) SV_CHECK;

/**
 * As fhir_json_scan for any JSON value at the root, by RFC 8259 alone: two
 * equal names in an object and U+0000, which only FHIR and I-JSON forbid, are
 * accepted.  Nothing is kept.
 */
struct sv_status fhir_json_check(struct sv_str text,
    const struct fhir_json_limits *limits, struct fhir_issues *is) SV_CHECK;

/**
 * fhir_json_tree(A, text, ret_tree):
 * The cJSON tree of ${text}, which must be (a value inside) a document that
 * passed the scan, allocated in ${A}: never cJSON_Delete it.  Each number's
 * valuestring is its exact text, and all there is of it: valuedouble is not
 * set.  NOMEM if ${A} is exhausted.
 */
struct sv_status fhir_json_tree(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret_tree) SV_CHECK;

/** Check ${text} by RFC 8259, within the usual ceilings, and build its tree: for
 * what is no FHIR document, such as the answer of a token endpoint.  BAD,
 * LIMIT, NOMEM; without saying why. */
struct sv_status fhir_json_read(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret_tree) SV_CHECK;

/**
 * Append ${tree} to ${out} as compact JSON.  Unlike cJSON's own printer it
 * writes numbers by their text, so that 0.70 stays 0.70; a tree read from XML
 * becomes the same resource in JSON.
 */
void fhir_json_print(struct sv_buf *out, const struct cJSON *tree);

/** Writes ${member} of an object in its way, name and all; or false. */
typedef bool fhir_json_instead_fn(struct sv_buf *out,
    const struct cJSON *member);

/** As fhir_json_print, but ${instead} is asked first for every member. */
void fhir_json_print_but(struct sv_buf *out, const struct cJSON *tree,
    fhir_json_instead_fn *instead);

#endif
