#include "map_logical.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "fhir_doc.h"
#include "fhir_json.h"
#include "fhir_type.h"
#include "fhir_write.h"
#include "sv_limits.h"

#define SOURCE "https://salvor.example/source"

/* The member "reference" of a Reference, unless it is one inside the Bundle
 * (urn:uuid:, #facts) or a conditional one. */
static bool
put_logical(struct sv_buf *b, const struct cJSON *member)
{
	struct sv_str text = sv_str_of(member->valuestring);
	struct fhir_reference ref = fhir_reference_of(text);

	if (strcmp(member->string, "reference") != 0
	    || !fhir_is_resource_type(ref.type)
	    || sv_str_chr(text, '?') < text.n)
		return false;
	sv_buf_add(b, SV_LIT("\"type\":\""));
	sv_buf_add(b, ref.type);
	sv_buf_add(b, SV_LIT("\",\"identifier\":{\"system\":\"" SOURCE
	    "\",\"value\":\""));
	fhir_escape_json(b, text);
	sv_buf_add(b, SV_LIT("\"}"));
	return true;
}

struct sv_status
map_logical(struct sv_arena *A, struct sv_str bundle,
    struct sv_str *ret)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	const struct cJSON *tree;
	struct fhir_issues is;
	struct sv_buf b;

	fhir_issues_init(&is, A);
	SV_ENSURE(sv_is_ok(fhir_json_check(bundle, &limits, &is)), SV_BUG);
	SV_TRY(fhir_json_tree(A, bundle, &tree));
	sv_buf_init(&b, A, SV_LIMIT_OUTPUT);
	fhir_json_print_but(&b, tree, put_logical);
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	*ret = sv_buf_str(&b);
	return SV_OK;
}
