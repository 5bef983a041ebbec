#include "ad_bulk_capability.h"

#include <string.h>

#include "fhir_json.h"
#include "fhir_node.h"

/* The canonical URL of the operation for ${level}, from its last segment on. */
static struct sv_str
definition_of(struct sv_str level)
{
	return sv_str_is(level, "patient")
	    ? SV_LIT("/OperationDefinition/patient-export|4.")
	    : sv_str_is(level, "group")
	    ? SV_LIT("/OperationDefinition/group-export|4.")
	    : SV_LIT("/OperationDefinition/export|4.");
}

/* A name that may stand in a URL as it is. */
static bool
is_name(struct sv_str s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	for (size_t i = 0; i < s.n; i++) {
		if (memchr(allowed, s.p[i], sizeof(allowed) - 1) == NULL)
			return false;
	}
	return s.n > 0 && s.n <= 64;
}

/* The operation among those of ${at}, a rest or one of its resources. */
static bool
find(struct sv_arena *A, const struct fhir_at *at, struct sv_str definition,
    struct sv_str *ret)
{
	struct fhir_at x;

	for (x = fhir_first(at, "operation"); fhir_is(&x); x = fhir_next(&x)) {
		struct sv_str url = fhir_text(&x, "definition");
		struct sv_str name = fhir_text(&x, "name");

		name = sv_str_from(name, name.n > 0 && name.p[0] == '$');
		if (url.n > 0 && sv_str_find(url, definition) < url.n
		    && is_name(name)) {
			*ret = sv_arena_printf(A, "$%.*s", SV_FMT(name));
			return ret->p != NULL;
		}
	}
	return false;
}

bool
ad_bulk_capability_read(struct sv_arena *A, struct sv_str json,
    struct sv_str level, struct sv_str *ret)
{
	struct sv_str definition = definition_of(level);
	const struct cJSON *tree;
	struct fhir_at root, rest, x;

	if (!sv_is_ok(fhir_json_read(A, json, &tree)))
		return false;
	root = fhir_root(tree, "CapabilityStatement");
	for (rest = fhir_first(&root, "rest"); fhir_is(&rest);
	    rest = fhir_next(&rest)) {
		if (find(A, &rest, definition, ret))
			return true;
		for (x = fhir_first(&rest, "resource"); fhir_is(&x);
		    x = fhir_next(&x)) {
			if (find(A, &x, definition, ret))
				return true;
		}
	}
	return false;
}
