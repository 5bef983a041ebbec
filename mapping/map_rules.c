#include "map_rules.h"

#include "fhir_type.h"
#include "map_hash.h"
#include "map_rules_data.h"

#include <string.h>

#define SALVOR_SD "https://salvor.example/StructureDefinition/"
#define MAX_RULES 512
#define MAX_LIST 32

/* What one load needs at hand. */
struct loader {
	struct sv_arena *A;
	struct fhir_issues *is;
	struct core_rulebook *book;
	struct core_rule *rules;
	struct map_rules_names variables;
	struct sv_str plan;		/* canonical|version of the file */
	bool draft;
};

static void
error_at(struct loader *L, const struct fhir_at *at, const char *what)
{
	fhir_issue_at(L->is, FHIR_ERROR, FHIR_CODE_INVALID, at, "%s", what);
}

/* The extension of ours called ${name}; its value is read by the caller. */
static struct fhir_at
ours(const struct fhir_at *at, const char *name)
{
	struct fhir_at x;

	for (x = fhir_first(at, "extension"); fhir_is(&x); x = fhir_next(&x)) {
		struct sv_str url = fhir_text(&x, "url");

		if (sv_str_starts(url, SV_LIT(SALVOR_SD))
		    && sv_str_is(sv_str_from(url, sizeof(SALVOR_SD) - 1),
		    name))
			break;
	}
	return x;
}

static struct sv_str
ours_text(const struct fhir_at *at, const char *name)
{
	struct fhir_at x = ours(at, name), v;
	struct sv_str type;

	v = fhir_choice(&x, "value", &type);
	return fhir_value(&v);
}

/* All values of the extensions called ${name}, in the arena. */
static const struct sv_str *
ours_list(struct loader *L, const struct fhir_at *at, const char *name,
    size_t *ret_n)
{
	struct sv_str *list = sv_arena_alloc(L->A, MAX_LIST * sizeof(*list));
	struct fhir_at x = ours(at, name), v;
	struct sv_str type;

	*ret_n = 0;
	for (; list != NULL && fhir_is(&x) && *ret_n < MAX_LIST;
	    x = fhir_next(&x)) {
		struct sv_str url = fhir_text(&x, "url");

		if (!sv_str_is(sv_str_from(url, sizeof(SALVOR_SD) - 1), name))
			continue;
		v = fhir_choice(&x, "value", &type);
		list[(*ret_n)++] = fhir_value(&v);
	}
	return list;
}

static struct sv_status
compile(struct loader *L, const struct fhir_at *expression,
    struct core_expr *ret)
{
	struct core_scope scope = { &L->book->params, L->variables.list,
		L->variables.n };

	return map_rules_compile(L->A, expression, &scope, ret, L->is);
}

static struct sv_status
load_citations(struct loader *L, const struct fhir_at *action,
    struct core_rule *r)
{
	struct core_citation *c = sv_arena_zalloc(L->A, MAX_LIST, sizeof(*c));
	struct fhir_at x;

	SV_ENSURE(c != NULL, SV_NOMEM);
	for (x = fhir_first(action, "documentation");
	    fhir_is(&x) && r->n_citations < MAX_LIST; x = fhir_next(&x)) {
		c[r->n_citations].text = fhir_text(&x, "citation");
		c[r->n_citations].url = fhir_text(&x, "url");
		c[r->n_citations++].resolved = !sv_str_is(ours_text(&x,
		    "unresolved-reference"), "true");
	}
	r->citations = c;
	if (r->n_citations == 0)
		error_at(L, action, "A rule needs a citation "
		    "(documentation.citation).");
	return SV_OK;
}

/* A number of months in a Quantity of a Range. */
static int32_t
months(struct loader *L, const struct fhir_at *range, const char *end)
{
	struct fhir_at at = fhir_get(range, end);
	struct fhir_quantity q;

	if (!sv_is_ok(fhir_quantity_at(&at, &q, L->is)))
		return 0;
	if (!sv_str_is(q.code, "mo") || q.value.scale != 0
	    || q.value.m < 0 || q.value.m > 1200) {
		error_at(L, &at, "A duration is a whole number of months "
		    "(UCUM mo).");
		return 0;
	}
	return (int32_t)q.value.m;
}

static struct sv_status
load_activities(struct loader *L, const struct fhir_at *action,
    struct core_rule *r)
{
	struct core_activity *list = sv_arena_zalloc(L->A, MAX_LIST,
	    sizeof(*list));
	struct fhir_at x, code, coding, range;

	SV_ENSURE(list != NULL, SV_NOMEM);
	for (x = fhir_first(action, "action");
	    fhir_is(&x) && r->n_activities < MAX_LIST; x = fhir_next(&x)) {
		struct core_activity *a = &list[r->n_activities++];

		code = fhir_get(&x, "code");
		coding = fhir_get(&code, "coding");
		a->code = fhir_text(&coding, "code");
		a->display = fhir_text(&x, "title");
		a->group = ours_text(&x, "alternative-group");
		range = fhir_get(&x, "timingRange");
		a->min_months = months(L, &range, "low");
		a->max_months = months(L, &range, "high");
		if (a->code.n == 0 || a->display.n == 0)
			error_at(L, &x, "An activity needs a code and a "
			    "title.");
	}
	r->activities = list;
	return SV_OK;
}

/* The words of a rule; an unknown one is an error with its path. */
static void
load_words(struct loader *L, const struct fhir_at *action,
    struct core_rule *r)
{
	r->kind = core_rule_kind_of(ours_text(action, "rule-kind"));
	r->origin = core_origin_of(ours_text(action, "origin"));
	r->confidence = core_confidence_of(ours_text(action, "confidence"));
	r->cancer = core_cancer_of(ours_text(action, "cancer"));
	r->curative = sv_str_is(ours_text(action, "intent"), "curative");
	if (r->kind == CORE_RULE_KIND_MAX || r->origin == CORE_ORIGIN_MAX
	    || r->confidence == CORE_CONFIDENCE_MAX
	    || r->cancer > CORE_CANCER_ANY)
		error_at(L, action, "rule-kind, origin, confidence and cancer "
		    "must each be one of the known words.");
}

/* The rule says how urgent it is, or its kind does; nothing is critical unless
 * the rule says so. */
static void
load_urgency(struct loader *L, const struct fhir_at *action,
    struct core_rule *r)
{
	struct sv_str word = ours_text(action, "urgency");

	r->urgency = word.n > 0 ? core_urgency_of(word)
	    : r->kind == CORE_RULE_BLOCK ? CORE_URGENCY_WARNING
	    : CORE_URGENCY_INFO;
	if (r->urgency == CORE_URGENCY_MAX)
		error_at(L, action, "urgency is info, warning or critical.");
}

static void
check_rule(struct loader *L, const struct fhir_at *action,
    const struct core_rule *r)
{
	if (r->id.n == 0 || r->title.n == 0 || r->text.n == 0)
		error_at(L, action, "A rule needs id, title and "
		    "textEquivalent.");
	if (r->n_blocks > 0 && r->origin != CORE_ORIGIN_SOURCE)
		error_at(L, action, "Only a rule of origin SOURCE may block.");
	for (size_t i = 0; i < L->book->n_rules; i++) {
		if (sv_str_eq(L->rules[i].id, r->id))
			error_at(L, action, "Another rule has this id.");
	}
}

static struct sv_str
filled(struct loader *L, const struct fhir_at *action, struct sv_str text)
{
	return map_rules_fill(L->A, text, action, &L->book->params, L->is);
}

static struct sv_status
load_rule(struct loader *L, const struct fhir_at *action)
{
	struct core_rule r = { .id = fhir_text(action, "id"),
		.title = filled(L, action, fhir_text(action, "title")),
		.text = filled(L, action, fhir_text(action, "textEquivalent")),
		.population = ours_text(action, "population"),
		.strength = ours_text(action, "strength"),
		.note = filled(L, action, ours_text(action, "note")),
		.plan = L->plan, .draft = L->draft };
	struct fhir_at condition = fhir_get(action, "condition");
	struct fhir_at when = fhir_get(&condition, "expression");
	struct fhir_at exclusion = ours(action, "unless");
	struct fhir_at unless = fhir_get(&exclusion, "valueExpression");
	struct sv_dec order;

	r.place = fhir_path(L->A, action);
	SV_ENSURE(r.place.p != NULL && r.title.p != NULL && r.text.p != NULL
	    && r.note.p != NULL, SV_NOMEM);
	load_words(L, action, &r);
	load_urgency(L, action, &r);
	if (sv_is_ok(sv_dec_parse(ours_text(action, "display-order"), &order)))
		r.priority = (int32_t)order.m;
	r.source_refs = ours_list(L, action, "source-statement",
	    &r.n_source_refs);
	r.blocks = ours_list(L, action, "blocks", &r.n_blocks);
	SV_ENSURE(r.source_refs != NULL && r.blocks != NULL, SV_NOMEM);
	SV_TRY(load_citations(L, action, &r));
	SV_TRY(load_activities(L, action, &r));
	if (fhir_is(&when))
		SV_TRY(compile(L, &when, &r.when));
	else
		error_at(L, action, "A rule needs a condition of kind "
		    "applicability in text/fhirpath.");
	if (fhir_is(&unless))
		SV_TRY(compile(L, &unless, &r.unless));
	check_rule(L, action, &r);
	if (L->book->n_rules == MAX_RULES) {
		error_at(L, action, "A rule book holds at most 512 rules.");
		return SV_OK;
	}
	L->rules[L->book->n_rules++] = r;
	return SV_OK;
}

static struct sv_status
load_plan(struct loader *L, const struct fhir_at *plan)
{
	struct sv_str version = fhir_text(plan, "version");
	struct fhir_at period = fhir_get(plan, "effectivePeriod"), x;
	struct sv_str end = fhir_text(&period, "end");

	if (end.n > 0 && (L->book->review_by.n == 0
	    || sv_str_cmp(end, L->book->review_by) < 0))
		L->book->review_by = end;

	L->plan = sv_arena_printf(L->A, "%.*s|%.*s",
	    SV_FMT(fhir_text(plan, "url")), SV_FMT(version));
	L->draft = !sv_str_is(fhir_text(plan, "status"), "active");
	if (L->book->version.n == 0)
		L->book->version = version;
	if (version.n == 0 || !sv_str_eq(L->book->version, version))
		error_at(L, plan, "All files of a rule book have the same "
		    "version.");
	SV_TRY(map_rules_variables(L->A, plan, &L->book->params, &L->variables,
	    L->is));
	for (x = fhir_first(plan, "action"); fhir_is(&x); x = fhir_next(&x))
		SV_TRY(load_rule(L, &x));
	return SV_OK;
}

/* Pass 0 reads parameters and statements, pass 1 the rules that use them. */
static struct sv_status
load_file(struct loader *L, const struct map_file *f, const struct fhir_at *root,
    int pass)
{
	struct sv_str type = fhir_text(root, "resourceType");

	if (pass == 1)
		return sv_str_is(type, "PlanDefinition") ? load_plan(L, root)
		    : SV_OK;
	if (sv_str_is(type, "ConceptMap"))
		return map_rules_terminology(L->A, root, L->book, L->is);
	if (sv_str_is(type, "Library"))
		return map_rules_statements(L->A, root, L->book);
	if (sv_str_is(type, "Parameters")) {
		if (sv_str_is(fhir_text(root, "id"), "sign-off"))
			L->book->sign_off.file = f->name;
		return map_rules_parameters(L->A, root, L->book, L->is);
	}
	if (!sv_str_is(type, "PlanDefinition"))
		error_at(L, root, "A rule file is a PlanDefinition, "
		    "Parameters or Library resource.");
	return SV_OK;
}

/* The hash is over everything but the sign-off, which holds the hash. */
static struct sv_status
hash_files(struct sv_arena *A, const struct map_file *files, size_t n,
    struct core_rulebook *book)
{
	struct sv_str *parts = sv_arena_alloc(A, (2 * n + 1) * sizeof(*parts));
	char *hex = sv_arena_alloc(A, MAP_HASH_HEX);
	size_t k = 0;

	SV_ENSURE(parts != NULL && hex != NULL, SV_NOMEM);
	for (size_t i = 0; i < n; i++) {
		if (sv_str_eq(files[i].name, book->sign_off.file))
			continue;
		parts[k++] = files[i].name;
		parts[k++] = files[i].bytes;
	}
	SV_TRY(map_hash(parts, k, hex));
	book->sha256 = (struct sv_str){ hex, MAP_HASH_HEX };
	return SV_OK;
}

struct sv_status
map_rules_load(struct sv_arena *A, const struct map_file *files, size_t n,
    struct core_rulebook *ret, struct fhir_issues *is)
{
	struct loader *L = sv_arena_zalloc(A, 1, sizeof(*L));
	struct fhir_at *roots = sv_arena_zalloc(A, n + 1, sizeof(*roots));

	SV_ENSURE(L != NULL && roots != NULL, SV_NOMEM);
	*ret = (struct core_rulebook){ .n_rules = 0 };
	core_params_default(&ret->params);
	for (int i = 0; i < CORE_PARAM_COUNT; i++)
		ret->about[i].at_most = CORE_PARAM_COUNT;
	L->A = A;
	L->is = is;
	L->book = ret;
	L->rules = sv_arena_zalloc(A, MAX_RULES, sizeof(*L->rules));
	SV_ENSURE(L->rules != NULL, SV_NOMEM);
	ret->rules = L->rules;
	for (size_t i = 0; i < n; i++) {
		struct sv_status s = map_file_read(A, &files[i], &roots[i],
		    is);

		if (s.code != SV_CODE_SKIP)
			SV_TRY(s);
	}
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n; i++) {
			if (fhir_is(&roots[i]))
				SV_TRY(load_file(L, &files[i], &roots[i],
				    pass));
		}
	}
	map_rules_params_order(ret, is);
	SV_TRY(hash_files(A, files, n, ret));
	SV_TRY(map_rules_finish(A, ret, L->rules, is));
	return fhir_issues_error(is) ? SV_BAD : SV_OK;
}
