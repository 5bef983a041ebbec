/**
 * map_supply.h: how long a medication lasts that does not say when it ended;
 * internal to mapping/.
 *
 * K1.7, on_adt_now: the length of a depot must be in the end of the period,
 * and it comes from the product, not from the dates (input trap 19).  In this
 * order, the first that is there:
 *
 *	effectiveDosePeriod.end (R5)
 *	daysSupply of a dispense
 *	dispenseRequest.expectedSupplyDuration, once for the order and once for
 *		each repeat allowed
 *	dosage timing: bounds; of a dispense or an administration, its period
 *	the product: a depot lasts as long as its ConceptMap element says
 *		(depot-months; of an ingredient, its longest product)
 *
 * The longer is the safe side: a PSA under androgen deprivation must not be
 * read as a cure (hazard H8).  What is over (completed, stopped) and says
 * none of this ended on the day it began, and the washout of K1.6 covers what
 * it leaves; all else is open-ended.
 */
#ifndef MAP_SUPPLY_H
#define MAP_SUPPLY_H

#include "map_reader.h"

/** The end of the medication ${e}, which is at ${root} and says no end;
 * ${depot_months} as in its meaning.  Not set: it is open-ended. */
struct sv_date map_supply_end(struct map_reader *R,
    const struct fhir_at *root, const struct core_event *e,
    int32_t depot_months);

#endif
