/*
 * Observations into events.
 */
#include "map_reader.h"

#include "map_grade.h"
#include "map_specimen.h"
#include "map_units.h"

enum core_status
map_observation_status(struct sv_str s)
{
	if (sv_str_is(s, "final") || sv_str_is(s, "amended")
	    || sv_str_is(s, "corrected") || sv_str_is(s, "appended"))
		return CORE_STATUS_FINAL;
	if (sv_str_is(s, "cancelled"))
		return CORE_STATUS_CANCELLED;
	return sv_str_is(s, "entered-in-error") ? CORE_STATUS_ENTERED_IN_ERROR
	    : CORE_STATUS_NOT_FINAL;
}

static void
read_quantity(struct map_reader *R, const struct fhir_at *at,
    struct core_event *e)
{
	static const char *const comparators[] = { "", "<", "<=", ">=", ">" };
	struct fhir_quantity q;
	struct sv_str unit;

	if (!sv_is_ok(fhir_quantity_at(at, &q, R->is)))
		return;
	e->unit = map_units_convert(e->concept, &q, &e->value);
	unit = q.unit.n > 0 ? q.unit : q.code;
	e->text = q.comparator == FHIR_EXACT
	    ? sv_arena_join(R->A, q.value_text, SV_LIT(" "), unit)
	    : sv_arena_printf(R->A, "%s%.*s %.*s", comparators[q.comparator],
	    SV_FMT(q.value_text), SV_FMT(unit));
}

static void
read_range(struct map_reader *R, const struct fhir_at *at,
    struct core_event *e)
{
	struct fhir_range r;
	struct core_interval low = { .set = false }, high = { .set = false };

	if (!sv_is_ok(fhir_range_at(at, &r, R->is)))
		return;
	if (r.has_low)
		e->unit = map_units_convert(e->concept, &r.low, &low);
	if (r.has_high && e->unit == CORE_UNIT_OK)
		e->unit = map_units_convert(e->concept, &r.high, &high);
	if (e->unit != CORE_UNIT_OK)
		return;
	if (!low.set)
		low = core_exactly(SV_DEC(0, 0));
	e->value = core_hull(low, high);
	if (!high.set)
		e->value.hi_inf = e->value.hi_open = true;
}

static void
read_integer(struct map_reader *R, const struct fhir_at *at,
    struct core_event *e)
{
	struct fhir_quantity q = { .comparator = FHIR_EXACT };

	if (!sv_is_ok(fhir_decimal_at(at, &q.value, R->is)))
		return;
	e->unit = map_units_convert(e->concept, &q, &e->value);
}

static void
read_coded(struct map_reader *R, const struct fhir_at *at,
    struct core_event *e)
{
	bool conflict;
	struct map_meaning m = map_concept_meaning(R->terms, MAP_ROLE_VALUE,
	    at, &conflict);

	if (conflict) {
		map_note(R, FHIR_ERROR, "code-conflict", at,
		    "The coded results contradict each other; none was "
		    "used.");
		return;
	}
	if (m.verdict != MAP_ACCEPT)
		return;
	e->code = m.value;
}

/* value[x] of the resource at ${root}. */
static void
read_value(struct map_reader *R, const struct fhir_at *root,
    struct core_event *e)
{
	struct sv_str type = { NULL, 0 };
	struct fhir_at at = fhir_choice(root, "value", &type);
	bool yes;

	if (sv_str_is(type, "Quantity"))
		read_quantity(R, &at, e);
	else if (sv_str_is(type, "Range"))
		read_range(R, &at, e);
	else if (sv_str_is(type, "Integer"))
		read_integer(R, &at, e);
	else if (sv_str_is(type, "CodeableConcept"))
		read_coded(R, &at, e);
	else if (sv_str_is(type, "Boolean")
	    && sv_is_ok(fhir_bool_at(&at, &yes, R->is)))
		e->code = yes ? CORE_VALUE_YES : CORE_VALUE_NO;
	else if (type.n > 0)
		map_note(R, FHIR_WARNING, "value-text", &at,
		    "A result sent as text is not used. Send it as a Quantity "
		    "with its unit, or coded.");
}

/* Components: the Grade Group of a biopsy, the number of lesions. */
static void
read_components(struct map_reader *R, const struct fhir_at *root,
    struct core_event *e)
{
	struct fhir_at x;
	bool conflict;

	for (x = fhir_first(root, "component"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct core_event part = { .concept = CORE_GRADE_GROUP,
			.source = e->source };
		struct fhir_at code = fhir_get(&x, "code");
		struct fhir_at coding = fhir_get(&code, "coding");
		struct map_meaning m = map_concept_meaning(R->terms,
		    MAP_ROLE_OBSERVATION, &code, &conflict);

		if (sv_str_is(fhir_text(&coding, "code"), "lesion-count")) {
			part.concept = CORE_RELAPSE_SITE_COUNT;
			read_value(R, &x, &part);
			e->count = part.value;
		} else if (m.verdict == MAP_ACCEPT && !conflict
		    && m.concept == CORE_GRADE_GROUP) {
			if (map_read_grade(R, &x, m.score > 0, &part))
				e->grade_group = part.value;
		}
	}
}

/* The upper limit of normal and the assay of a laboratory result. */
static void
read_laboratory(struct map_reader *R, const struct fhir_at *root,
    struct core_event *e)
{
	struct fhir_at range = fhir_get(root, "referenceRange");
	struct fhir_at high = fhir_get(&range, "high");
	struct fhir_at method = fhir_get(root, "method");
	struct fhir_at coding = fhir_get(&method, "coding");
	struct fhir_at device = fhir_get(root, "device");
	struct fhir_quantity q;

	if (sv_is_ok(fhir_quantity_at(&high, &q, R->is)) && map_units_convert(
	    e->concept, &q, &e->uln) != CORE_UNIT_OK)
		e->uln.set = false;
	e->assay = fhir_text(&method, "text");
	if (e->assay.n == 0)
		e->assay = fhir_text(&coding, "code");
	if (e->assay.n == 0)
		e->assay = fhir_text(&device, "reference");
}

/* What an Observation and a DiagnosticReport have in common: which concept,
 * which version, whether it counts, and the day.  False: it says nothing. */
static bool
start_result(struct map_reader *R, const struct fhir_at *root,
    struct sv_str type, struct core_event *e, struct map_meaning *m)
{
	*e = map_start_event(R, root, type);
	e->kind = CORE_OBSERVATION;
	if (!map_read_concept(R, MAP_ROLE_OBSERVATION, root, "code", m)
	    || m->concept == CORE_CONCEPT_NONE)
		return false;
	e->concept = m->concept;
	e->status = map_observation_status(fhir_text(root, "status"));
	map_read_when(R, root, "effective", e);
	if (sv_date_is_set(e->end)) {	/* a result is known at its end */
		e->date = e->end;
		e->end.precision = SV_DATE_NONE;
	}
	return true;
}

/* The grade in the resource, and the tissue it is of; false: no use. */
static bool
read_graded(struct map_reader *R, const struct fhir_at *root, bool is_score,
    struct core_event *e)
{
	struct map_tissue tissue = map_tissue_of(R, root);

	e->specimen = tissue.specimen;
	if (!tissue.elsewhere)
		return map_read_grade(R, root, is_score, e);
	map_note(R, FHIR_WARNING, "specimen-elsewhere", root,
	    "The specimen is not of the prostate; its grade was not used.");
	return false;
}

struct sv_status
map_read_observation(struct map_reader *R, const struct fhir_at *root)
{
	struct core_event e;
	struct map_meaning m;

	if (!start_result(R, root, SV_LIT("Observation"), &e, &m)
	    || fhir_data_absent(root, "value"))
		return SV_OK;
	if (e.concept != CORE_GRADE_GROUP) {
		read_value(R, root, &e);
		read_components(R, root, &e);
	} else if (!read_graded(R, root, m.score > 0, &e))
		return SV_OK;
	read_laboratory(R, root, &e);
	/* Without any result there is nothing to say (input trap 10). */
	if (!e.value.set && e.code == CORE_VALUE_NONE
	    && e.unit == CORE_UNIT_OK)
		return SV_OK;
	map_emit(R, &e);
	return SV_OK;
}

/* A report says what its coded conclusions say; its text is not read, and the
 * Observations that it has as results speak for themselves. */
struct sv_status
map_read_report(struct map_reader *R, const struct fhir_at *root)
{
	struct core_event e;
	struct map_meaning m;
	struct fhir_at x;

	if (!start_result(R, root, SV_LIT("DiagnosticReport"), &e, &m)
	    || e.concept == CORE_GRADE_GROUP)
		return SV_OK;
	for (x = fhir_first(root, "conclusionCode"); fhir_is(&x);
	    x = fhir_next(&x)) {
		e.code = CORE_VALUE_NONE;
		read_coded(R, &x, &e);
		if (e.code != CORE_VALUE_NONE)
			map_emit(R, &e);
	}
	return SV_OK;
}
