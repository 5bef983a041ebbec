/*
 * ConceptMap files into the table.  What a file says of a code must not
 * depend on the names of the files: first everything that stands for itself
 * is entered, then what says that it replaces something.
 */
#include "map_terminology_table.h"

#include "map_system.h"

#define SALVOR_SD "https://salvor.example/StructureDefinition/"
#define PROPERTY "https://salvor.example/terminology-property/"
#define MAX_MONTHS 12		/* the longest depot there is */

enum pass { PASS_PLAIN, PASS_REPLACING, PASS_MAX };

struct loader {
	struct sv_arena *A;
	struct map_terminology *t;
	struct fhir_issues *is;
	enum pass pass;
};

/* A small whole number of a product; 0 if it is none. */
static int32_t
small(struct sv_str s, int32_t max)
{
	struct sv_dec d;

	if (!sv_is_ok(sv_dec_parse(s, &d)) || d.scale != 0 || d.m < 0
	    || d.m > max)
		return 0;
	return (int32_t)d.m;
}

/* False: there is no such property, or it has no such value. */
static bool
read_product(const struct fhir_at *p, struct map_meaning *m)
{
	struct sv_str name = fhir_text(p, "property");
	struct sv_str value = fhir_text(p, "value");
	struct map_meaning other = { .verdict = MAP_UNKNOWN };

	name = sv_str_from(name, sizeof(PROPERTY) - 1);
	if (sv_str_is(name, "also")) {
		map_own_meaning(MAP_ROLE_CONDITION, value, &other);
		m->also = other.concept;
		return m->also != CORE_CONCEPT_NONE;
	}
	if (sv_str_is(name, "site")) {
		m->site = core_site_of(value);
		return m->site != CORE_SITE_NONE;
	}
	if (sv_str_is(name, "visceral"))
		return m->visceral = true;
	if (sv_str_is(name, "grade"))
		return (m->grade_low = m->grade_high = small(value, 5)) > 0;
	if (sv_str_is(name, "pattern"))
		return (m->pattern = small(value, 5)) > 0;
	if (sv_str_is(name, "depot-months"))
		return (m->depot_months = small(value, MAX_MONTHS)) > 0;
	if (!sv_str_is(name, "score"))
		return false;
	m->score = sv_str_is(value, "true") ? 1 : small(value, 10);
	return m->score > 0;
}

static enum map_verdict
verdict_of(struct sv_str equivalence)
{
	if (sv_str_is(equivalence, "equivalent")
	    || sv_str_is(equivalence, "equal")
	    || sv_str_is(equivalence, "wider"))
		return MAP_ACCEPT;
	if (sv_str_is(equivalence, "inexact"))
		return MAP_ASK;
	return sv_str_is(equivalence, "disjoint")
	    || sv_str_is(equivalence, "unmatched") ? MAP_REFUSE : MAP_UNKNOWN;
}

static bool
says_something(const struct map_meaning *m)
{
	return m->concept != CORE_CONCEPT_NONE || m->value != CORE_VALUE_NONE
	    || m->site != CORE_SITE_NONE || m->grade_low > 0 || m->score > 0
	    || m->specimen != CORE_SPECIMEN_NONE || m->pattern > 0;
}

/* What the element says; false, with an issue, if it cannot be understood. */
static bool
read_meaning(struct loader *L, const struct fhir_at *element,
    enum map_role role, struct map_meaning *m)
{
	struct fhir_at target = fhir_get(element, "target"), p;
	struct sv_str code = fhir_text(element, "code");

	*m = (struct map_meaning){ .verdict = MAP_UNKNOWN };
	map_own_meaning(role, fhir_text(&target, "code"), m);
	m->verdict = verdict_of(fhir_text(&target, "equivalence"));
	m->comment = fhir_text(&target, "comment");
	for (p = fhir_first(&target, "product"); fhir_is(&p);
	    p = fhir_next(&p)) {
		if (!read_product(&p, m))
			fhir_issue_at(L->is, FHIR_ERROR, FHIR_CODE_INVALID, &p,
			    "There is no such property, or it has no such "
			    "value.");
	}
	if (code.n > 0 && code.n <= MAP_CODE_MAX
	    && m->verdict != MAP_UNKNOWN && says_something(m))
		return true;
	fhir_issue_at(L->is, FHIR_ERROR, FHIR_CODE_CODE_INVALID, element,
	    "The element needs a code, a target that Salvor knows, and an "
	    "equivalence of equivalent, inexact or disjoint.");
	return false;
}

static bool
same(const struct map_entry *a, const struct map_entry *b)
{
	return a->meaning.verdict == b->meaning.verdict
	    && a->prefix == b->prefix
	    && a->meaning.also == b->meaning.also
	    && a->meaning.visceral == b->meaning.visceral
	    && a->meaning.depot_months == b->meaning.depot_months
	    && !map_meanings_disagree(&a->meaning, &b->meaning);
}

static void
conflict(struct loader *L, const struct fhir_at *element,
    const struct map_entry *e, const struct map_entry *other)
{
	fhir_issue_at(L->is, FHIR_ERROR, FHIR_CODE_CONFLICT, element,
	    "Here %.*s means '%.*s', but '%.*s' by %.*s. Take one out; or, "
	    "to overrule the other file, give this element the extension "
	    "replaces-mapping with the reason as valueString.",
	    SV_FMT(e->code), SV_FMT(e->meaning.code),
	    SV_FMT(other->meaning.code), SV_FMT(other->place));
}

/* Put ${e} into the table, or say why it cannot stand there. */
static void
enter(struct loader *L, struct map_entry *e, const struct fhir_at *element)
{
	size_t at = map_terminology_slot(e->role, e->system, e->code);
	struct map_entry *other = map_terminology_find(L->t, e->role,
	    e->system, e->code);

	if (e->replaces && other == NULL) {
		fhir_issue_at(L->is, FHIR_ERROR, FHIR_CODE_NOT_FOUND, element,
		    "No other file maps this code, so there is nothing that "
		    "replaces-mapping could replace; take it out.");
		return;
	}
	if (other == NULL || (e->replaces && !other->replaces)) {
		e->next = L->t->bucket[at];	/* is found first */
		L->t->bucket[at] = e;
	} else if (!same(e, other)) {
		conflict(L, element, e, other);
	}
}

static struct sv_status
load_element(struct loader *L, const struct fhir_at *element,
    enum map_role role, struct sv_str system)
{
	struct map_entry *e;
	struct fhir_at x = fhir_extension(element,
	    SALVOR_SD "replaces-mapping");
	bool replaces = fhir_is(&x);
	char buf[MAP_CODE_MAX];

	if (replaces != (L->pass == PASS_REPLACING))
		return SV_OK;
	SV_ENSURE((e = sv_arena_zalloc(L->A, 1, sizeof(*e))) != NULL,
	    SV_NOMEM);
	if (!read_meaning(L, element, role, &e->meaning))
		return SV_OK;
	e->role = role;
	e->system = system;
	e->replaces = replaces;
	e->code = sv_arena_str(L->A, map_terminology_code(fhir_text(element,
	    "code"), buf));
	e->place = fhir_path(L->A, element);
	SV_ENSURE(e->code.p != NULL && e->place.p != NULL, SV_NOMEM);
	x = fhir_extension(element, SALVOR_SD "code-prefix");
	e->prefix = sv_str_is(fhir_text(&x, "valueBoolean"), "true");
	enter(L, e, element);
	return SV_OK;
}

enum map_role
map_role_of(const struct fhir_at *root)
{
	static const char *const names[] = { "condition", "observation",
		"value", "procedure", "medication", "body-site", "specimen" };
	struct fhir_at x = fhir_extension(root, SALVOR_SD "code-role");
	int i = 0;

	while (i < MAP_ROLE_MAX && !sv_str_is(fhir_text(&x, "valueCode"),
	    names[i]))
		i++;
	return (enum map_role)i;
}

static struct sv_status
load_map(struct loader *L, const struct fhir_at *root)
{
	enum map_role role = map_role_of(root);
	struct fhir_at g, x;

	if (role == MAP_ROLE_MAX || !sv_str_is(fhir_text(root,
	    "resourceType"), "ConceptMap")) {
		if (L->pass == PASS_PLAIN)
			fhir_issue_at(L->is, FHIR_ERROR, FHIR_CODE_REQUIRED,
			    root, "A terminology file is a ConceptMap with "
			    "the extension code-role.");
		return SV_OK;
	}
	for (g = fhir_first(root, "group"); fhir_is(&g); g = fhir_next(&g)) {
		struct sv_str system = map_system_normal(fhir_text(&g,
		    "source"));

		for (x = fhir_first(&g, "element"); fhir_is(&x);
		    x = fhir_next(&x))
			SV_TRY(load_element(L, &x, role, system));
	}
	return SV_OK;
}

struct sv_status
map_terminology_load(struct sv_arena *A, const struct map_file *files,
    size_t n, struct map_terminology **ret, struct fhir_issues *is)
{
	struct loader L = { .A = A, .is = is,
		.t = sv_arena_zalloc(A, 1, sizeof(*L.t)) };
	struct fhir_at *roots = sv_arena_zalloc(A, n + 1, sizeof(*roots));

	SV_ENSURE(L.t != NULL && roots != NULL, SV_NOMEM);
	for (size_t i = 0; i < n; i++) {
		struct sv_status s = map_file_read(A, &files[i], &roots[i],
		    is);

		if (s.code != SV_CODE_SKIP)
			SV_TRY(s);
	}
	for (int pass = PASS_PLAIN; pass < PASS_MAX; pass++) {
		L.pass = (enum pass)pass;
		for (size_t i = 0; i < n; i++) {
			if (fhir_is(&roots[i]))
				SV_TRY(load_map(&L, &roots[i]));
		}
	}
	*ret = L.t;
	return fhir_issues_error(is) ? SV_BAD : SV_OK;
}
