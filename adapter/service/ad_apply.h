/**
 * ad_apply.h: what the parts of the intake share; internal to adapter/service,
 * and to adapter/sync, which takes in whole registries.
 */
#ifndef AD_APPLY_H
#define AD_APPLY_H

#include "ad_intake.h"
#include "ad_store_load.h"

/* What became of one set of resources: the whole message, or an entry of a
 * batch. */
struct ad_result {
	int status;			/* HTTP */
	enum ad_fate fate;
	struct fhir_issues is;
	size_t n_kept, n_late, n_deleted;
	size_t n_known;			/* of whose name something was known */
	/* What was read, before the unit: */
	bool of_patient;		/* there is something of a patient */
	bool only_replaced;		/* a Patient that another replaced */
	size_t n_matter;		/* entries that are to be remembered */
	size_t n_before;		/* issues before it was read */
	struct map_patient patient;	/* unless ${only_replaced} */
};

struct ad_intake {
	struct sv_arena A;		/* holds everything of the message */
	const struct ad_intake_config *cfg;
	struct ad_request r;
	struct fhir_doc doc;
	struct ad_result whole;
	struct ad_result *each;		/* of a batch, by entry */
	struct sv_str *packed;		/* text to keep, by entry */
	struct ad_message m;
	struct sv_str home;		/* base of the sender's own server */
	bool told_origin;		/* that some are of another */
	bool duplicate;
	int64_t replayed;		/* message number, 0: a new one */
	bool review;			/* no message: rules or time changed */
	struct ad_deciding *ahead;	/* worked out before the unit, or NULL */
	size_t n_undecided;
	struct ad_change change;
	int32_t as_of;
	struct sv_str recorded;		/* instant */
	struct ad_patient_ids affected;	/* to be decided again */
	size_t n_posts;
	/* What this message put, unless it is a batch or came before: those
	 * are read back. */
	struct ad_have *own;
	size_t n_own;
	int64_t own_patient;
	bool fresh;			/* that one is new */
};

/** The data are such that trying again is no use: BAD, LIMIT. */
bool ad_is_hopeless(struct sv_status s);

/* Resources that belong together: a Bundle, or an entry of a batch. */
struct ad_set {
	struct fhir_entry *e;
	size_t n;
};

/** Read what was sent, a batch entry by entry: whose it is, and what speaks
 * against it, goes to I->whole or I->each.  Done in the thread that took the
 * message, so that the one that writes has less to do.  NOMEM. */
struct sv_status ad_read_sets(struct ad_intake *I) SV_CHECK;

/** True if ${e} is to be remembered. */
bool ad_matters(const struct fhir_entry *e);

/** Apply ${set}, which was read, inside a savepoint: either all of it or nothing is remembered.
 * RETRY, NOMEM. */
struct sv_status ad_apply_set(struct ad_intake *I, struct ad_store *S,
    struct ad_set set, struct ad_result *ret) SV_CHECK;

/** Note that ${patient} has to be decided again.  NOMEM. */
struct sv_status ad_apply_affects(struct ad_intake *I, int64_t patient)
    SV_CHECK;

/** Put ${r} in place of what is known of its name, unless it is older; note who
 * has to be decided.  RETRY, NOMEM. */
struct sv_status ad_apply_replace(struct ad_intake *I, struct ad_store *S,
    const struct ad_kept *r, struct ad_result *ret) SV_CHECK;

/** Forget the resource that the DELETE ${e} names.  BAD with an issue if it
 * names none; RETRY, NOMEM. */
struct sv_status ad_apply_forget(struct ad_intake *I, struct ad_store *S,
    const struct fhir_entry *e, struct ad_result *ret) SV_CHECK;

/**
 * ad_origin_learn(I, S, set, reference):
 * Know the base of the sender's own server, if ${set} or the ${reference} to
 * its patient names any: as remembered, or the first one that is met.
 * RETRY, NOMEM.
 */
struct sv_status ad_origin_learn(struct ad_intake *I, struct ad_store *S,
    struct ad_set set, struct sv_str reference) SV_CHECK;

/** True if ${url} names no server, or the sender's own. */
bool ad_origin_is_home(const struct ad_intake *I, struct sv_str url);

/** As of which source ${e} is remembered: of the sender, or of another server
 * that it relays, about which ${is} tells once.  NOMEM. */
struct sv_status ad_origin_of(struct ad_intake *I, const struct fhir_entry *e,
    struct fhir_issues *is, struct sv_str *ret) SV_CHECK;

/** Find or make the patient that ${r}, read from ${set}, is of; merge those that
 * turn out to be one.  Sets I->own_patient and I->fresh.  RETRY, NOMEM. */
struct sv_status ad_identify(struct ad_intake *I, struct ad_store *S,
    struct ad_set set, struct ad_result *r) SV_CHECK;

/** Decide every affected patient again; write what changed.  BAD: one cannot
 * be decided, ${is} says why. */
struct sv_status ad_redecide_all(struct ad_intake *I, struct ad_store *S,
    struct fhir_issues *is) SV_CHECK;

/** The same, each patient for itself: one that cannot be decided is counted
 * and left as it was.  RETRY, NOMEM. */
struct sv_status ad_redecide_each(struct ad_intake *I, struct ad_store *S)
    SV_CHECK;

/** Work out what follows for every affected patient from the state of ${S};
 * ad_redecide_write then writes it, unless somebody else decided the patient in
 * the meantime.  RETRY, NOMEM. */
struct sv_status ad_redecide_ahead(struct ad_intake *I, struct ad_store *S)
    SV_CHECK;
struct sv_status ad_redecide_write(struct ad_intake *I, struct ad_store *S)
    SV_CHECK;

/** Write the answer to ${I} into I->m: OperationOutcome, or the Bundle of the
 * kind that answers the one sent.  NOMEM. */
struct sv_status ad_answer_write(struct ad_intake *I) SV_CHECK;

/** True if ${e} asks for its resource to be deleted. */
bool ad_is_delete(const struct fhir_entry *e);

#endif
