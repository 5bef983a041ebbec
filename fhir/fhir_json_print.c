#include "fhir_json.h"

#include <cjson/cJSON.h>

#include "fhir_node.h"
#include "fhir_write.h"

static void
put_string(struct sv_buf *out, const char *s)
{
	sv_buf_addc(out, '"');
	fhir_escape_json(out, sv_str_of(s));
	sv_buf_addc(out, '"');
}

static void
put_primitive(struct sv_buf *out, const struct cJSON *tree)
{
	struct fhir_at at = fhir_root(tree, "");

	if (cJSON_IsString(tree))
		put_string(out, tree->valuestring);
	else if (cJSON_IsNull(tree))
		sv_buf_add(out, SV_LIT("null"));
	else
		sv_buf_add(out, fhir_value(&at));
}

/* True if the value of ${member} is still to be written. */
static bool
put_name(struct sv_buf *out, const struct cJSON *member,
    fhir_json_instead_fn *instead)
{
	if (instead != NULL && instead(out, member))
		return false;
	put_string(out, member->string);
	sv_buf_addc(out, ':');
	return true;
}

/* Recursion is as deep as the tree, at most SV_LIMIT_DEPTH. */
void
fhir_json_print_but(struct sv_buf *out, const struct cJSON *tree,
    fhir_json_instead_fn *instead)
{
	bool object = cJSON_IsObject(tree);

	if (!object && !cJSON_IsArray(tree)) {
		put_primitive(out, tree);
		return;
	}
	sv_buf_addc(out, object ? '{' : '[');
	for (const struct cJSON *c = tree->child; c != NULL; c = c->next) {
		if (c != tree->child)
			sv_buf_addc(out, ',');
		if (!object || put_name(out, c, instead))
			fhir_json_print_but(out, c, instead);
	}
	sv_buf_addc(out, object ? '}' : ']');
}

void
fhir_json_print(struct sv_buf *out, const struct cJSON *tree)
{
	fhir_json_print_but(out, tree, NULL);
}
