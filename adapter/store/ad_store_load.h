/**
 * ad_store_load.h: all that is remembered of one patient, to be decided.
 */
#ifndef AD_STORE_LOAD_H
#define AD_STORE_LOAD_H

#include "ad_store.h"

/* A resource that is remembered, as it is read. */
struct ad_have {
	struct sv_str source, name, refers;
	int64_t message;
	size_t seq;			/* the later of two of one name holds */
	struct fhir_entry e;		/* with its tree */
};

/**
 * ad_store_load_patient(S, A, q, ret, ret_n):
 * Everything there is of ${q}->patient, and the shared resources it refers to,
 * as entries in ${A}: Patient resources first, the newest of them first, then
 * by name.  What the message under way put itself need not be read back: it
 * says so in ${q}.
 * LIMIT: more than SV_LIMIT_PATIENT bytes.  BAD: two sources use one name for
 * different resources of this patient.
 */
struct ad_load {
	int64_t patient;
	int64_t message;		/* 0: none is under way */
	const struct ad_have *own;	/* all that it put and that is of this
					 * patient or shared, by name */
	size_t n_own;
};
struct sv_status ad_store_load_patient(struct ad_store *S, struct sv_arena *A,
    const struct ad_load *q, struct fhir_entry **ret, size_t *ret_n) SV_CHECK;

#endif
