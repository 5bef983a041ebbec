/**
 * map_sieve.h: which lines of an export can matter at all.
 *
 * Of a registry's full export few resources can say anything to Salvor.  The
 * sieve looks at the raw line: its resource type, and whether any code in it
 * is one that the terminology knows in the place where that type states what
 * it is about.  What passes is parsed strictly; the rest is never parsed.
 *
 * The sieve is sound: a line that it drops would have given no event and no
 * issue about a patient's data.  Whenever it is not sure it lets the line
 * pass: an escape that could hide a letter or digit (\u0043), two
 * resourceTypes, no resourceType, an object that does not end, a Bundle, a
 * modifierExtension, a medication that is coded elsewhere.  Two things are not
 * looked for in dropped lines: syntax errors behind the first brace, and a
 * missing subject.
 *
 * Pure and shared by threads; a scan belongs to one.
 */
#ifndef MAP_SIEVE_H
#define MAP_SIEVE_H

#include "map_terminology.h"

struct map_sieve;

/** A sieve for the codes of ${t}, in ${A}; valid as long as both.  NOMEM. */
struct sv_status map_sieve_make(struct sv_arena *A,
    const struct map_terminology *t, struct map_sieve **ret) SV_CHECK;

/* A scan of one block of whole lines. */
struct map_sieve_scan {
	const struct map_sieve *sieve;
	const char *at, *end;
	/* The next of each at or behind ${at}, or ${end}; found when needed. */
	const char *code, *modifier, *escape;
	int64_t line;		/* number of the last line, from 1 */
	int64_t dropped;	/* lines, so far */
	/* Is an earlier version of this resource remembered?  Then its line
	 * passes, whatever it says now.  NULL: nothing is remembered.  Asked
	 * only of a line that would be dropped otherwise. */
	bool (*known)(void *ctx, struct sv_str line, struct sv_str type,
	    struct sv_str id);
	void *ctx;
};

/** Begin with ${block}; lines are counted on from ${line}. */
struct map_sieve_scan map_sieve_begin(const struct map_sieve *S,
    struct sv_str block, int64_t line);

/** The next line of the block that can matter, without its line end; false at
 * the end.  ${c}->line is its number. */
bool map_sieve_next(struct map_sieve_scan *c, struct sv_str *ret);

#endif
