/**
 * script.h: messages to a store, and what must be true of it whatever failed.
 *
 * Twenty messages of several patients: Bundles, single resources, corrections,
 * deletions, a batch, a message with a key, one refused and one held.  They are
 * applied in units of three, as the writer does, and their outbox rows are
 * claimed and settled.  A unit that fails is not acknowledged.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "ad_intake.h"

#define SCRIPT_N 20

/* What the sender and the poster know. */
struct ledger {
	struct {
		bool acked;
		int64_t id;
		enum ad_fate fate;
	} message[SCRIPT_N];
	int64_t settled[64];		/* rows */
	size_t n_settled;
};

/** Load rules and messages, once. */
void script_load(void);

/** Open the store of the test; NULL if that fails. */
struct ad_store *script_open(void);

/** Send what is not acknowledged yet; true if all of it is now. */
bool script_send(struct ad_store *S, struct ledger *L);

/** Read message ${i} and apply it inside the unit of ${S}. */
struct sv_status script_apply(struct ad_store *S, size_t i,
    struct ad_intake **ret) SV_CHECK;

/** Fail the test unless ${S} is whole and holds all that was acknowledged. */
void script_check(struct ad_store *S, const struct ledger *L);

/** True if all messages that ${L} says are acknowledged are there. */
bool script_kept(struct ad_store *S, const struct ledger *L);

/** The decisions that hold, of all patients; valid until the next call. */
const char *script_guidance(struct ad_store *S);

#endif
