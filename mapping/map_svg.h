/**
 * map_svg.h: the PSA curve, drawn as SVG.
 *
 * A logarithmic axis, because PSA grows by doubling: a steady doubling time is
 * a straight line.  A value below a limit of detection is an open triangle
 * that points down from the limit, a value that is known as a range a bar.
 * The values that the doubling time was computed from are marked, and the
 * fitted line is drawn through them.  Treatments are bands (with a known end)
 * or lines, named above the curve; names that would collide move to further
 * rows.  Dashed lines are the thresholds of the rule book that matter for the
 * primary treatment, and the nadir.  The description of the drawing, and the
 * table beside it, say the same in words.
 */
#ifndef MAP_SVG_H
#define MAP_SVG_H

#include "map_html.h"

#define MAP_SVG_POINTS 200	/* the newest are drawn */

enum map_svg_form {
	MAP_SVG_WIDE,		/* desktop and paper */
	MAP_SVG_NARROW		/* phone: fewer pixels, larger letters */
};

/** Append the curve of the PSA series; there must be a value. */
void map_svg_psa(struct map_html *H, enum map_svg_form form);

/** Append what the marks on the curve mean, as a list. */
void map_svg_legend(struct map_html *H);

/** True if nothing is known of ${p} but that it is below a limit. */
bool map_svg_is_censored(const struct core_psa_point *p);

#endif
