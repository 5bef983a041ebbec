/**
 * ad_post.h: posting guidance to a FHIR server, for salvor evaluate --post.
 *
 * What each answer means is the table of ad_outcome.h.  The exit status:
 *
 *	DONE					OK
 *	REFUSED, BLOCKED by a status (401 ...)	REFUSED
 *	BLOCKED by a certificate or the URL	CONFIG
 *	everything else: try again		TEMPORARY
 */
#ifndef AD_POST_H
#define AD_POST_H

#include "ad_options.h"
#include "sv_str.h"

struct ad_post;

/** A connection to ${o}->post; NULL after a line on standard error. */
struct ad_post *ad_post_open(const struct ad_options *o);

/** Post ${body}.  Says on standard error what went wrong, and what to do. */
enum ad_exit ad_post_send(struct ad_post *P, struct sv_str body);

void ad_post_close(struct ad_post *P);

#endif
