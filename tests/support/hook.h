/**
 * hook.h: CDS Hooks requests made from the clinical cases.
 */
#ifndef HOOK_H
#define HOOK_H

#include "fhir_doc.h"
#include "map_hook.h"
#include "sv_buf.h"

struct test_call {
	enum map_hook hook;
	const char *orders;	/* entries of draftOrders, or NULL */
	const char *selections;	/* "\"ServiceRequest/1\"", or NULL */
	unsigned without;	/* keys left out: sum of 1 << enum map_key */
};

/** A request with everything of the case ${name} ("V013") prefetched, in
 * ${A}; aborts the test on any error. */
struct sv_str test_request(struct sv_arena *A, const char *name,
    const struct test_call *call);

#endif
