/*
 * Parameters and what they may be: a threshold of 200 ng/mL for a rise of 2 is
 * a slip of the keyboard, and would hide every failure after radiation.
 */
#include "map_rules_data.h"

#include "fhir_type.h"
#include "map_rules.h"
#include "sv_buf.h"
#include "sv_limits.h"

#define MAX_SENTENCE ((size_t)1 << 20)

#define SALVOR_SD "https://salvor.example/StructureDefinition/"

enum core_param_id
map_rules_param_named(struct sv_str name, const struct fhir_at *at,
    struct fhir_issues *is)
{
	enum core_param_id id = core_param_of(name);

	if (id == CORE_PARAM_COUNT)
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_INVALID, at,
		    "No parameter has the name '%.*s'; the names are in "
		    "conf/rules/parameters.json.", SV_FMT(name));
	return id;
}

static bool
is_whole(struct sv_dec v)
{
	for (; v.scale > 0; v.scale--) {
		if (v.m % 10 != 0)
			return false;
		v.m /= 10;
	}
	return true;
}

/* " ng/mL", or nothing for a number without unit. */
static struct sv_str
unit_of(enum core_param_id id, char text[SV_DEC_TEXT_MAX])
{
	struct sv_str unit = core_param_unit(id);
	size_t n = 0;

	if (unit.n > 0)
		text[n++] = ' ';
	for (size_t i = 0; i < unit.n; i++)
		text[n++] = unit.p[i];
	return (struct sv_str){ text, n };
}

static bool
is_allowed(const struct fhir_at *at, enum core_param_id id, struct sv_dec v,
    const struct core_param_about *a, struct fhir_issues *is)
{
	char value[SV_DEC_TEXT_MAX], low[SV_DEC_TEXT_MAX];
	char high[SV_DEC_TEXT_MAX], space[SV_DEC_TEXT_MAX];
	struct sv_str unit = unit_of(id, space);

	if (a->bounded && sv_dec_cmp(v, a->low) >= 0
	    && sv_dec_cmp(v, a->high) <= 0
	    && (!core_param_is_whole(id) || is_whole(v)))
		return true;
	if (!a->bounded) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_REQUIRED, at,
		    "%.*s has no allowed-range in the rule book, so it cannot "
		    "be changed.", SV_FMT(core_param_name(id)));
		return false;
	}
	sv_dec_text(v, value);
	sv_dec_text(a->low, low);
	sv_dec_text(a->high, high);
	fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_VALUE, at, "%.*s must not be "
	    "%s%.*s: allowed %s %s to %s%.*s (%.*s). Another range is a change "
	    "of the rule book itself (parameters.json), which somebody "
	    "signs.", SV_FMT(core_param_name(id)), value,
	    SV_FMT(unit), core_param_is_whole(id) ? "is a whole number from"
	    : "is", low, high, SV_FMT(unit), SV_FMT(a->meaning));
	return false;
}

bool
map_rules_param_value(const struct fhir_at *at, enum core_param_id id,
    struct core_rulebook *book, struct fhir_issues *is)
{
	struct fhir_at v = fhir_get(at, "valueQuantity");
	struct fhir_quantity q;

	if (!sv_is_ok(fhir_quantity_at(&v, &q, is))
	    || !sv_str_eq(q.code, core_param_unit(id))
	    || q.comparator != FHIR_EXACT) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_INVALID, at,
		    "%.*s is a valueQuantity with the code '%.*s' and without "
		    "a comparator.", SV_FMT(core_param_name(id)),
		    SV_FMT(core_param_unit(id)));
		return false;
	}
	if (!is_allowed(&v, id, q.value, &book->about[id], is))
		return false;
	book->params.value[id] = q.value;
	return true;
}

static struct sv_str
about_text(const struct fhir_at *at, const char *name, const char *value)
{
	struct fhir_at x = fhir_extension(at, name);

	return fhir_text(&x, value);
}

/* One end of the allowed range, in the unit of the parameter. */
static bool
read_bound(const struct fhir_at *range, const char *end,
    enum core_param_id id, struct sv_dec *ret, struct fhir_issues *is)
{
	struct fhir_at at = fhir_get(range, end);
	struct fhir_quantity q;

	if (!fhir_is(&at) || !sv_is_ok(fhir_quantity_at(&at, &q, is))
	    || !sv_str_eq(q.code, core_param_unit(id)) || q.value.m < 0)
		return false;
	*ret = q.value;
	return true;
}

static void
read_about(const struct fhir_at *at, enum core_param_id id,
    struct core_param_about *a, struct fhir_issues *is)
{
	struct fhir_at x = fhir_extension(at, SALVOR_SD "allowed-range");
	struct fhir_at range = fhir_get(&x, "valueRange");
	struct sv_str most = about_text(at, SALVOR_SD "at-most", "valueCode");

	a->meaning = about_text(at, SALVOR_SD "meaning", "valueString");
	a->origin = about_text(at, SALVOR_SD "origin", "valueCode");
	a->confidence = about_text(at, SALVOR_SD "confidence", "valueCode");
	a->bounded = read_bound(&range, "low", id, &a->low, is)
	    && read_bound(&range, "high", id, &a->high, is);
	if (!a->bounded || a->meaning.n == 0
	    || core_origin_of(a->origin) == CORE_ORIGIN_MAX
	    || core_confidence_of(a->confidence) == CORE_CONFIDENCE_MAX)
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_REQUIRED, at,
		    "%.*s needs its meaning, origin, confidence and "
		    "allowed-range (valueRange, low and high in '%.*s').",
		    SV_FMT(core_param_name(id)), SV_FMT(core_param_unit(id)));
	if (most.n > 0)
		a->at_most = map_rules_param_named(most, at, is);
}

struct sv_status
map_rules_params(struct sv_arena *A, const struct fhir_at *root,
    struct core_rulebook *book, struct fhir_issues *is)
{
	struct fhir_at x;

	for (x = fhir_first(root, "parameter"); fhir_is(&x);
	    x = fhir_next(&x)) {
		enum core_param_id id = map_rules_param_named(
		    fhir_text(&x, "name"), &x, is);

		if (id == CORE_PARAM_COUNT)
			continue;
		read_about(&x, id, &book->about[id], is);
		book->about[id].place = fhir_path(A, &x);
		SV_ENSURE(book->about[id].place.p != NULL, SV_NOMEM);
		if (book->about[id].bounded)
			(void)map_rules_param_value(&x, id, book, is);
	}
	return SV_OK;
}

struct sv_str
map_rules_numbers(struct sv_arena *A, struct sv_str text,
    const struct core_params *params)
{
	char value[SV_DEC_TEXT_MAX];
	struct sv_buf b;

	sv_buf_init(&b, A, SV_LIMIT_DOCUMENT);
	while (text.n > 0) {
		size_t n = sv_str_chr(text, '{');
		struct sv_str name = sv_str_from(text, n + 1);
		enum core_param_id id;

		sv_buf_add(&b, (struct sv_str){ text.p, n });
		text = sv_str_from(text, n);
		name.n = sv_str_chr(name, '}');
		id = core_param_of(name);
		if (id != CORE_PARAM_COUNT) {
			sv_dec_text(params->value[id], value);
			sv_buf_add(&b, sv_str_of(value));
			text = sv_str_from(text, name.n + 2);
		} else if (text.n > 0) {
			sv_buf_addc(&b, '{');
			text = sv_str_from(text, 1);
		}
	}
	return sv_buf_ok(&b) ? sv_arena_str(A, sv_buf_str(&b))
	    : (struct sv_str){ NULL, 0 };
}

struct sv_str
map_rules_fill(struct sv_arena *A, struct sv_str text,
    const struct fhir_at *at, const struct core_params *params,
    struct fhir_issues *is)
{
	struct sv_str filled = { NULL, 0 }, rest;

	if (text.n <= MAX_SENTENCE)
		filled = map_rules_numbers(A, text, params);
	rest = filled;
	/* What still stands in braces is no parameter. */
	while ((rest = sv_str_from(rest, sv_str_chr(rest, '{'))).n > 0) {
		struct sv_str name = sv_str_from(rest, 1);

		name.n = sv_str_chr(name, '}');
		if (name.n + 1 < rest.n && !sv_str_is(name, "ipfsg_risk"))
			(void)map_rules_param_named(name, at, is);
		rest = sv_str_from(rest, name.n + 1);
	}
	return filled;
}

void
map_rules_params_order(const struct core_rulebook *book,
    struct fhir_issues *is)
{
	for (int i = 0; i < CORE_PARAM_COUNT; i++) {
		const struct core_param_about *a = &book->about[i];
		enum core_param_id id = (enum core_param_id)i, top = a->at_most;
		char value[SV_DEC_TEXT_MAX], most[SV_DEC_TEXT_MAX];

		if (top == CORE_PARAM_COUNT || sv_dec_cmp(
		    book->params.value[id], book->params.value[top]) <= 0)
			continue;
		sv_dec_text(book->params.value[id], value);
		sv_dec_text(book->params.value[top], most);
		fhir_issue_addf(is, FHIR_ERROR, FHIR_CODE_VALUE,
		    a->by_site ? a->place : book->about[top].place,
		    "%.*s (%s) must not be above %.*s (%s).",
		    SV_FMT(core_param_name(id)), value,
		    SV_FMT(core_param_name(top)), most);
	}
}
