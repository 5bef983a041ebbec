/**
 * ad_review.h: when the rules changed, all patients are decided again.
 *
 * Guidance is a function of the remembered events and the rules (design
 * section 6): after a start or a reload with other rules, terminology or
 * program, every patient that was decided by the ones before is decided again
 * in the background, a few in each unit of the store, between the messages
 * that come in.  It may be interrupted at any time and goes on after the next
 * start.
 */
#ifndef AD_REVIEW_H
#define AD_REVIEW_H

#include "sv_status.h"

struct ad_review;
struct ad_service;

/** Begin, and look for patients at once.  NULL with ${err}. */
struct ad_review *ad_review_start(struct ad_service *V, struct sv_err *err);

/** The setup changed: look again.  NULL is allowed. */
void ad_review_wake(struct ad_review *R);

/** End after the unit under way and free ${R}.  NULL is allowed. */
void ad_review_stop(struct ad_review *R);

#endif
