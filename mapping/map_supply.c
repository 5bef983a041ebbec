#include "map_supply.h"

#define MAX_REPEATS 100
#define MAX_DAYS 36525		/* a century: nobody meant that */

static const struct sv_date none = { 0, 0, SV_DATE_NONE };

/* UCUM codes of Timing.repeat and of Duration: as days, or as months. */
static const struct { const char *code; int32_t days, months; } units[] = {
	{ "d", 1, 0 }, { "wk", 7, 0 }, { "mo", 0, 1 }, { "a", 0, 12 },
};

struct length {
	int32_t days, months;		/* both 0: not known */
};

/* A whole number at ${at}; parts of a day count as a day. */
static int32_t
whole(struct map_reader *R, const struct fhir_at *at, int32_t max)
{
	struct sv_dec d;

	if (!sv_is_ok(fhir_decimal_at(at, &d, R->is)) || d.m <= 0)
		return 0;
	for (; d.scale > 0; d.scale--)
		d.m = (d.m + 9) / 10;
	return d.m > max ? 0 : (int32_t)d.m;
}

/* ${value} of the unit ${code}. */
static struct length
length_of(struct map_reader *R, const struct fhir_at *value,
    struct sv_str code)
{
	int32_t n = whole(R, value, MAX_DAYS);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (sv_str_is(code, units[i].code))
			return (struct length){ n * units[i].days,
				n * units[i].months };
	}
	return (struct length){ 0, 0 };
}

/* A Duration, or a Quantity of days without a unit (daysSupply). */
static struct length
duration_at(struct map_reader *R, const struct fhir_at *at, const char *unit)
{
	struct fhir_at value = fhir_get(at, "value");
	struct sv_str code = fhir_text(at, "code");

	return length_of(R, &value, code.n > 0 ? code : sv_str_of(unit));
}

/* From a day that the medication may have begun on to the last that it may
 * still work: the end is not known better than the beginning. */
static struct sv_date
after(struct sv_date begin, struct length x)
{
	if (!sv_date_is_set(begin) || (x.days == 0 && x.months == 0))
		return none;
	begin.lo = sv_date_add_months(begin.lo, x.months) + x.days;
	begin.hi = sv_date_add_months(begin.hi, x.months) + x.days;
	return begin;
}

static struct length
supplied(struct map_reader *R, const struct fhir_at *root)
{
	struct fhir_at days = fhir_get(root, "daysSupply");
	struct fhir_at request = fhir_get(root, "dispenseRequest");
	struct fhir_at expected = fhir_get(&request,
	    "expectedSupplyDuration");
	struct fhir_at repeats = fhir_get(&request, "numberOfRepeatsAllowed");
	struct length x = duration_at(R, &days, "d");
	int32_t times;

	if (x.days > 0 || x.months > 0)
		return x;
	x = duration_at(R, &expected, "");
	times = 1 + whole(R, &repeats, MAX_REPEATS);
	return (struct length){ x.days > MAX_DAYS / times ? 0
		: x.days * times, x.months * times };
}

/* The dosage: bounds of the whole, or the period of one dose. */
static struct sv_date
timed(struct map_reader *R, const struct fhir_at *root,
    const struct core_event *e)
{
	struct fhir_at list = fhir_get(root, "dosageInstruction");
	struct fhir_at dosage = fhir_is(&list) ? list
	    : fhir_get(root, "dosage");
	struct fhir_at timing = fhir_get(&dosage, "timing");
	struct fhir_at repeat = fhir_get(&timing, "repeat");
	struct fhir_at bounds = fhir_get(&repeat, "boundsPeriod");
	struct fhir_at duration = fhir_get(&repeat, "boundsDuration");
	struct fhir_at period = fhir_get(&repeat, "period");
	struct fhir_period p;
	struct length x;

	if (sv_is_ok(fhir_period_at(&bounds, &p, R->is))
	    && sv_date_is_set(p.end))
		return p.end;
	x = duration_at(R, &duration, "");
	if (x.days == 0 && x.months == 0
	    && (sv_str_starts(e->source, SV_LIT("MedicationDispense"))
	    || sv_str_starts(e->source, SV_LIT("MedicationAdmin"))))
		x = length_of(R, &period, fhir_text(&repeat, "periodUnit"));
	return after(e->date, x);
}

/* Is it over, or was it one dose? */
static bool
is_past(struct sv_str status)
{
	return sv_str_is(status, "completed") || sv_str_is(status, "stopped");
}

struct sv_date
map_supply_end(struct map_reader *R, const struct fhir_at *root,
    const struct core_event *e, int32_t depot_months)
{
	struct fhir_at r5 = fhir_get(root, "effectiveDosePeriod");
	struct fhir_period p;
	struct sv_date end;

	if (sv_is_ok(fhir_period_at(&r5, &p, R->is)) && sv_date_is_set(p.end))
		return p.end;
	end = after(e->date, supplied(R, root));
	if (!sv_date_is_set(end))
		end = timed(R, root, e);
	if (sv_date_is_set(end) || !is_past(fhir_text(root, "status")))
		return end;
	end = after(e->date, (struct length){ 0, depot_months });
	return sv_date_is_set(end) ? end : e->date;
}
