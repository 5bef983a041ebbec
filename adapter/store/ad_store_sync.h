/**
 * ad_store_sync.h: what the store knows for registries: when each patient is to
 * be decided again, and how far a run is.
 *
 * A patient is due on a day: the first on which time alone may change its
 * answer (core_facts.changes_on), or AD_DUE_NOW after a run took something in
 * that has not been decided yet.  Whoever decides a patient sets it anew in
 * the same unit; so a patient that is still due as it was has not been decided
 * in the meantime.
 *
 * All inside a unit of ad_store.h; failures are those of its functions.
 */
#ifndef AD_STORE_SYNC_H
#define AD_STORE_SYNC_H

#include "ad_store.h"
#include "map_measure.h"

#define AD_DUE_NOW 0
#define AD_DUE_NEVER (-1)

/* What is noted of a patient with a decision. */
struct ad_noted {
	int64_t patient;
	struct sv_str sha256;		/* rules and terminology it follows from */
	int32_t due;			/* day, or AD_DUE_NEVER */
	struct map_standing standing;
};

/** Note ${d}. */
struct sv_status ad_store_note_decided(struct ad_store *S,
    const struct ad_noted *d) SV_CHECK;

/** The same, if ${d}->patient is still due on the day ${before}; SKIP if not:
 * somebody else decided it. */
struct sv_status ad_store_note_if_due(struct ad_store *S,
    const struct ad_noted *d, int32_t before) SV_CHECK;

/** ${patient} is to be decided at once. */
struct sv_status ad_store_make_due(struct ad_store *S, int64_t patient)
    SV_CHECK;

/** Make up to ${max} patients due that were decided by others than
 * ${sha256}; their number. */
struct sv_status ad_store_make_stale_due(struct ad_store *S,
    struct sv_str sha256, int64_t max, int64_t *ret_n) SV_CHECK;

/** When is ${patient} due, and is it now decided by others than ${sha256}? */
struct ad_when {
	int32_t due;
	bool stale, never;		/* ${never}: it was not yet decided */
};
struct sv_status ad_store_when_due(struct ad_store *S, int64_t patient,
    struct sv_str sha256, struct ad_when *ret) SV_CHECK;

/** Up to ${q}->max patients that are due on ${q}->today or before, behind the
 * one at which the last call ended; in the order of their days. */
struct ad_due_query {
	int32_t today;
	int max;
	int64_t due, patient;		/* where the last call ended */
};
struct sv_status ad_store_list_due(struct ad_store *S, struct sv_arena *A,
    struct ad_due_query *q, struct ad_patient_ids *ret) SV_CHECK;

/** How many patients are due on ${today} or before. */
struct sv_status ad_store_count_due(struct ad_store *S, int32_t today,
    int64_t *ret) SV_CHECK;

/** Visit the patients of ${source} that stand anywhere, with the name by which
 * the source knows them. */
struct ad_standing_visitor {
	void (*each)(void *ctx, struct sv_str name,
	    const struct map_standing *s);
	void *ctx;
};
struct sv_status ad_store_list_standing(struct ad_store *S,
    struct sv_str source, const struct ad_standing_visitor *v) SV_CHECK;

/** Is ${text}, which is not packed, what is remembered of ${name}, byte for
 * byte?  ${A} is for working memory. */
struct ad_said {
	struct sv_str source, name, text;
};
struct sv_status ad_store_same_resource(struct ad_store *S, struct sv_arena *A,
    const struct ad_said *r, bool *ret) SV_CHECK;

/**
 * ad_store_hurry(S, hurry):
 * Outside a unit: whether units of ${S} may be on disk some time after they are
 * committed, in their order, until it is called with false; then they are from
 * the next on, and all before it.  For work that is done again from where the
 * store is: a failure of power takes the last units back, whole.  The log is
 * taken over by a thread meanwhile (ad_store_checkpoint.h).  What another
 * connection commits takes what was committed before with it, so nothing is
 * ever posted that could be taken back.  RETRY.
 */
struct sv_status ad_store_hurry(struct ad_store *S, bool hurry) SV_CHECK;

/** Inside a unit: a number that is another one if another connection has changed
 * the store since it was asked for last. */
struct sv_status ad_store_changed_by_others(struct ad_store *S, int64_t *ret)
    SV_CHECK;

/** No less than there are resources of all sources; 0 if there never was one. */
struct sv_status ad_store_last_resource(struct ad_store *S, int64_t *ret)
    SV_CHECK;

/** Visit the numbers (ad_store_key.h) of all resources of all sources. */
struct sv_status ad_store_list_keys(struct ad_store *S,
    void (*each)(void *ctx, uint64_t key), void *ctx) SV_CHECK;

/** The patient whom ${source} calls ${name}; a new one, which is due at once, if
 * there is none. */
struct sv_status ad_store_patient_named(struct ad_store *S,
    struct sv_str source, struct sv_str name, int64_t *ret, bool *ret_new)
    SV_CHECK;

/** The patient ${name} of ${source} was seen in the run ${run}. */
struct sv_status ad_store_see_patient(struct ad_store *S, struct sv_str source,
    struct sv_str name, int64_t run) SV_CHECK;

/** The last run that saw any patient of ${source}.  SKIP: none did. */
struct sv_status ad_store_last_seen(struct ad_store *S, struct sv_str source,
    int64_t *ret) SV_CHECK;

/** Did ${run} see the patient ${name} of ${source}, and none after it? */
struct sv_status ad_store_was_seen(struct ad_store *S, struct sv_str source,
    struct sv_str name, int64_t run, bool *ret) SV_CHECK;

/** Forget what ${source} said of up to ${max} patients that it named, but not
 * in the run ${run}; they become due.  Their number. */
struct ad_purge {
	struct sv_str source;
	int64_t run, max;
};
struct sv_status ad_store_purge_left(struct ad_store *S, struct sv_arena *A,
    const struct ad_purge *p, int64_t *ret_n) SV_CHECK;

/* A registry and its last run. */
struct ad_registry {
	struct sv_str name;
	struct sv_str watermark;	/* transactionTime of the last whole run */
	struct sv_str asked;		/* what that asked for; "": not known */
	struct sv_str base;		/* the server that its resources name */
	int64_t run;			/* its number as a message; 0: none */
	int64_t started_ms, ended_ms;	/* ended 0: it was interrupted */
	struct sv_str counts;		/* of the run, as its owner writes them */
};

/** The registry ${name}, in ${A}.  SKIP if it was never run. */
struct sv_status ad_store_get_registry(struct ad_store *S, struct sv_arena *A,
    struct sv_str name, struct ad_registry *ret) SV_CHECK;
struct sv_status ad_store_put_registry(struct ad_store *S,
    const struct ad_registry *r) SV_CHECK;

/* A file of a run. */
struct ad_taken {
	struct sv_str registry, name;
	int64_t run, size, modified;	/* modified: ns since 1970 */
	struct sv_str digest;		/* once it was read to its end */
	struct sv_str rules;		/* of the terminology it was sieved by */
	bool done;
	int64_t offset, line;		/* read so far */
	int64_t patients;		/* Patient resources in it */
	struct sv_str counts;
};

struct sv_status ad_store_put_file(struct ad_store *S,
    const struct ad_taken *f) SV_CHECK;

/** The file ${f}->name of the run ${f}->run, with the same size and time, in
 * ${A}.  SKIP. */
struct sv_status ad_store_get_file(struct ad_store *S, struct sv_arena *A,
    struct ad_taken *f) SV_CHECK;

/** A file of the registry with ${f}->size and ${f}->rules that was taken in
 * whole: with ${f}->digest, or any if that is empty.  SKIP. */
struct sv_status ad_store_find_file(struct ad_store *S, struct sv_arena *A,
    struct ad_taken *f) SV_CHECK;

/** Was any file of ${f}->registry sieved by ${f}->rules?  SKIP if not. */
struct sv_status ad_store_any_file(struct ad_store *S,
    const struct ad_taken *f) SV_CHECK;

/** How many files of ${registry} the run ${run} has noted. */
struct sv_status ad_store_count_files(struct ad_store *S,
    struct sv_str registry, int64_t run, int64_t *ret) SV_CHECK;

/** Forget them. */
struct sv_status ad_store_drop_run(struct ad_store *S, struct sv_str registry,
    int64_t run) SV_CHECK;

/** Forget the files of ${registry} that are not of ${run}; of all runs if it
 * is 0. */
struct sv_status ad_store_drop_files(struct ad_store *S,
    struct sv_str registry, int64_t run) SV_CHECK;

#endif
