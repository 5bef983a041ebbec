/**
 * ad_store.h: what the service remembers, and what it still has to post.
 *
 * One SQLite database (WAL, synchronous=FULL: a commit is on disk before it
 * returns).  It holds every message that was accepted, with its bytes; the
 * newest version of every resource that can matter, by patient; the guidance
 * that follows; and the outbox.
 *
 * Work happens in units, each a transaction:
 *
 *	ad_store_begin -> (ad_store_savepoint -> ... -> ad_store_release
 *	    or ad_store_undo)* -> ad_store_commit or ad_store_rollback
 *
 * Many messages share one unit, and so one fsync (group commit); each has a
 * savepoint, so that one that fails leaves nothing behind and does not disturb
 * the others.  ad_store_begin takes a lock that the end of the unit gives
 * back: one unit at a time.
 * A store opened with AD_STORE_READ reads one state of it until the unit ends,
 * and holds nobody up.
 *
 * Nothing here knows SQL outside adapter/store: a second backend implements
 * these functions.  All failures are RETRY with the reason in ad_store_error:
 * the unit must be rolled back, and the sender told to try again.
 *
 * The file holds patient data.  It is created with mode 0600; encryption at
 * rest is that of the file system (dm-crypt, see salvor.conf(5)).
 */
#ifndef AD_STORE_H
#define AD_STORE_H

#include "map_subject.h"
#include "sv_arena.h"
#include "sv_status.h"

/* The layout of the database; an older one is migrated when it is opened, a
 * newer one is refused. */
#define AD_STORE_SCHEMA 12

struct ad_store;

enum ad_store_mode {
	AD_STORE_SERVICE,	/* the one process that writes */
	AD_STORE_OPERATOR,	/* beside a running service, by one thread */
	AD_STORE_READ		/* reads only; the file must exist */
};

/**
 * ad_store_open(path, mode, err):
 * Open or create the database ${path}.  NULL with ${err}: it cannot be opened,
 * is no store of Salvor, is newer than this program, or (AD_STORE_SERVICE)
 * is in use by another service.  errno is EINVAL if trying again is no use.
 */
struct ad_store *ad_store_open(const char *path, enum ad_store_mode mode,
    struct sv_err *err);
void ad_store_close(struct ad_store *S);

/** Why the last call by this thread failed; one line without patient content.
 * Valid until its next call. */
const char *ad_store_error(const struct ad_store *S);

struct sv_status ad_store_begin(struct ad_store *S) SV_CHECK;
struct sv_status ad_store_commit(struct ad_store *S) SV_CHECK;
void ad_store_rollback(struct ad_store *S);

/** End the unit of work that came to ${s}: committed if that is OK, else rolled
 * back.  ${s}, or RETRY if the store fails. */
struct sv_status ad_store_end(struct ad_store *S, struct sv_status s)
    SV_CHECK;

struct sv_status ad_store_savepoint(struct ad_store *S) SV_CHECK;
struct sv_status ad_store_release(struct ad_store *S) SV_CHECK;
struct sv_status ad_store_undo(struct ad_store *S) SV_CHECK;

/** End the savepoint of work that came to ${s}: released if that is OK, else
 * undone, whatever it was, for an open savepoint would catch the undoing of
 * what is around it.  ${s}, or RETRY if the store fails. */
struct sv_status ad_store_end_savepoint(struct ad_store *S,
    struct sv_status s) SV_CHECK;

/** Write and commit something of no consequence: can the store be written? */
struct sv_status ad_store_probe(struct ad_store *S) SV_CHECK;

/** Read the whole file and compare (PRAGMA integrity_check).  BAD with
 * ad_store_error if it is damaged. */
struct sv_status ad_store_check(struct ad_store *S) SV_CHECK;

/** Copy the live store to the new file ${path} (SQLite's online backup). */
struct sv_status ad_store_backup(struct ad_store *S, const char *path) SV_CHECK;

/*
 * Messages.
 */

/* In which state a message ended: exactly one. */
enum ad_fate {
	AD_FATE_APPLIED,	/* remembered, and everything that follows */
	AD_FATE_REFUSED,	/* it was wrong; nothing was remembered of it */
	AD_FATE_HELD,		/* a person has to look; nothing was remembered */
	AD_FATE_MAX
};

struct sv_str ad_fate_name(enum ad_fate f);

struct ad_message {
	int64_t id;			/* given by the store */
	int64_t received_ms;		/* since 1970, UTC */
	struct sv_str source;		/* who sent it: name of the client */
	struct sv_str key;		/* MessageHeader.id; "" if there is none */
	struct sv_str method, target;	/* "POST", "" or "Observation/e4" */
	struct sv_str media;		/* Content-Type */
	struct sv_str correlation;	/* X-Request-Id, " " traceparent */
	struct sv_str body;		/* packed: ad_store_pack.h */
	size_t body_size;		/* before packing */
	enum ad_fate fate;
	int status;			/* HTTP status of the answer */
	struct sv_str answer;		/* body of the answer */
	struct sv_str reason;		/* why refused or held; no content */
};

/** The number of the next message; the same until it is put. */
struct sv_status ad_store_next_message(struct ad_store *S, int64_t *ret)
    SV_CHECK;

/** Remember ${m}, which has its number. */
struct sv_status ad_store_put_message(struct ad_store *S,
    const struct ad_message *m) SV_CHECK;

/** Change the fate of message ${m}->id: fate, status, answer,
 * reason and key. */
struct sv_status ad_store_settle_message(struct ad_store *S,
    const struct ad_message *m) SV_CHECK;

/** The message of ${source} with ${key}, in ${A}.  SKIP if there is none. */
struct sv_status ad_store_find_message(struct ad_store *S, struct sv_arena *A,
    struct sv_str source, struct sv_str key, struct ad_message *ret) SV_CHECK;

/** The message ${id}, with its body, in ${A}.  SKIP if there is none. */
struct sv_status ad_store_get_message(struct ad_store *S, struct sv_arena *A,
    int64_t id, struct ad_message *ret) SV_CHECK;

/** Visit messages, the newest first, at most ${v}->limit; of ${fate}, or all
 * if it is AD_FATE_MAX.  Without body and answer.  Stops when ${v}->each says
 * false. */
struct ad_message_visitor {
	bool (*each)(void *ctx, const struct ad_message *m);
	void *ctx;
	int64_t limit;
};
struct sv_status ad_store_list_messages(struct ad_store *S, enum ad_fate fate,
    const struct ad_message_visitor *v) SV_CHECK;

/*
 * Patients and their resources.  A patient is a number; names lead to it.
 */

/** The patient that ${source} calls ${name}.  SKIP if there is none. */
struct sv_status ad_store_find_patient(struct ad_store *S,
    struct sv_str source, struct sv_str name, int64_t *ret) SV_CHECK;

/** The same by an identifier of a system that names patients. */
struct sv_status ad_store_find_identifier(struct ad_store *S,
    struct sv_str system, struct sv_str value, int64_t *ret) SV_CHECK;

/** A new patient without names. */
struct sv_status ad_store_new_patient(struct ad_store *S, int64_t *ret)
    SV_CHECK;

/** From now on ${name}, or the identifier, leads to ${patient}. */
struct sv_status ad_store_name_patient(struct ad_store *S, int64_t patient,
    struct sv_str source, struct sv_str name) SV_CHECK;
struct sv_status ad_store_identify_patient(struct ad_store *S,
    int64_t patient, struct sv_str system, struct sv_str value) SV_CHECK;

/** All names, identifiers, resources, guidance and unsettled rows of ${from}
 * become those of ${to}. */
struct sv_status ad_store_merge_patients(struct ad_store *S, int64_t from,
    int64_t to) SV_CHECK;

/* A resource, or the memory of one that was deleted. */
struct ad_kept {
	struct sv_str source, name;	/* name: "Observation/e4", a fullUrl */
	int64_t patient;		/* 0: shared, such as a Medication */
	struct sv_str full_url;
	struct map_version version;
	struct sv_str refers;		/* shared resource it needs, or "" */
	bool deleted;			/* ${text} is empty */
	struct sv_str text;		/* packed: ad_store_pack.h */
	int64_t message;
	bool fresh;			/* nothing is known of its name */
};

/** What ${source} last said of ${name}, in ${A}, without its text.  SKIP if
 * nothing. */
struct sv_status ad_store_find_resource(struct ad_store *S,
    struct sv_arena *A, struct sv_str source, struct sv_str name,
    struct ad_kept *ret) SV_CHECK;

/** Remember ${r} if nothing is known of its name, not even that it was
 * deleted; else SKIP.  If ${r} is fresh it is not looked for.  ${A} is for
 * working memory. */
struct sv_status ad_store_add_resource(struct ad_store *S, struct sv_arena *A,
    const struct ad_kept *r) SV_CHECK;

/** Remember ${r} in place of what was known of its name.  ${A} as above. */
struct sv_status ad_store_put_resource(struct ad_store *S, struct sv_arena *A,
    const struct ad_kept *r) SV_CHECK;

/** The base of the server whose ids are those of ${source}, in ${A}.  SKIP if
 * none was met. */
struct sv_status ad_store_home(struct ad_store *S, struct sv_arena *A,
    struct sv_str source, struct sv_str *ret) SV_CHECK;
struct sv_status ad_store_set_home(struct ad_store *S, struct sv_str source,
    struct sv_str base) SV_CHECK;

struct ad_patient_ids {
	int64_t *at;
	size_t n, cap;
};

/** The patients with a resource that refers to the shared ${name} of
 * ${source}, in ${A}. */
struct sv_status ad_store_users_of(struct ad_store *S, struct sv_arena *A,
    struct sv_str source, struct sv_str name, struct ad_patient_ids *ret)
    SV_CHECK;

/** Add ${patient} unless it is there already.  NOMEM. */
struct sv_status ad_patient_ids_add(struct sv_arena *A,
    struct ad_patient_ids *p, int64_t patient) SV_CHECK;

/*
 * Guidance.
 */
struct ad_guidance {
	int64_t id, patient, message;
	int cancer;			/* enum core_cancer */
	struct sv_str decision;		/* id, hex */
	struct sv_str as_of;		/* "2026-11-24" */
	struct sv_str recorded;		/* instant */
	struct sv_str bundle;		/* as decided, JSON; packed when put,
					 * unpacked when read */
	struct sv_str ended;		/* why it no longer holds; or "" */
};

/** What holds now for ${patient}, in ${A}, with its bundles. */
struct sv_status ad_store_current(struct ad_store *S, struct sv_arena *A,
    int64_t patient, struct ad_guidance **ret, size_t *ret_n) SV_CHECK;

/** The guidance of ${decision}, whether it holds or not, in ${A}.  SKIP if
 * there is none. */
struct sv_status ad_store_find_guidance(struct ad_store *S, struct sv_arena *A,
    struct sv_str decision, struct ad_guidance *ret) SV_CHECK;

/** Up to ${max} patients behind ${after}, in order, that were last decided by
 * others than ${sha256}, added to ${ret} in ${A}. */
struct ad_stale {
	struct sv_str sha256;
	int64_t after;
	int max;
};
struct sv_status ad_store_stale(struct ad_store *S, struct sv_arena *A,
    const struct ad_stale *q, struct ad_patient_ids *ret) SV_CHECK;

/** How many such patients there are. */
struct sv_status ad_store_count_stale(struct ad_store *S,
    struct sv_str sha256, int64_t *ret) SV_CHECK;

/** Whether ${decision} ever held for ${patient}. */
struct sv_status ad_store_was_said(struct ad_store *S, int64_t patient,
    struct sv_str decision, bool *ret) SV_CHECK;

/** Remember ${g} as what holds now; sets its id. */
struct sv_status ad_store_put_guidance(struct ad_store *S,
    struct ad_guidance *g) SV_CHECK;

/** ${guidance} no longer holds. */
struct sv_status ad_store_end_guidance(struct ad_store *S, int64_t guidance,
    bool withdrawn, struct sv_str reason) SV_CHECK;

/*
 * The outbox.  One row is one Bundle for one destination.
 */
enum ad_row_state {
	AD_ROW_WAITING,		/* to be posted when due */
	AD_ROW_SENDING,		/* being posted, or was when we died */
	AD_ROW_DONE,
	AD_ROW_DEAD,		/* refused by the receiver: a person looks */
	AD_ROW_DROPPED,		/* by a person */
	AD_ROW_STATE_MAX
};

struct sv_str ad_row_state_name(enum ad_row_state s);

struct ad_row {
	int64_t id, patient, message;
	struct sv_str destination;	/* its name in the configuration */
	struct sv_str decision;		/* of the newest guidance in it */
	struct sv_str correlation;
	struct sv_str body;		/* packed when put, unpacked when read */
	enum ad_row_state state;
	int attempts, status;		/* last HTTP status; 0: none */
	int64_t created_ms, due_ms;
	struct sv_str reason;		/* of the last failure; no content */
	struct sv_str said;		/* by the receiver; may have content */
};

/** Put ${r}, its body packed, into the outbox; sets its id.  Without a body it
 * is that of the guidance of its decision and message. */
struct sv_status ad_store_put_row(struct ad_store *S, struct ad_row *r)
    SV_CHECK;

/**
 * ad_store_claim(S, A, c):
 * Write down what became of the ${c}->n_settled rows; then take up to
 * ${c}->max rows that are due, the oldest first, of each patient only its oldest
 * unsettled one, and mark them as being sent.  A unit of its own, so that one
 * fsync serves all of it: durable when it returns.  A row whose bytes are
 * damaged has no body.
 */
struct ad_claim {
	struct sv_str destination;
	int64_t now_ms;
	int max;
	size_t max_bytes;		/* stop after these; 0: no matter */
	const struct ad_row *settled;	/* id, state, attempts, due_ms, status,
					 * reason, said */
	size_t n_settled;
	struct ad_row *rows;		/* out, in ${A} */
	size_t n;
};
struct sv_status ad_store_claim(struct ad_store *S, struct sv_arena *A,
    struct ad_claim *c) SV_CHECK;

/** What became of row ${r}->id: state, attempts, due_ms, status, reason, said.
 * A unit of its own. */
struct sv_status ad_store_settle_row(struct ad_store *S,
    const struct ad_row *r) SV_CHECK;

/** Rows that were being sent when the service ended wait again: call once
 * before the poster starts. */
struct sv_status ad_store_recover_rows(struct ad_store *S, int64_t *ret_n)
    SV_CHECK;

/** When the next row of ${destination} that could be claimed is due, ms; -1:
 * there is none. */
struct sv_status ad_store_next_due(struct ad_store *S,
    struct sv_str destination, int64_t *ret) SV_CHECK;

struct sv_status ad_store_get_row(struct ad_store *S, struct sv_arena *A,
    int64_t id, struct ad_row *ret) SV_CHECK;

/** Visit rows, the oldest first; of ${state}, or all if it is
 * AD_ROW_STATE_MAX.  Without body. */
struct ad_row_visitor {
	bool (*each)(void *ctx, const struct ad_row *r);
	void *ctx;
	int64_t limit;
};
struct sv_status ad_store_list_rows(struct ad_store *S,
    enum ad_row_state state, const struct ad_row_visitor *v) SV_CHECK;

/** What there is for each destination that has unsettled or dead rows, also
 * for one that is no longer configured.  Inside a unit, if other threads use
 * ${S}. */
struct ad_backlog {
	struct sv_str destination;
	int64_t waiting, dead;
};
struct sv_status ad_store_list_destinations(struct ad_store *S,
    bool (*each)(void *ctx, const struct ad_backlog *b), void *ctx) SV_CHECK;

/** Dead rows of ${destination}, or of all if it is "", wait again as if new. */
struct sv_status ad_store_retry_dead(struct ad_store *S,
    struct sv_str destination, int64_t now_ms, int64_t *ret_n) SV_CHECK;

/* For /status, /metrics and salvor status. */
struct ad_store_counts {
	int64_t messages[AD_FATE_MAX];
	int64_t rows[AD_ROW_STATE_MAX];
	int64_t patients, resources, guidance;
	int64_t oldest_waiting_ms;	/* created; 0: none waits */
	int64_t bytes;			/* of the database file */
};

struct sv_status ad_store_count(struct ad_store *S,
    struct ad_store_counts *ret) SV_CHECK;

/**
 * ad_store_expire(S, before_ms, ret_n):
 * Forget the bytes of messages received before ${before_ms} that were applied,
 * and settled outbox rows as old; the record that they were there stays.
 * CDS cards as old that nobody answered are forgotten altogether.
 */
struct sv_status ad_store_expire(struct ad_store *S, int64_t before_ms,
    int64_t *ret_n) SV_CHECK;

#endif
