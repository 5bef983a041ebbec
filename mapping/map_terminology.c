#include "map_terminology_table.h"

#include "map_system.h"

#define OWN_SYSTEMS "https://salvor.example/CodeSystem/"

struct sv_str
map_terminology_code(struct sv_str code, char buf[MAP_CODE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < code.n && n < MAP_CODE_MAX; i++) {
		if (code.p[i] != '.')
			buf[n++] = code.p[i];
	}
	return (struct sv_str){ buf, n };
}

size_t
map_terminology_slot(enum map_role role, struct sv_str system,
    struct sv_str code)
{
	return (size_t)((sv_str_hash(code) * 31 + sv_str_hash(system)
	    + (uint64_t)role) % MAP_TERMINOLOGY_BUCKETS);
}

struct map_entry *
map_terminology_find(const struct map_terminology *t, enum map_role role,
    struct sv_str system, struct sv_str code)
{
	struct map_entry *e = t->bucket[map_terminology_slot(role, system,
	    code)];

	while (e != NULL && !(e->role == role && sv_str_eq(e->code, code)
	    && sv_str_eq(e->system, system)))
		e = e->next;
	return e;
}

/* "prostate-cancer" is the code of the concept prostate_cancer. */
static struct sv_str
snake(struct sv_str code, char buf[MAP_CODE_MAX])
{
	size_t n = 0;

	for (; n < code.n && n < MAP_CODE_MAX; n++)
		buf[n] = code.p[n] == '-' ? '_' : code.p[n];
	return (struct sv_str){ buf, n };
}

static enum core_specimen
specimen_of(struct sv_str code)
{
	if (sv_str_is(code, "prostatectomy"))
		return CORE_SPECIMEN_PROSTATECTOMY;
	return sv_str_is(code, "biopsy") ? CORE_SPECIMEN_BIOPSY
	    : CORE_SPECIMEN_NONE;
}

void
map_own_meaning(enum map_role role, struct sv_str code, struct map_meaning *m)
{
	char buf[MAP_CODE_MAX];

	if (role == MAP_ROLE_VALUE)
		m->value = core_value_of(code);
	else if (role == MAP_ROLE_SITE)
		m->site = core_site_of(snake(code, buf));
	else if (role == MAP_ROLE_SPECIMEN)
		m->specimen = specimen_of(code);
	else
		m->concept = core_concept_of(snake(code, buf));
	if (m->value != CORE_VALUE_NONE || m->site != CORE_SITE_NONE
	    || m->specimen != CORE_SPECIMEN_NONE
	    || m->concept != CORE_CONCEPT_NONE)
		m->verdict = MAP_ACCEPT;
	m->code = code;
}

struct map_meaning
map_code_meaning(const struct map_terminology *t, enum map_role role,
    struct fhir_coding coding)
{
	struct map_meaning m = { .verdict = MAP_UNKNOWN };
	char buf[MAP_CODE_MAX];
	struct sv_str system = map_system_normal(coding.system), code;
	const struct map_entry *e;

	if (coding.code.n == 0 || coding.code.n > MAP_CODE_MAX)
		return m;
	code = map_terminology_code(coding.code, buf);
	if ((e = map_terminology_find(t, role, system, code)) != NULL)
		return e->meaning;
	for (struct sv_str part = code; part.n > 2; part.n--) {
		e = map_terminology_find(t, role, system, part);
		if (e != NULL && e->prefix)
			return e->meaning;
	}
	if (sv_str_starts(system, SV_LIT(OWN_SYSTEMS)))
		map_own_meaning(role, coding.code, &m);
	return m;
}

bool
map_meanings_disagree(const struct map_meaning *a, const struct map_meaning *b)
{
	return a->concept != b->concept || a->value != b->value
	    || a->site != b->site || a->grade_low != b->grade_low
	    || a->grade_high != b->grade_high || a->score != b->score
	    || a->pattern != b->pattern || a->specimen != b->specimen;
}

/* Of two codings of one concept: what counts, and whether they can both be
 * meant.  One that says nothing to Salvor takes nothing away. */
static struct map_meaning
weigh(const struct map_meaning *best, const struct map_meaning *m,
    bool *conflict)
{
	bool accepts = m->verdict == MAP_ACCEPT;
	bool refuses = m->verdict == MAP_REFUSE;

	if (best->verdict == MAP_UNKNOWN)
		return *m;
	if (best->verdict == MAP_ACCEPT) {
		*conflict = *conflict || refuses
		    || (accepts && map_meanings_disagree(m, best));
		return *best;
	}
	*conflict = *conflict || (accepts && best->verdict == MAP_REFUSE);
	/* What is refused must be seen by an accepted coding behind it. */
	return accepts || refuses ? *m : *best;
}

struct map_meaning
map_concept_meaning(const struct map_terminology *t, enum map_role role,
    const struct fhir_at *at, bool *ret_conflict)
{
	struct map_meaning best = { .verdict = MAP_UNKNOWN }, m;
	struct fhir_at x;

	*ret_conflict = false;
	for (x = fhir_first(at, "coding"); fhir_is(&x); x = fhir_next(&x)) {
		m = map_code_meaning(t, role, fhir_coding_at(&x));
		best = weigh(&best, &m, ret_conflict);
	}
	return best;
}

void
map_terminology_each(const struct map_terminology *t,
    const struct map_code_visitor *v)
{
	for (size_t i = 0; i < MAP_TERMINOLOGY_BUCKETS; i++) {
		for (const struct map_entry *e = t->bucket[i]; e != NULL;
		    e = e->next)
			v->each(v->ctx, &(struct map_known_code){ e->role,
			    e->system, e->code, e->prefix,
			    e->meaning.verdict == MAP_ACCEPT });
	}
}
