#include "map_rules_data.h"

#define VARIABLE "http://hl7.org/fhir/StructureDefinition/variable"
#define NAME_MAX 64	/* of R4's id */

struct sv_status
map_rules_compile(struct sv_arena *A, const struct fhir_at *expression,
    const struct core_scope *scope, struct core_expr *ret,
    struct fhir_issues *is)
{
	struct sv_err err;
	struct fhir_at text = fhir_get(expression, "expression");
	struct sv_status s;

	s = core_expr_compile(A, fhir_value(&text), scope, ret, &err);
	if (s.code == SV_CODE_BAD)
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_INVALID,
		    fhir_is(&text) ? &text : expression, "%s", err.text);
	return s.code == SV_CODE_NOMEM ? s : SV_OK;
}

/* R4 has Expression.name as an id, which has no underscore; a name of FHIRPath
 * has no hyphen and no dot, and begins with a letter. */
static bool
is_name(struct sv_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z')
		    || (s.p[i] >= 'A' && s.p[i] <= 'Z');

		if (!letter && (i == 0 || s.p[i] < '0' || s.p[i] > '9'))
			return false;
	}
	return s.n > 0 && s.n <= NAME_MAX;
}

/* Does ${name} mean something already? */
static bool
is_taken(struct sv_str name, const struct map_rules_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		if (sv_str_eq(names->list[i].name, name))
			return true;
	}
	return core_fact_of(name) != CORE_FACT_COUNT
	    || core_param_of(name) != CORE_PARAM_COUNT;
}

static struct sv_status
add_variable(struct sv_arena *A, const struct fhir_at *x,
    const struct core_params *params, struct map_rules_names *names,
    struct fhir_issues *is)
{
	struct core_scope scope = { params, names->list, names->n };
	struct fhir_at e = fhir_get(x, "valueExpression");
	struct core_variable v = { .name = fhir_text(&e, "name"),
		.phrase = fhir_text(&e, "description") };

	if (!is_name(v.name) || is_taken(v.name, names)) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_INVALID,
		    fhir_is(&e) ? &e : x, "The name of a variable, '%.*s', is "
		    "a letter and up to 63 letters and digits, which both R4 "
		    "and FHIRPath allow; no fact, parameter or variable above "
		    "has it.", SV_FMT(v.name));
		return SV_OK;
	}
	if (names->n == MAP_RULES_VARIABLES) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_INVALID, x,
		    "A file holds at most 32 variables.");
		return SV_OK;
	}
	SV_TRY(map_rules_compile(A, &e, &scope, &v.expr, is));
	names->list[names->n++] = v;
	return SV_OK;
}

struct sv_status
map_rules_variables(struct sv_arena *A, const struct fhir_at *plan,
    const struct core_params *params, struct map_rules_names *ret,
    struct fhir_issues *is)
{
	struct fhir_at x;

	ret->n = 0;
	for (x = fhir_first(plan, "extension"); fhir_is(&x);
	    x = fhir_next(&x)) {
		if (sv_str_is(fhir_text(&x, "url"), VARIABLE))
			SV_TRY(add_variable(A, &x, params, ret, is));
	}
	return SV_OK;
}
