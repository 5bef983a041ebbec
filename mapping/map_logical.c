#include "map_logical.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "fhir_doc.h"
#include "fhir_write.h"
#include "sv_limits.h"

#define SOURCE "https://salvor.example/source"

/* "Observation" of "Observation/e4/_history/2", or of a URL that ends so;
 * empty if it is no such name. */
static struct sv_str
type_of(struct sv_str reference)
{
	struct sv_str rest = reference;

	if (sv_str_chr(reference, '?') < reference.n)
		return (struct sv_str){ NULL, 0 };
	while (sv_str_chr(rest, '/') < rest.n) {
		struct sv_str part = { rest.p, sv_str_chr(rest, '/') };

		if (fhir_is_resource_type(part))
			return part;
		rest = sv_str_from(rest, part.n + 1);
	}
	return (struct sv_str){ NULL, 0 };
}

/* The member "reference" of a Reference. */
static void
add_reference(struct sv_buf *b, struct sv_str reference)
{
	struct sv_str type = type_of(reference);

	if (type.n > 0) {
		sv_buf_add(b, SV_LIT("\"type\":\""));
		sv_buf_add(b, type);
		sv_buf_add(b, SV_LIT("\",\"identifier\":{\"system\":\"" SOURCE
		    "\",\"value\":\""));
		fhir_escape_json(b, reference);
		sv_buf_add(b, SV_LIT("\"}"));
		return;
	}
	sv_buf_add(b, SV_LIT("\"reference\":\""));
	fhir_escape_json(b, reference);
	sv_buf_addc(b, '"');
}

static void add_value(struct sv_buf *b, const struct cJSON *v);

static void
add_member(struct sv_buf *b, const struct cJSON *c)
{
	if (strcmp(c->string, "reference") == 0 && cJSON_IsString(c)) {
		add_reference(b, sv_str_of(c->valuestring));
		return;
	}
	sv_buf_addc(b, '"');
	fhir_escape_json(b, sv_str_of(c->string));
	sv_buf_add(b, SV_LIT("\":"));
	add_value(b, c);
}

/* Recursion ends: the check has limited the depth (SV_LIMIT_DEPTH). */
static void
add_value(struct sv_buf *b, const struct cJSON *v)
{
	bool is_object = cJSON_IsObject(v);

	if (!is_object && !cJSON_IsArray(v)) {
		fhir_json_print(b, v);
		return;
	}
	sv_buf_addc(b, is_object ? '{' : '[');
	for (const struct cJSON *c = v->child; c != NULL; c = c->next) {
		if (c != v->child)
			sv_buf_addc(b, ',');
		if (is_object)
			add_member(b, c);
		else
			add_value(b, c);
	}
	sv_buf_addc(b, is_object ? '}' : ']');
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
	add_value(&b, tree);
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	*ret = sv_buf_str(&b);
	return SV_OK;
}
