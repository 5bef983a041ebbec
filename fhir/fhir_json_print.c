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

/* Recursion is as deep as the tree, at most SV_LIMIT_DEPTH. */
void
fhir_json_print(struct sv_buf *out, const struct cJSON *tree)
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
		if (object) {
			put_string(out, c->string);
			sv_buf_addc(out, ':');
		}
		fhir_json_print(out, c);
	}
	sv_buf_addc(out, object ? '}' : ']');
}
