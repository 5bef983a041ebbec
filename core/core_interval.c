#include "core_interval.h"

enum core_tri
core_not(enum core_tri a)
{
	if (a == CORE_UNKNOWN)
		return CORE_UNKNOWN;
	return core_tri_of(a == CORE_FALSE);
}

enum core_tri
core_and(enum core_tri a, enum core_tri b)
{
	if (a == CORE_FALSE || b == CORE_FALSE)
		return CORE_FALSE;
	if (a == CORE_TRUE && b == CORE_TRUE)
		return CORE_TRUE;
	return CORE_UNKNOWN;
}

enum core_tri
core_or(enum core_tri a, enum core_tri b)
{
	return core_not(core_and(core_not(a), core_not(b)));
}

struct core_interval
core_exactly(struct sv_dec v)
{
	return (struct core_interval){ .lo = v, .hi = v, .set = true };
}

struct core_interval
core_between(struct sv_dec lo, struct sv_dec hi)
{
	return (struct core_interval){ .lo = lo, .hi = hi, .set = true };
}

/* Lower the lower end of ${h} to that of ${v}. */
static void
reach_down(struct core_interval *h, struct core_interval v)
{
	int d = sv_dec_cmp(v.lo, h->lo);

	if (d < 0 || (d == 0 && h->lo_open)) {
		h->lo = v.lo;
		h->lo_open = v.lo_open;
	}
}

static void
reach_up(struct core_interval *h, struct core_interval v)
{
	int d = sv_dec_cmp(v.hi, h->hi);

	if (h->hi_inf || v.hi_inf) {
		h->hi_inf = h->hi_open = true;
	} else if (d > 0 || (d == 0 && h->hi_open)) {
		h->hi = v.hi;
		h->hi_open = v.hi_open;
	}
}

struct core_interval
core_hull(struct core_interval a, struct core_interval b)
{
	if (!a.set || !b.set)
		return a.set ? a : b;
	reach_down(&a, b);
	reach_up(&a, b);
	return a;
}

bool
core_is_exact(struct core_interval a)
{
	return a.set && !a.hi_inf && sv_dec_cmp(a.lo, a.hi) == 0;
}

/* a >= b: true if all of a is at or above all of b, false if all below. */
static enum core_tri
at_least(struct core_interval a, struct core_interval b)
{
	int d;

	if (!b.hi_inf && sv_dec_cmp(a.lo, b.hi) >= 0)
		return CORE_TRUE;
	if (a.hi_inf)
		return CORE_UNKNOWN;
	d = sv_dec_cmp(a.hi, b.lo);
	if (d < 0 || (d == 0 && (a.hi_open || b.lo_open)))
		return CORE_FALSE;
	return CORE_UNKNOWN;
}

static enum core_tri
equal(struct core_interval a, struct core_interval b)
{
	if (core_is_exact(a) && core_is_exact(b))
		return core_tri_of(sv_dec_cmp(a.lo, b.lo) == 0);
	if (at_least(a, b) == CORE_FALSE || at_least(b, a) == CORE_FALSE)
		return CORE_FALSE;
	return CORE_UNKNOWN;
}

enum core_tri
core_compare(struct core_interval a, enum core_cmp op, struct core_interval b)
{
	if (!a.set || !b.set)
		return CORE_UNKNOWN;
	switch (op) {
	case CORE_LT:
		return core_not(at_least(a, b));
	case CORE_LE:
		return at_least(b, a);
	case CORE_GT:
		return core_not(at_least(b, a));
	case CORE_GE:
		return at_least(a, b);
	case CORE_EQ:
		return equal(a, b);
	case CORE_NE:
		break;
	}
	return core_not(equal(a, b));
}
