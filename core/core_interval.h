/**
 * core_interval.h: three-valued truth and numbers known only as intervals.
 *
 * Truth is strong Kleene logic (knowledge K1.1).  A number is an interval
 * with open or closed ends (K1.2): '<0.1' is [0, 0.1), '>10' is (10, inf),
 * an exact 0.36 is [0.36, 0.36].  A comparison that the interval cannot
 * decide is unknown, never guessed.
 */
#ifndef CORE_INTERVAL_H
#define CORE_INTERVAL_H

#include "sv_dec.h"

enum core_tri {
	CORE_FALSE,
	CORE_TRUE,
	CORE_UNKNOWN
};

static inline enum core_tri
core_tri_of(bool b)
{
	return b ? CORE_TRUE : CORE_FALSE;
}

enum core_tri core_not(enum core_tri a);
enum core_tri core_and(enum core_tri a, enum core_tri b);
enum core_tri core_or(enum core_tri a, enum core_tri b);

struct core_interval {
	struct sv_dec lo, hi;	/* ${hi} means nothing if hi_inf */
	bool lo_open, hi_open;
	bool hi_inf;		/* no upper end; then hi_open is true */
	bool set;		/* false: there is no number at all */
};

/** [v, v] */
struct core_interval core_exactly(struct sv_dec v);

/** [lo, hi], both ends in it. */
struct core_interval core_between(struct sv_dec lo, struct sv_dec hi);

/** The smallest interval that holds both; the other one if one is not set. */
struct core_interval core_hull(struct core_interval a, struct core_interval b);

/** True if the interval is one single value. */
bool core_is_exact(struct core_interval a);

enum core_cmp {
	CORE_LT,
	CORE_LE,
	CORE_GT,
	CORE_GE,
	CORE_EQ,
	CORE_NE
};

/** Does ${a} ${op} ${b} hold?  Unknown if either is not set, or undecided. */
enum core_tri core_compare(struct core_interval a, enum core_cmp op,
    struct core_interval b);

#endif
