/**
 * map_withdraw.h: taking back guidance that no longer holds.
 *
 * Guidance is a function of the data.  When the data change, what was said
 * before is revoked by its originator, never deleted: the CarePlan becomes
 * "revoked" with a note that says why (R4 has no statusReason there), a
 * DetectedIssue "cancelled".  GuidanceResponse, Provenance and AuditEvent are
 * records of what was said on that day, and stay.
 */
#ifndef MAP_WITHDRAW_H
#define MAP_WITHDRAW_H

#include "core_rule.h"
#include "fhir_write.h"

/* Earlier guidance for one cancer, as it was posted. */
struct map_earlier {
	struct sv_str bundle;	/* the transaction Bundle, JSON */
	struct sv_str decision;	/* its decision id, 64 hex digits */
	struct sv_str reason;	/* one sentence, for people */
	enum core_cancer cancer;
};

/**
 * map_withdraw(A, w, earlier, any, ret_careplan):
 * Write into the array "entry" of ${w}, which is opened with the first entry if
 * ${any} says that it is not open yet, a conditional update for every
 * CarePlan and DetectedIssue of ${earlier}->bundle that belongs to its
 * decision.  The update creates the revoked resource on a server that never
 * got it, so it may be posted whatever became of the first post.
 * ${ret_careplan} gets the fullUrl of the CarePlan, or "".  NOMEM; BUG if the
 * bundle is not one of ours.
 */
struct sv_status map_withdraw(struct sv_arena *A, struct fhir_writer *w,
    const struct map_earlier *earlier, bool *any, struct sv_str *ret_careplan)
    SV_CHECK;

#endif
