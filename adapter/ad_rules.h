/**
 * ad_rules.h: "salvor rules": the rule book to read, and its sign-off.
 */
#ifndef AD_RULES_H
#define AD_RULES_H

#include "ad_engine.h"

/** Run the command. */
enum ad_exit ad_rules(const struct ad_options *o);

/**
 * ad_rules_cases(o, E, ret):
 * The root of the cases file vignettes.json in ${o}->cases, or in cases/ of
 * the configuration; absent if there is none.  Lives in ${E}->arena.
 */
struct fhir_at ad_rules_cases(const struct ad_options *o, struct ad_engine *E);

#endif
