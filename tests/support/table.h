/**
 * table.h: tables of made-up patients and what is to be concluded of each.
 *
 * The .txt files of tests/cases/tables, to be read by clinicians too.  A line is one of
 *
 *	# a remark
 *	on 2026-01-01			the reference date from here on
 *	always EVENT; EVENT		of every patient from here on; may be empty
 *	with name=number ...		parameters from here on; the others, and
 *					all without a name, are the published ones
 *	EVENT; EVENT -> EXPECTED; EXPECTED	one patient
 *
 * EVENT: concept [date[..end]] [value] [name=value...], for example
 *	psa 2024-06-01 <0.1 assay=A	radiotherapy 2015-02-01..2015-03-15 site=prostate
 * "-" is no date.  A value is a number, <n, >n, n~n (a range) or a coded one.
 * Names: site, specimen (rp, bx), certainty, assay, uln, count, gg (of a
 * biopsy), visceral=yes, status, version, id, unit (missing, unusable).
 *
 * EXPECTED is for test_tables.c to read.
 */
#ifndef TABLE_H
#define TABLE_H

#include "core_decide.h"

#define TABLE_EVENTS 160

struct table_case {
	const char *file;
	size_t line;
	struct sv_str text;		/* the line, without leading blanks */
	struct core_history known;	/* events: the line's own, then those
					 * of always */
	struct core_params params;
	struct sv_str expected;		/* behind the arrow */
};

typedef void (*table_visit)(void *ctx, const struct table_case *c);

/** Hand every case of every table to ${visit}, with the parameters of the rule
 * book, ${published}, but for those that the table changes; how many.  Aborts
 * on a line that cannot be read.  ${A} keeps all text. */
size_t table_each(struct sv_arena *A, const struct core_params *published,
    table_visit visit, void *ctx);

/** Take the text up to ${stop} off ${rest}, trimmed. */
struct sv_str table_take(struct sv_str *rest, char stop);

/** A number, an interval ("<1", ">1", "1~2"), or a set=false interval. */
struct core_interval table_number(struct sv_str s);

#endif
