/**
 * fhir_node.h: walking a resource, with the element path always at hand.
 *
 * The tree is cJSON's.  A number keeps its exact text in valuestring.  A cursor (struct fhir_at) names a node
 * and the cursor it came from, so that a path such as
 * Bundle.entry[3].resource.valueQuantity.value can be printed when something
 * is wrong, and costs nothing when nothing is.  Cursors live on the stack; a
 * cursor must not outlive the one it came from.
 *
 * Members are looked up case-sensitively.  JSON null counts as absent.
 */
#ifndef FHIR_NODE_H
#define FHIR_NODE_H

#include "fhir_issue.h"

struct cJSON;

struct fhir_at {
	const struct fhir_at *up;	/* NULL at the root */
	const struct cJSON *node;	/* NULL: the element is absent */
	const char *name;		/* member name; prefix at the root */
	int32_t index;			/* in an array, else -1 */
};

/** A cursor at ${node}, whose path begins with ${prefix} ("Patient",
 * "Bundle.entry[3].resource"); ${prefix} must outlive the cursor. */
struct fhir_at fhir_root(const struct cJSON *node, const char *prefix);

/** True if the cursor is at an element. */
static inline bool
fhir_is(const struct fhir_at *at)
{
	return at->node != NULL;
}

/**
 * fhir_get(at, name):
 * The member ${name} of the object ${at}; absent if there is none or ${at} is
 * no object.  If the member is an array, its first element.
 */
struct fhir_at fhir_get(const struct fhir_at *at, const char *name);

/**
 * fhir_choice(at, base, ret_type):
 * The member of the choice element ${base}[x] ("value" finds valueQuantity).
 * ${ret_type} gets the part behind ${base} ("Quantity").  Absent if there is
 * none, or if there are two (the caller may test fhir_choice_count).
 */
struct fhir_at fhir_choice(const struct fhir_at *at, const char *base,
    struct sv_str *ret_type);
size_t fhir_choice_count(const struct fhir_at *at, const char *base);

/**
 * Visit every element of the member ${name} of ${at}, be it an array or a
 * single element:
 *	struct fhir_at x;
 *	for (x = fhir_first(at, "coding"); fhir_is(&x); x = fhir_next(&x))
 */
struct fhir_at fhir_first(const struct fhir_at *at, const char *name);
struct fhir_at fhir_next(const struct fhir_at *x);

/** Every member of the object ${at}, in document order; then fhir_sibling. */
struct fhir_at fhir_member(const struct fhir_at *at);
struct fhir_at fhir_sibling(const struct fhir_at *x);

/**
 * fhir_text(at, name):
 * The text of the primitive member ${name}: a string's characters, a number's
 * exact text, "true" or "false".  Empty if absent or not a primitive.
 */
struct sv_str fhir_text(const struct fhir_at *at, const char *name);

/** The text of the primitive at ${at} itself. */
struct sv_str fhir_value(const struct fhir_at *at);

/** True if the node is a JSON object / string / number / boolean. */
bool fhir_is_object(const struct fhir_at *at);
bool fhir_is_string(const struct fhir_at *at);
bool fhir_is_number(const struct fhir_at *at);
bool fhir_is_bool(const struct fhir_at *at);

/** The element path, in ${A}; .p is NULL without memory. */
struct sv_str fhir_path(struct sv_arena *A, const struct fhir_at *at);

/** Add an issue about ${at}. */
void fhir_issue_at(struct fhir_issues *is, enum fhir_severity severity,
    enum fhir_issue_code code, const struct fhir_at *at, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
