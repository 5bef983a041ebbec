#include "map_grade.h"

enum { PRIMARY, SECONDARY };

/* What one report says, part by part; 0: nothing.  A part that is there twice
 * is of several lesions or cores, and says nothing about the whole. */
struct grading {
	int32_t group;
	int32_t score;
	int32_t pattern[2];
	int n_score, n_pattern[2];
	bool conflict;			/* the codings of a value disagree */
};

struct span {
	int32_t lo, hi;
};

/* ISUP 2014: score 6 or less is 1, 3+4 is 2, 4+3 is 3, 8 is 4, 9-10 are 5. */
static struct span
groups_of_score(int32_t score)
{
	if (score == 7)
		return (struct span){ 2, 3 };
	if (score == 8)
		return (struct span){ 4, 4 };
	return score <= 6 ? (struct span){ 1, 1 } : (struct span){ 5, 5 };
}

static struct span
groups_of_patterns(int32_t primary, int32_t secondary)
{
	if (primary == 3 && secondary == 4)
		return (struct span){ 2, 2 };
	if (primary == 4 && secondary == 3)
		return (struct span){ 3, 3 };
	return groups_of_score(primary + secondary);
}

/* The whole number at ${at}, from ${lo} to ${hi}; else 0. */
static int32_t
number_at(struct map_reader *R, const struct fhir_at *at, struct sv_str type,
    int32_t lo, int32_t hi)
{
	struct fhir_quantity q = { .comparator = FHIR_EXACT };
	struct sv_status s = sv_str_is(type, "Quantity")
	    ? fhir_quantity_at(at, &q, R->is)
	    : fhir_decimal_at(at, &q.value, R->is);

	if (!sv_is_ok(s) || q.comparator != FHIR_EXACT || q.value.scale != 0
	    || q.value.m < lo || q.value.m > hi)
		return 0;
	return (int32_t)q.value.m;
}

/* value[x] of a grading: a number, or a code for a group or a score. */
static void
take_value(struct map_reader *R, const struct fhir_at *at, bool is_score,
    struct grading *g)
{
	struct sv_str type = { NULL, 0 };
	struct fhir_at value = fhir_choice(at, "value", &type);
	struct map_meaning m = { .verdict = MAP_UNKNOWN };
	bool conflict = false;

	if (sv_str_is(type, "Integer") || sv_str_is(type, "Quantity")) {
		if (is_score)
			m.score = number_at(R, &value, type, 2, 10);
		else
			m.grade_low = number_at(R, &value, type, 1, 5);
	} else if (sv_str_is(type, "CodeableConcept"))
		m = map_concept_meaning(R->terms, MAP_ROLE_VALUE, &value,
		    &conflict);
	if (conflict || m.verdict == MAP_REFUSE) {
		g->conflict = g->conflict || conflict;
		return;
	}
	if (m.grade_low > 0)
		g->group = m.grade_low;
	if (m.score > 0) {
		g->score = m.score;
		g->n_score++;
	}
}

static void
take_pattern(struct map_reader *R, const struct fhir_at *at, int which,
    struct grading *g)
{
	struct sv_str type = { NULL, 0 };
	struct fhir_at value = fhir_choice(at, "value", &type);
	struct map_meaning m;
	bool conflict = false;

	g->n_pattern[which]++;
	if (!sv_str_is(type, "CodeableConcept")) {
		g->pattern[which] = number_at(R, &value, type, 1, 5);
		return;
	}
	m = map_concept_meaning(R->terms, MAP_ROLE_VALUE, &value, &conflict);
	g->pattern[which] = m.pattern;
	g->conflict = g->conflict || conflict;
}

/* A component, or another Observation: a pattern, or (in a component) a score. */
static void
take_part(struct map_reader *R, const struct fhir_at *at, bool is_component,
    struct grading *g)
{
	struct fhir_at code = fhir_get(at, "code");
	bool conflict;
	struct map_meaning m = map_concept_meaning(R->terms,
	    MAP_ROLE_OBSERVATION, &code, &conflict);

	if (m.verdict != MAP_ACCEPT || conflict)
		return;
	if (m.pattern > 0)
		take_pattern(R, at, m.pattern == 1 ? PRIMARY : SECONDARY, g);
	else if (is_component && m.concept == CORE_GRADE_GROUP)
		take_value(R, at, m.score > 0, g);
}

/* The Observations that ${name} of the report refers to. */
static void
take_members(struct map_reader *R, const struct fhir_at *at, const char *name,
    struct grading *g)
{
	struct fhir_at x, root;

	for (x = fhir_first(at, name); fhir_is(&x); x = fhir_next(&x)) {
		struct fhir_reference ref = fhir_reference_at(&x);
		struct fhir_entry *e = map_resolve(R, &ref);

		if (e == NULL || e->tree == NULL
		    || !sv_str_is(e->resource_type, "Observation"))
			continue;
		root = fhir_entry_root(e);
		if (map_observation_status(fhir_text(&root, "status"))
		    == CORE_STATUS_FINAL)
			take_part(R, &root, false, g);
	}
}

/* Keep what both say; false if that is nothing. */
static bool
narrow(struct span *a, struct span b)
{
	if (b.lo > a->lo)
		a->lo = b.lo;
	if (b.hi < a->hi)
		a->hi = b.hi;
	return a->lo <= a->hi;
}

/* The two patterns, if they are of one lesion. */
static bool
has_patterns(const struct grading *g)
{
	return g->pattern[PRIMARY] > 0 && g->pattern[SECONDARY] > 0
	    && g->n_pattern[PRIMARY] == 1 && g->n_pattern[SECONDARY] == 1;
}

/* Everything that is said, together; false if it cannot all be so. */
static bool
combine(const struct grading *g, struct span *ret)
{
	int32_t p = g->pattern[PRIMARY], s = g->pattern[SECONDARY];
	bool ok = true;

	if (g->group > 0)
		ok = narrow(ret, (struct span){ g->group, g->group });
	if (g->n_score == 1)
		ok = ok && narrow(ret, groups_of_score(g->score));
	if (!has_patterns(g))
		return ok;
	return ok && narrow(ret, groups_of_patterns(p, s))
	    && (g->n_score != 1 || p + s == g->score);
}

bool
map_read_grade(struct map_reader *R, const struct fhir_at *at, bool is_score,
    struct core_event *e)
{
	struct grading g = { .group = 0 };
	struct span all = { 1, 5 };
	struct fhir_at x;

	take_value(R, at, is_score, &g);
	for (x = fhir_first(at, "component"); fhir_is(&x); x = fhir_next(&x))
		take_part(R, &x, true, &g);
	take_members(R, at, "hasMember", &g);
	take_members(R, at, "derivedFrom", &g);
	if (g.conflict || !combine(&g, &all)) {
		map_note(R, FHIR_ERROR, "grade-inconsistent", at,
		    "The Gleason patterns, the score and the Grade Group "
		    "contradict each other; none was used. Correct the "
		    "report.");
		return false;
	}
	if (all.lo > 1 || all.hi < 5)
		e->value = core_between(SV_DEC(all.lo, 0), SV_DEC(all.hi, 0));
	return true;
}
