#include "map_terminology.h"

#include "fhir_json.h"

#include <string.h>

#define SALVOR_SD "https://salvor.example/StructureDefinition/"
#define PROPERTY "https://salvor.example/terminology-property/"
#define OWN_SYSTEMS "https://salvor.example/CodeSystem/"
#define CODE_MAX 64
#define BUCKETS 8192

struct entry {
	struct entry *next;
	enum map_role role;
	bool prefix;
	struct sv_str system;		/* normalised */
	struct sv_str code;		/* normalised */
	struct map_meaning meaning;
};

struct map_terminology {
	struct entry *bucket[BUCKETS];
};

/* Code systems under the names that real senders use for them. */
static const struct { const char *seen, *name; } systems[] = {
	{ "urn:oid:2.16.840.1.113883.6.96", "http://snomed.info/sct" },
	{ "urn:oid:2.16.840.1.113883.6.1", "http://loinc.org" },
	{ "urn:oid:2.16.840.1.113883.6.88",
	    "http://www.nlm.nih.gov/research/umls/rxnorm" },
	{ "urn:oid:2.16.840.1.113883.6.12", "http://www.ama-assn.org/go/cpt" },
	{ "urn:oid:2.16.840.1.113883.6.90",
	    "http://hl7.org/fhir/sid/icd-10-cm" },
	{ "urn:oid:2.16.840.1.113883.6.3",
	    "http://hl7.org/fhir/sid/icd-10-cm" },
	{ "http://hl7.org/fhir/sid/icd-10",
	    "http://hl7.org/fhir/sid/icd-10-cm" },
	{ "http://id.who.int/icd/release/10",
	    "http://hl7.org/fhir/sid/icd-10-cm" },
	{ "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
	    "http://hl7.org/fhir/sid/icd-10-cm" },
	{ "http://fhir.de/CodeSystem/bfarm/atc", "http://www.whocc.no/atc" },
};

static struct sv_str
normal_system(struct sv_str s)
{
	const struct sv_str sct = SV_LIT("http://snomed.info/sct");

	if (sv_str_starts(s, sct))	/* with or without an edition */
		return sct;
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (sv_str_is(s, systems[i].seen))
			return sv_str_of(systems[i].name);
	}
	return s;
}

/* ICD-10 is sent with and without its dot. */
static struct sv_str
normal_code(struct sv_str code, char buf[CODE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < code.n && n < CODE_MAX; i++) {
		if (code.p[i] != '.')
			buf[n++] = code.p[i];
	}
	return (struct sv_str){ buf, n };
}

static size_t
slot(enum map_role role, struct sv_str system, struct sv_str code)
{
	return (size_t)((sv_str_hash(code) * 31 + sv_str_hash(system)
	    + (uint64_t)role) % BUCKETS);
}

static const struct entry *
find(const struct map_terminology *t, enum map_role role,
    struct sv_str system, struct sv_str code)
{
	const struct entry *e = t->bucket[slot(role, system, code)];

	while (e != NULL && !(e->role == role && sv_str_eq(e->code, code)
	    && sv_str_eq(e->system, system)))
		e = e->next;
	return e;
}

/* "prostate-cancer" is the code of the concept prostate_cancer. */
static struct sv_str
snake(struct sv_str code, char buf[CODE_MAX])
{
	size_t n = 0;

	for (; n < code.n && n < CODE_MAX; n++)
		buf[n] = code.p[n] == '-' ? '_' : code.p[n];
	return (struct sv_str){ buf, n };
}

/* What a code of Salvor's own systems means: it names the thing itself. */
static void
own_meaning(enum map_role role, struct sv_str code, struct map_meaning *m)
{
	char buf[CODE_MAX];

	if (role == MAP_ROLE_VALUE)
		m->value = core_value_of(code);
	else if (role == MAP_ROLE_SITE)
		m->site = core_site_of(snake(code, buf));
	else
		m->concept = core_concept_of(snake(code, buf));
	if (m->value != CORE_VALUE_NONE || m->site != CORE_SITE_NONE
	    || m->concept != CORE_CONCEPT_NONE)
		m->verdict = MAP_ACCEPT;
	m->code = code;
}

struct map_meaning
map_code_meaning(const struct map_terminology *t, enum map_role role,
    struct fhir_coding coding)
{
	struct map_meaning m = { .verdict = MAP_UNKNOWN };
	char buf[CODE_MAX];
	struct sv_str system = normal_system(coding.system), code;
	const struct entry *e;

	if (coding.code.n == 0 || coding.code.n > CODE_MAX)
		return m;
	code = normal_code(coding.code, buf);
	if ((e = find(t, role, system, code)) != NULL)
		return e->meaning;
	for (struct sv_str part = code; part.n > 2; part.n--) {
		e = find(t, role, system, part);
		if (e != NULL && e->prefix)
			return e->meaning;
	}
	if (sv_str_starts(system, SV_LIT(OWN_SYSTEMS)))
		own_meaning(role, coding.code, &m);
	return m;
}

/* Do two accepted meanings say different things? */
static bool
disagree(const struct map_meaning *a, const struct map_meaning *b)
{
	return a->concept != b->concept || a->value != b->value
	    || a->site != b->site || a->grade_low != b->grade_low
	    || a->grade_high != b->grade_high || a->score != b->score
	    || a->pattern != b->pattern;
}

struct map_meaning
map_concept_meaning(const struct map_terminology *t, enum map_role role,
    const struct fhir_at *at, bool *ret_conflict)
{
	struct map_meaning best = { .verdict = MAP_UNKNOWN }, m;
	bool refused = false;
	struct fhir_at x;

	*ret_conflict = false;
	for (x = fhir_first(at, "coding"); fhir_is(&x); x = fhir_next(&x)) {
		m = map_code_meaning(t, role, fhir_coding_at(&x));
		refused = refused || m.verdict == MAP_REFUSE;
		if (m.verdict == MAP_ACCEPT && best.verdict == MAP_ACCEPT
		    && disagree(&m, &best))
			*ret_conflict = true;
		if (best.verdict == MAP_UNKNOWN || (m.verdict == MAP_ACCEPT
		    && best.verdict != MAP_ACCEPT))
			best = m;
	}
	if (refused && best.verdict == MAP_ACCEPT)
		*ret_conflict = true;
	return best;
}

/* A small whole number of a product; 0 if it is none. */
static int32_t
small(struct sv_str s)
{
	struct sv_dec d;

	if (!sv_is_ok(sv_dec_parse(s, &d)) || d.scale != 0 || d.m < 0
	    || d.m > 10)
		return 0;
	return (int32_t)d.m;
}

static void
read_product(const struct fhir_at *p, struct map_meaning *m)
{
	struct sv_str name = fhir_text(p, "property");
	struct sv_str value = fhir_text(p, "value");
	char buf[CODE_MAX];

	name = sv_str_from(name, sizeof(PROPERTY) - 1);
	if (sv_str_is(name, "also"))
		m->also = core_concept_of(snake(value, buf));
	else if (sv_str_is(name, "site"))
		m->site = core_site_of(value);
	else if (sv_str_is(name, "visceral"))
		m->visceral = true;
	else if (sv_str_is(name, "grade"))
		m->grade_low = m->grade_high = small(value);
	else if (sv_str_is(name, "pattern"))
		m->pattern = small(value);
	else if (sv_str_is(name, "score"))
		m->score = sv_str_is(value, "true") ? 1 : small(value);
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
	    || m->pattern > 0;
}

static struct sv_status
load_element(struct sv_arena *A, struct map_terminology *t,
    const struct fhir_at *element, struct entry *e, struct fhir_issues *is)
{
	struct fhir_at target = fhir_get(element, "target"), p, x;
	struct sv_str code = fhir_text(element, "code");
	struct map_meaning m = { .verdict = MAP_UNKNOWN };
	char buf[CODE_MAX];

	own_meaning(e->role, fhir_text(&target, "code"), &m);
	m.verdict = verdict_of(fhir_text(&target, "equivalence"));
	m.comment = fhir_text(&target, "comment");
	for (p = fhir_first(&target, "product"); fhir_is(&p);
	    p = fhir_next(&p))
		read_product(&p, &m);
	if (code.n == 0 || code.n > CODE_MAX || m.verdict == MAP_UNKNOWN
	    || !says_something(&m)) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_CODE_INVALID, element,
		    "The element needs a code, a target that Salvor knows, "
		    "and an equivalence of equivalent, inexact or disjoint.");
		return SV_OK;
	}
	e->code = sv_arena_str(A, normal_code(code, buf));
	SV_ENSURE(e->code.p != NULL, SV_NOMEM);
	x = fhir_extension(element, SALVOR_SD "code-prefix");
	e->prefix = sv_str_is(fhir_text(&x, "valueBoolean"), "true");
	e->meaning = m;
	e->next = t->bucket[slot(e->role, e->system, e->code)];
	t->bucket[slot(e->role, e->system, e->code)] = e;
	return SV_OK;
}

static enum map_role
role_of(const struct fhir_at *root)
{
	static const char *const names[] = { "condition", "observation",
		"value", "procedure", "medication", "body-site" };
	struct fhir_at x = fhir_extension(root, SALVOR_SD "code-role");
	int i = 0;

	while (i < MAP_ROLE_MAX && !sv_str_is(fhir_text(&x, "valueCode"),
	    names[i]))
		i++;
	return (enum map_role)i;
}

static struct sv_status
load_map(struct sv_arena *A, struct map_terminology *t,
    const struct fhir_at *root, struct fhir_issues *is)
{
	enum map_role role = role_of(root);
	struct fhir_at g, x;

	if (role == MAP_ROLE_MAX) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_REQUIRED, root,
		    "A ConceptMap needs the extension code-role.");
		return SV_OK;
	}
	for (g = fhir_first(root, "group"); fhir_is(&g); g = fhir_next(&g)) {
		for (x = fhir_first(&g, "element"); fhir_is(&x);
		    x = fhir_next(&x)) {
			struct entry *e = sv_arena_zalloc(A, 1, sizeof(*e));

			SV_ENSURE(e != NULL, SV_NOMEM);
			e->role = role;
			e->system = normal_system(fhir_text(&g, "source"));
			SV_TRY(load_element(A, t, &x, e, is));
		}
	}
	return SV_OK;
}

struct sv_status
map_terminology_load(struct sv_arena *A, const struct map_file *files,
    size_t n, struct map_terminology **ret, struct fhir_issues *is)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct map_terminology *t = sv_arena_zalloc(A, 1, sizeof(*t));

	SV_ENSURE(t != NULL, SV_NOMEM);
	for (size_t i = 0; i < n; i++) {
		struct fhir_json_scan scan;
		const struct cJSON *tree;
		struct fhir_at root;
		struct sv_str name = sv_arena_str(A, files[i].name);
		struct sv_status s = fhir_json_scan(A, files[i].bytes,
		    &limits, &scan, is);

		SV_ENSURE(s.code != SV_CODE_NOMEM && name.p != NULL, SV_NOMEM);
		if (!sv_is_ok(s))
			continue;
		SV_TRY(fhir_json_tree(A, files[i].bytes, &tree));
		root = fhir_root(tree, name.p);
		SV_TRY(load_map(A, t, &root, is));
	}
	*ret = t;
	return fhir_issues_error(is) ? SV_BAD : SV_OK;
}

void
map_terminology_each(const struct map_terminology *t,
    const struct map_code_visitor *v)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (const struct entry *e = t->bucket[i]; e != NULL;
		    e = e->next)
			v->each(v->ctx, e->role, e->code, e->prefix);
	}
}
