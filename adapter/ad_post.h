/**
 * ad_post.h: posting guidance to a FHIR server over TLS, with libcurl.
 *
 * TLS 1.2 or later, verification always on, no redirects.  What each answer
 * means:
 *
 *	2xx, all entries 2xx	done			OK
 *	2xx, an entry not 2xx	that entry was refused	REFUSED
 *	408 425 429 5xx		try again later		TEMPORARY
 *	other 3xx 4xx		refused			REFUSED
 *	certificate trouble	see the message		CONFIG
 *	no connection		try again later		TEMPORARY
 *	cut or timed out	may be stored; safe to repeat, because every
 *				entry is a conditional create	TEMPORARY
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
