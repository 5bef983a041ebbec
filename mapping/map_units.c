#include "map_units.h"

struct unit {
	enum core_concept concept;
	const char *code;		/* UCUM, or a spelling seen in data */
	struct sv_dec factor;		/* to the unit of the concept */
};

static const struct unit units[] = {
	{ CORE_PSA, "ng/mL", { 1, 0 } }, { CORE_PSA, "ng/ml", { 1, 0 } },
	{ CORE_PSA, "ug/L", { 1, 0 } }, { CORE_PSA, "\xc2\xb5g/L", { 1, 0 } },
	{ CORE_PSA, "\xce\xbcg/L", { 1, 0 } }, { CORE_PSA, "mcg/L", { 1, 0 } },
	{ CORE_PSA, "ng/L", { 1, 3 } }, { CORE_PSA, "pg/mL", { 1, 3 } },
	{ CORE_PSA, "ng/dL", { 1, 2 } }, { CORE_PSA, "ug/dL", { 10, 0 } },
	{ CORE_PSA, "mg/L", { 1000, 0 } },
	{ CORE_TESTOSTERONE, "ng/dL", { 1, 0 } },
	{ CORE_TESTOSTERONE, "ng/mL", { 100, 0 } },
	{ CORE_TESTOSTERONE, "ug/L", { 100, 0 } },
	{ CORE_TESTOSTERONE, "nmol/L", { 28842, 3 } },
	{ CORE_AFP, "ng/mL", { 1, 0 } }, { CORE_AFP, "ug/L", { 1, 0 } },
	{ CORE_HCG, "[IU]/L", { 1, 0 } }, { CORE_HCG, "m[IU]/mL", { 1, 0 } },
	{ CORE_HCG, "IU/L", { 1, 0 } }, { CORE_HCG, "mIU/mL", { 1, 0 } },
	{ CORE_HCG, "U/L", { 1, 0 } }, { CORE_HCG, "mU/mL", { 1, 0 } },
	{ CORE_LIFE_EXPECTANCY, "a", { 1, 0 } },
	{ CORE_LIFE_EXPECTANCY, "years", { 1, 0 } },
	{ CORE_LIFE_EXPECTANCY, "year", { 1, 0 } },
	{ CORE_RELAPSE_MAX_DIAMETER, "cm", { 1, 0 } },
	{ CORE_RELAPSE_MAX_DIAMETER, "mm", { 1, 1 } },
	{ CORE_RELAPSE_SITE_COUNT, "1", { 1, 0 } },
};

static const struct unit *
find(enum core_concept c, struct sv_str code)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].concept == c && sv_str_is(code, units[i].code))
			return &units[i];
	}
	return NULL;
}

/* The comparator as an interval; values below zero do not exist here. */
static struct core_interval
interval_of(struct sv_dec v, enum fhir_comparator comparator)
{
	struct core_interval i = core_exactly(v);

	switch (comparator) {
	case FHIR_LT:
	case FHIR_LE:
		i.lo = SV_DEC(0, 0);
		i.hi_open = comparator == FHIR_LT;
		break;
	case FHIR_GT:
	case FHIR_GE:
		i.lo_open = comparator == FHIR_GT;
		i.hi_inf = i.hi_open = true;
		break;
	case FHIR_EXACT:
		break;
	}
	return i;
}

enum core_unit_state
map_units_convert(enum core_concept c, const struct fhir_quantity *q,
    struct core_interval *ret)
{
	struct sv_dec v = q->value;
	const struct unit *u;

	if (core_concept_unit(c).n == 0 || (c == CORE_RELAPSE_SITE_COUNT
	    && q->code.n == 0 && q->unit.n == 0)) {
		*ret = interval_of(v, q->comparator);
		return CORE_UNIT_OK;
	}
	if (q->code.n == 0 && q->unit.n == 0)
		return CORE_UNIT_MISSING;
	if ((u = find(c, q->code.n > 0 ? q->code : q->unit)) == NULL
	    || !sv_is_ok(sv_dec_mul(v, u->factor, &v)))
		return CORE_UNIT_UNUSABLE;
	*ret = interval_of(v, q->comparator);
	return CORE_UNIT_OK;
}
