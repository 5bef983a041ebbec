/**
 * map_hook.h: a CDS Hooks request (2.0.1), read.
 *
 * The hook, who asks about whom, draft orders, and the prefetched resources as
 * entries of one patient.  [Rn] are the requirements as numbered in
 * tests/cases/cds-requirements.tsv.
 *
 * A prefetch key that is absent was not supplied and may be fetched; null and
 * the empty Bundle mean that the client has no such data; an OperationOutcome
 * that it could not be had; a Bundle that goes on, or whose total is higher
 * than what came, is a part [R19-R22].  What is not whole is never read as
 * "nothing there".
 */
#ifndef MAP_HOOK_H
#define MAP_HOOK_H

#include "fhir_doc.h"
#include "map_template.h"

enum map_hook {
	MAP_HOOK_PATIENT_VIEW,
	MAP_HOOK_ORDER_SELECT,
	MAP_HOOK_ORDER_SIGN,
	MAP_HOOK_MAX
};

struct sv_str map_hook_name(enum map_hook h);

enum map_supply {
	MAP_SUPPLY_ABSENT,	/* not supplied */
	MAP_SUPPLY_EMPTY,	/* the client says there is nothing */
	MAP_SUPPLY_WHOLE,
	MAP_SUPPLY_PART,	/* pages are missing */
	MAP_SUPPLY_FAILED,	/* an OperationOutcome */
	MAP_SUPPLY_MAX
};

struct map_supplied {
	enum map_supply state;
	struct sv_str next;		/* URL of the next page; .n 0: none */
	uint64_t got, total;		/* matches; total 0: not stated */
	uint64_t unclear;		/* of them do not say whose they are */
};

struct map_hook_options {
	enum map_hook hook;		/* of the service that was called */
	bool plain;			/* http: as fhirServer, for tests */
	bool wrapped;			/* prefetch as before 1.0 [R28] */
};

struct map_hook_request {
	struct sv_arena *A;
	enum map_hook hook;
	struct sv_str instance;		/* hookInstance */
	struct sv_str user;		/* "Practitioner/p" */
	struct sv_str patient;		/* logical id */
	struct sv_str server;		/* fhirServer; .n 0: none */
	struct sv_str token;		/* access_token; .n 0: none */
	struct fhir_entry *orders;	/* drafts; of order-select the selected */
	size_t n_orders;
	struct map_supplied key[MAP_KEY_MAX];
	struct fhir_entry *entries;	/* of the patient; trees are built */
	size_t n_entries, cap_entries;
	size_t n_foreign;		/* dropped: of others, or unclear */
	struct sv_str foreign_base;	/* server of absolute references */
};

/**
 * map_hook_read(A, text, o, ret, is):
 * Read the body ${text} of a call, which must outlive ${ret}.  BAD, with issues
 * that say where: it is no strict JSON, a member is missing or of the wrong
 * type, the hook is not the service's, or the Patient is not the context's;
 * LIMIT; NOMEM.  Unknown members, keys and extensions are passed over [R15].
 */
struct sv_status map_hook_read(struct sv_arena *A, struct sv_str text,
    const struct map_hook_options *o, struct map_hook_request *ret,
    struct fhir_issues *is) SV_CHECK;

/**
 * map_hook_supply(r, k, tree, is):
 * Take ${tree} as (a further page of) key ${k}: what the client's server
 * answered.  Resources that do not say that they are of the patient are
 * counted and dropped [R32].  BAD if the Patient is another one; NOMEM.
 */
struct cJSON;
struct sv_status map_hook_supply(struct map_hook_request *r, enum map_key k,
    const struct cJSON *tree, struct fhir_issues *is) SV_CHECK;

/** True if ${k} came whole, or is known to be empty; not if a resource had to
 * be dropped that may be the patient's. */
bool map_hook_has(const struct map_hook_request *r, enum map_key k);

/** True if ${k} is worth a request to the client's server: it was not
 * supplied, or goes on on a next page [R20-R22]. */
bool map_hook_wants(const struct map_hook_request *r, enum map_key k);

#endif
