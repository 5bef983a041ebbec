/**
 * ad_bulk_status.h: what an answer to the question "is it ready?" means.
 *
 *	202					WAIT
 *	200 with X-Export-Status (separate	as if that status had been
 *	    status, 4.0)			    answered
 *	200					READY: the body is the manifest
 *	429					WAIT, twice as long as before
 *	401					TOKEN: a new one, once
 *	404 410					LOST: start anew, or give up
 *	408 425 5xx without FHIR, or with an	AGAIN: up to a number of times
 *	    outcome that is temporary		    in a row
 *	no answer				AGAIN
 *	all else				FAILED
 *
 * Pure: the waiting is the caller's.
 */
#ifndef AD_BULK_STATUS_H
#define AD_BULK_STATUS_H

#include "sv_arena.h"

#define AD_BULK_MAX_WAIT_S 300		/* between two questions */
#define AD_BULK_MAX_AGAIN 20		/* AGAINs in a row */

enum ad_bulk_says {
	AD_BULK_WAIT,
	AD_BULK_READY,
	AD_BULK_TOKEN,
	AD_BULK_AGAIN,
	AD_BULK_LOST,
	AD_BULK_FAILED
};

struct ad_bulk_answer {
	bool arrived;			/* false: no answer at all */
	long status;
	struct sv_str export_status;	/* X-Export-Status, or "" */
	struct sv_str body;
};

/** What ${a} means; ${reason} gets one line for people.  ${A} is working
 * memory. */
enum ad_bulk_says ad_bulk_status_of(struct sv_arena *A,
    const struct ad_bulk_answer *a, char reason[300]);

/* Of how long to wait between two questions. */
struct ad_bulk_pace {
	int64_t first_ms;		/* our own first wait; usually 5 s */
	int tries;			/* so far */
	int64_t retry_after_s;		/* what the server asked for, or 0 */
};

/**
 * ad_bulk_delay_ms(p, random):
 * How long to wait before the next question: what the server asked for, from
 * one second to AD_BULK_MAX_WAIT_S; without that, or if it is not a time to wait
 * at all (servers have sent 0, and milliseconds since 1970), our own first wait
 * doubled up to that maximum, and up to a tenth less.
 */
int64_t ad_bulk_delay_ms(const struct ad_bulk_pace *p, uint32_t random);

#endif
