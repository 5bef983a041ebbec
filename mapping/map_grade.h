/**
 * map_grade.h: Grade Group and Gleason grading of one report.
 *
 * The same grading is sent as a Grade Group, as a Gleason score (a number or
 * a code), as two patterns in components, or in Observations that the report
 * has as members or was derived from (input trap 11).  Score 7 without its
 * patterns is Grade Group 2 or 3.  Parts that contradict each other are
 * refused together, never averaged and never chosen from (input trap 12).
 */
#ifndef MAP_GRADE_H
#define MAP_GRADE_H

#include "map_reader.h"

/**
 * map_read_grade(R, at, is_score, e):
 * Read the grading of the Observation or component at ${at}, whose value is a
 * Gleason score if ${is_score} and else a Grade Group, into ${e}->value, which
 * stays unset if there is none.  False, with an issue, if it contradicts
 * itself: the event is then not to be used.
 */
bool map_read_grade(struct map_reader *R, const struct fhir_at *at,
    bool is_score, struct core_event *e);

#endif
