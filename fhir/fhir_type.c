#include "fhir_type.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "sv_limits.h"

struct fhir_coding
fhir_coding_at(const struct fhir_at *at)
{
	return (struct fhir_coding){ fhir_text(at, "system"),
		fhir_text(at, "code"), fhir_text(at, "display"),
		sv_str_is(fhir_text(at, "userSelected"), "true") };
}

struct sv_status
fhir_decimal_at(const struct fhir_at *at, struct sv_dec *ret,
    struct fhir_issues *is)
{
	if (!fhir_is(at))
		return SV_SKIP;
	if (!fhir_is_number(at)) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_VALUE, at,
		    "A number is expected here, not text.");
		return SV_BAD;
	}
	if (!sv_is_ok(sv_dec_parse(fhir_value(at), ret))) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_VALUE, at,
		    "The number has more than 18 significant digits.");
		return SV_BAD;
	}
	return SV_OK;
}

struct sv_status
fhir_bool_at(const struct fhir_at *at, bool *ret, struct fhir_issues *is)
{
	if (!fhir_is(at))
		return SV_SKIP;
	if (!fhir_is_bool(at)) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_VALUE, at,
		    "true or false is expected here.");
		return SV_BAD;
	}
	*ret = cJSON_IsTrue(at->node);
	return SV_OK;
}

struct sv_status
fhir_date_at(const struct fhir_at *at, struct sv_date *ret,
    struct fhir_issues *is)
{
	if (!fhir_is(at))
		return SV_SKIP;
	if (!fhir_is_string(at)
	    || !sv_is_ok(sv_date_parse(fhir_value(at), ret))) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_VALUE, at,
		    "This is no FHIR date: expected YYYY, YYYY-MM, YYYY-MM-DD "
		    "or a dateTime with an offset.");
		return SV_BAD;
	}
	return SV_OK;
}

struct sv_status
fhir_period_at(const struct fhir_at *at, struct fhir_period *ret,
    struct fhir_issues *is)
{
	struct fhir_period p = { { 0, 0, SV_DATE_NONE },
		{ 0, 0, SV_DATE_NONE } };
	struct fhir_at start = fhir_get(at, "start"), end = fhir_get(at, "end");

	if (!fhir_is(at))
		return SV_SKIP;
	if (fhir_date_at(&start, &p.start, is).code == SV_CODE_BAD
	    || fhir_date_at(&end, &p.end, is).code == SV_CODE_BAD)
		return SV_BAD;
	if (sv_date_is_set(p.start) && sv_date_is_set(p.end)
	    && p.start.lo > p.end.hi) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_INVARIANT, at,
		    "The period ends before it starts.");
		return SV_BAD;
	}
	*ret = p;
	return SV_OK;
}

static bool
read_comparator(struct sv_str s, enum fhir_comparator *ret)
{
	static const char *const names[] = { "", "<", "<=", ">=", ">" };

	for (int i = 0; i < 5; i++) {
		if (sv_str_is(s, names[i])) {
			*ret = (enum fhir_comparator)i;
			return true;
		}
	}
	return false;
}

struct sv_status
fhir_quantity_at(const struct fhir_at *at, struct fhir_quantity *ret,
    struct fhir_issues *is)
{
	struct fhir_at value = fhir_get(at, "value");
	struct fhir_quantity q;

	if (!fhir_is(at) || !fhir_is(&value))
		return SV_SKIP;
	SV_TRY(fhir_decimal_at(&value, &q.value, is));
	q.value_text = fhir_value(&value);
	q.unit = fhir_text(at, "unit");
	q.system = fhir_text(at, "system");
	q.code = fhir_text(at, "code");
	if (!read_comparator(fhir_text(at, "comparator"), &q.comparator)) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_CODE_INVALID, at,
		    "The comparator is none of <, <=, >=, >.");
		return SV_BAD;
	}
	*ret = q;
	return SV_OK;
}

struct sv_status
fhir_range_at(const struct fhir_at *at, struct fhir_range *ret,
    struct fhir_issues *is)
{
	struct fhir_at low = fhir_get(at, "low"), high = fhir_get(at, "high");
	struct fhir_range r = { .has_low = false };
	struct sv_status a, b;

	if (!fhir_is(at))
		return SV_SKIP;
	a = fhir_quantity_at(&low, &r.low, is);
	b = fhir_quantity_at(&high, &r.high, is);
	if (a.code == SV_CODE_BAD || b.code == SV_CODE_BAD)
		return SV_BAD;
	r.has_low = sv_is_ok(a);
	r.has_high = sv_is_ok(b);
	if (!r.has_low && !r.has_high)
		return SV_SKIP;
	if (r.has_low && r.has_high
	    && sv_dec_cmp(r.low.value, r.high.value) > 0) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_INVARIANT, at,
		    "The range's low end is above its high end.");
		return SV_BAD;
	}
	*ret = r;
	return SV_OK;
}

struct fhir_at
fhir_extension(const struct fhir_at *at, const char *url)
{
	struct fhir_at x;

	for (x = fhir_first(at, "extension"); fhir_is(&x); x = fhir_next(&x)) {
		if (sv_str_is(fhir_text(&x, "url"), url))
			break;
	}
	return x;
}

bool
fhir_has_modifier_extension(const struct fhir_at *at)
{
	const struct cJSON *stack[SV_LIMIT_DEPTH + 2];
	const struct cJSON *node = at->node;
	size_t depth = 0;

	while (node != NULL) {
		if (node->string != NULL
		    && strcmp(node->string, "modifierExtension") == 0)
			return true;
		if (node->child != NULL && depth < SV_LIMIT_DEPTH + 2) {
			stack[depth++] = node;
			node = node->child;
			continue;
		}
		while (depth > 0 && node->next == NULL)
			node = stack[--depth];
		node = depth == 0 ? NULL : node->next;
	}
	return false;
}

bool
fhir_data_absent(const struct fhir_at *at, const char *name)
{
	static const char url[] =
	    "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
	char underscore[64] = "_";
	struct fhir_at x = fhir_get(at, "dataAbsentReason");

	if (fhir_is(&x))
		return true;
	x = fhir_get(at, name);
	if (fhir_is(&x)) {
		x = fhir_extension(&x, url);
		return fhir_is(&x);
	}
	strncat(underscore, name, sizeof(underscore) - 2);
	x = fhir_get(at, underscore);
	x = fhir_extension(&x, url);
	return fhir_is(&x);
}

/* ${text} without a trailing /_history/version. */
static struct sv_str
without_history(struct sv_str text)
{
	static const char mark[] = "/_history/";
	size_t n = sizeof(mark) - 1;

	for (size_t i = 0; i + n <= text.n; i++) {
		if (memcmp(text.p + i, mark, n) == 0)
			return (struct sv_str){ text.p, i };
	}
	return text;
}

struct fhir_reference
fhir_reference_of(struct sv_str text)
{
	struct fhir_reference r = { .form = FHIR_REF_NONE };
	size_t slash;
	struct sv_str head;

	r.text = text = without_history(text);
	if (text.n == 0)
		return r;
	if (text.p[0] == '#') {
		r.form = FHIR_REF_CONTAINED;
		return r;
	}
	if (sv_str_starts(text, SV_LIT("urn:"))) {
		r.form = FHIR_REF_URN;
		return r;
	}
	slash = sv_str_rchr(text, '/');
	if (slash == text.n || slash + 1 == text.n)
		return r;
	r.id = sv_str_from(text, slash + 1);
	head = (struct sv_str){ text.p, slash };
	slash = sv_str_rchr(head, '/');
	r.type = slash == head.n ? head : sv_str_from(head, slash + 1);
	r.form = slash == head.n ? FHIR_REF_RELATIVE : FHIR_REF_ABSOLUTE;
	if (r.form == FHIR_REF_ABSOLUTE)
		r.base = (struct sv_str){ head.p, slash };
	return r;
}

struct fhir_reference
fhir_reference_at(const struct fhir_at *at)
{
	struct fhir_reference r = fhir_reference_of(fhir_text(at,
	    "reference"));
	struct fhir_at id = fhir_get(at, "identifier");

	r.system = fhir_text(&id, "system");
	r.value = fhir_text(&id, "value");
	if (r.form == FHIR_REF_NONE && r.value.n > 0)
		r.form = FHIR_REF_LOGICAL;
	return r;
}
