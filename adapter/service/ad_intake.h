/**
 * ad_intake.h: one message, from its bytes to everything that follows from it.
 *
 * A message comes in by HTTPS, by the watched folder, or is replayed by an
 * operator.  It is read without any lock, then applied inside a unit of the
 * store, and answered when the unit is on disk:
 *
 *	ad_intake_read -> ad_intake_apply -> ad_intake_free
 *
 * It ends in exactly one state (enum ad_fate).  What it said is remembered by
 * patient; the patients it touched are decided again, and what changed in
 * their guidance goes to the outbox, all in the same unit.
 *
 * A Bundle is all or nothing, except a batch, whose entries stand for
 * themselves (R4 http.html#transaction).  A Bundle of two patients is refused.
 */
#ifndef AD_INTAKE_H
#define AD_INTAKE_H

#include "ad_store.h"
#include "map_line.h"

/* ${base} is a name of the server whose ids are those of ${source}. */
struct ad_home {
	struct sv_str source, base;
};

/* What is the same for all messages; outlives them. */
struct ad_intake_config {
	const struct map_engine *engine;
	struct sv_str sha256;		/* of all that decisions follow from */
	const struct sv_str *destinations;	/* names */
	size_t n_destinations;
	struct sv_str software;
	struct sv_str endpoint;		/* public base URL of the service */
	struct sv_str source_base;	/* of references to data; may be empty */
	/* Names of patients that hold for all sources: identifier systems. */
	const struct sv_str *identifier_systems;
	size_t n_identifier_systems;
	/* The bases of the senders' own servers, where they are known. */
	const struct ad_home *homes;
	size_t n_homes;
};

/* What came in; slices belong to the caller until ad_intake_read returns. */
struct ad_request {
	struct sv_str source;		/* the client's name */
	struct sv_str method;		/* POST, PUT or DELETE */
	struct sv_str type, id;		/* of the URL; may be empty */
	bool process_message;		/* sent to $process-message */
	struct sv_str media;		/* Content-Type, for the record */
	/* X-Request-Id, and behind a space the traceparent if there is one. */
	struct sv_str correlation;
	struct sv_str body;
	int64_t received_ms;
};

struct ad_intake;

/* What became of the guidance of the patients that were decided. */
struct ad_change {
	int64_t decided;		/* patients */
	int64_t fresh, changed, withdrawn, kept;	/* guidance */
};

/**
 * ad_intake_read(cfg, r, ret):
 * Copy and read ${r}.  OK: go on with ad_intake_apply, even if the message is
 * malformed: that it was refused is remembered too.  NOMEM: there is nothing
 * to free.
 */
struct sv_status ad_intake_read(const struct ad_intake_config *cfg,
    const struct ad_request *r, struct ad_intake **ret) SV_CHECK;

/**
 * ad_intake_apply(I, S):
 * Inside a unit of ${S}: do all of it.  OK: commit the unit, then answer.
 * RETRY or NOMEM: undo; the message is not accepted.
 */
struct sv_status ad_intake_apply(struct ad_intake *I, struct ad_store *S)
    SV_CHECK;

/* The answer; its body belongs to the intake. */
struct ad_answer {
	int status;			/* HTTP */
	struct sv_str body;		/* FHIR, JSON; may be empty (204) */
	enum ad_fate fate;
	int64_t message;		/* its number in the store */
	bool duplicate;			/* answered as the first time */
	bool is_bundle;			/* what was sent, and what is answered */
	size_t n_posts;			/* outbox rows written */
	size_t n_decided;		/* patients decided */
	size_t n_undecided;		/* of a review: that could not be */
	struct ad_change change;
};

struct ad_answer ad_intake_answer(const struct ad_intake *I);

/** An operator asked for it: apply the stored message ${id} again as
 * ${ret_intake}.  SKIP if its bytes are gone or it never was. */
struct sv_status ad_intake_replay(const struct ad_intake_config *cfg,
    struct ad_store *S, int64_t id, int64_t now_ms, struct ad_intake **ret)
    SV_CHECK;

/**
 * ad_intake_review(cfg, now_ms, patients, ret):
 * No message came, but rules or time changed: decide the ${patients} again.  A
 * patient that cannot be decided keeps its guidance, and is counted.
 * Afterwards as for ad_intake_read.
 */
struct sv_status ad_intake_review(const struct ad_intake_config *cfg,
    int64_t now_ms, const struct ad_patient_ids *patients,
    struct ad_intake **ret) SV_CHECK;

/**
 * ad_intake_ahead(I, S):
 * Work out a review of patients that are due (ad_store_sync.h) from the state
 * that ${S} reads, before its unit; ad_intake_apply then only writes, and
 * passes over those that somebody else decided in the meantime.  A unit of
 * ${S} must be open.  RETRY, NOMEM.
 */
struct sv_status ad_intake_ahead(struct ad_intake *I, struct ad_store *S)
    SV_CHECK;

/** What the review writes is of the message ${message} (0: none), and its posts
 * are told apart by ${correlation}, which must outlive ${I}. */
void ad_intake_attribute(struct ad_intake *I, int64_t message,
    struct sv_str correlation);

void ad_intake_free(struct ad_intake *I);

#endif
