/**
 * ad_cds_ledger.h: which cards were shown, and what became of them; internal
 * to adapter/cds.
 *
 * A thread writes both to the store, in the order in which they came, so that
 * feedback always finds its card.  What was shown is written within a second
 * and may be lost with the machine; feedback is on disk before it is answered.
 * What a user has overridden is also kept in memory, to be asked at each call.
 */
#ifndef AD_CDS_LEDGER_H
#define AD_CDS_LEDGER_H

#include "ad_store_cds.h"

struct ad_cds_ledger;

/** NULL with ${err}: the store cannot be read, no memory. */
struct ad_cds_ledger *ad_cds_ledger_start(struct ad_store *S,
    struct sv_err *err);
/** Write what waits, and end.  NULL is allowed. */
void ad_cds_ledger_stop(struct ad_cds_ledger *L);

/** ${n} cards were shown; copied.  If too many wait they are left out, and
 * counted. */
void ad_cds_ledger_shown(struct ad_cds_ledger *L, const struct ad_card *cards,
    size_t n);

/** Put ${f} on disk, all of it or nothing, then call ${done} in the ledger's
 * thread.  All must live until then. */
struct ad_cds_report {
	const struct ad_feedback *at;
	size_t n;
	void (*done)(void *ctx, bool ok);
	void *ctx;
};
/** False: too many wait; ${done} is not called. */
bool ad_cds_ledger_feedback(struct ad_cds_ledger *L,
    const struct ad_cds_report *r);

/** True if the same user overrode a card of the same content for the same
 * patient since ${since_ms}. */
bool ad_cds_ledger_overridden(struct ad_cds_ledger *L,
    const struct ad_card *c, int64_t since_ms);

/** Cards that were not written down. */
int64_t ad_cds_ledger_lost(const struct ad_cds_ledger *L);

#endif
