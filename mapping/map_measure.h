/**
 * map_measure.h: the care-gap measure QM-01 (knowledge K2.4) over patients, as
 * FHIR MeasureReport, text, page and SVG.
 */
#ifndef MAP_MEASURE_H
#define MAP_MEASURE_H

#include "map_result.h"

/* Where one patient stands in the measurement period. */
enum map_measure_place {
	MAP_MEASURE_OUTSIDE,	/* not in the initial population */
	MAP_MEASURE_NO_FAILURE,	/* or not in the period */
	MAP_MEASURE_UNKNOWN,	/* of failure, or of its date in the period */
	MAP_MEASURE_EXCLUDED,
	MAP_MEASURE_ASSESSED,	/* numerator A */
	MAP_MEASURE_OPEN,	/* not assessed, the window is still open */
	MAP_MEASURE_MISSED,	/* not assessed, the window is over */
	MAP_MEASURE_PLACE_MAX
};

struct map_measure {
	int32_t from, to;			/* days of the period */
	int64_t n[MAP_MEASURE_PLACE_MAX];
	int64_t adt_alone;			/* numerator B */
	const struct core_rulebook *book;	/* by which it was decided: each
						 * output names it (OS-1, OS-12) */
};

/* What is to be remembered of a patient, so that the measure can be taken
 * over a registry without deciding everybody again. */
enum {
	MAP_STANDS_IN_POPULATION = 1,
	MAP_STANDS_FAILED = 2,		/* in the denominator */
	MAP_STANDS_UNKNOWN = 4,
	MAP_STANDS_EXCLUDED = 8,
	MAP_STANDS_ASSESSED = 16,
	MAP_STANDS_ADT_ALONE = 32,
	/* Missing while cure may still be possible: the guidance asks for it
	 * with an intent that is not palliative. */
	MAP_STANDS_NO_BIOPSY = 64,
	MAP_STANDS_NO_RESTAGING = 128
};

struct map_standing {
	unsigned flags;
	int32_t failed_from, failed_to;	/* days; 0 unless it failed */
	int32_t until;			/* last day of the window */
};

struct map_standing map_standing_of(const struct map_result *r);

/** Where ${s} is on the day ${as_of} in the period of ${m}; and count it. */
enum map_measure_place map_standing_place(const struct map_measure *m,
    const struct map_standing *s, int32_t as_of);
void map_standing_add(struct map_measure *m, const struct map_standing *s,
    int32_t as_of);

/** Where ${r} stands in the period of ${m}. */
enum map_measure_place map_measure_place(const struct map_measure *m,
    const struct map_result *r);

/** The initial population; and the denominator without its exclusions. */
int64_t map_measure_population(const struct map_measure *m);
int64_t map_measure_counted(const struct map_measure *m);

/** Count ${r} in. */
void map_measure_add(struct map_measure *m, const struct map_result *r);

/** The MeasureReport of type summary.  LIMIT or NOMEM. */
struct sv_status map_measure_summary(const struct map_measure *m,
    const struct map_output_options *o, struct sv_buf *out) SV_CHECK;

/** The MeasureReport of type individual for ${r}; nothing if it is outside
 * the initial population.  LIMIT or NOMEM. */
struct sv_status map_measure_individual(const struct map_measure *m,
    const struct map_result *r, const struct map_output_options *o,
    struct sv_buf *out) SV_CHECK;

/** The disclaimer, the edition of the rules, when and by what it was made. */
void map_measure_edition(struct sv_buf *b, const struct map_measure *m,
    const struct map_output_options *o);

/** A line about ${r} if it was not assessed; and the table of all. */
void map_measure_text_patient(const struct map_measure *m,
    const struct map_result *r, struct sv_buf *out);
void map_measure_text(const struct map_measure *m,
    const struct map_output_options *o, struct sv_buf *out);

/** A bar chart, SVG 1.1, with a text alternative; it says if rules are drafts. */
void map_measure_svg(const struct map_measure *m, struct sv_buf *out);

/** A page for those who answer for the measure: both scores, the chart, the
 * counts with what they mean, the edition of the rules.  It names no patient.
 * LIMIT or NOMEM. */
struct sv_status map_measure_html(struct sv_arena *A,
    const struct map_measure *m, const struct map_output_options *o,
    struct sv_buf *out) SV_CHECK;

#endif
