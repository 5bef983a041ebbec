/**
 * map_svg_axis.h: the scales of the PSA curve and what is drawn on them;
 * internal to the drawing.  All positions are tenths of a pixel: whole
 * numbers, so that the same data gives the same bytes everywhere.
 */
#ifndef MAP_SVG_AXIS_H
#define MAP_SVG_AXIS_H

#include "map_svg.h"

struct map_svg {
	struct map_html *H;
	enum map_svg_form form;
	int width, height;		/* tenths of a pixel, as all below */
	int left, right, top, bottom;	/* the plot */
	int32_t first_day, last_day;
	double low, high;		/* of the axis, as powers of ten */
	const struct core_psa_point *points;	/* those that are drawn */
	size_t n_points;
};

#define MAP_SVG_ROW 150			/* height of a row of names */
#define MAP_SVG_ROWS 4

/** The scales for what ${H} has to show in ${form}. */
void map_svg_scale(struct map_html *H, enum map_svg_form form,
    struct map_svg *ret);

int map_svg_x(const struct map_svg *S, int32_t day);
int map_svg_y(const struct map_svg *S, double psa);

/** Append ${tenths} as pixels, "12.5", within an attribute ${name}. */
void map_svg_put(struct map_svg *S, const char *name, int tenths);

/* A threshold that the rule book compares PSA with, or the nadir. */
struct map_svg_limit {
	struct sv_dec at;
	struct sv_str name;
};
#define MAP_SVG_LIMITS 2

/** Those that matter after the primary treatment (K1.7), highest first. */
size_t map_svg_limits(const struct map_svg *S,
    struct map_svg_limit ret[MAP_SVG_LIMITS]);

/** The limits, named behind the right end of the plot. */
void map_svg_put_limits(struct map_svg *S);

/** The values beside their points, the newest first, where there is room. */
void map_svg_values(struct map_svg *S);

/** Where on the axis the value of ${p} is drawn. */
int map_svg_point_y(const struct map_svg *S, const struct core_psa_point *p);

/** Grid, axes and their labels. */
void map_svg_axes(struct map_svg *S);

/** Rows that the names above the plot need; the days must be scaled. */
int map_svg_mark_rows(const struct map_svg *S);

/** Treatments and biopsies of the prostate, named above the plot. */
void map_svg_marks(struct map_svg *S);

/** Is ${e} drawn as a treatment, and over which days? */
bool map_svg_is_mark(const struct core_event *e, int32_t as_of,
    int32_t *ret_from, int32_t *ret_to);

#endif
