/**
 * ad_bulk_manifest.h: the list of files that an export has made.
 *
 * Bulk Data 1.0 to 4.0.0-ballot are read by the same rules: "error" and
 * "outcome" are one thing, "request" is not needed, a list that is missing is
 * empty, members that are not known are passed over.
 */
#ifndef AD_BULK_MANIFEST_H
#define AD_BULK_MANIFEST_H

#include "sv_arena.h"
#include "sv_status.h"

enum ad_bulk_kind {
	AD_BULK_OUTPUT,
	AD_BULK_DELETED,	/* Bundles of DELETE entries */
	AD_BULK_OUTCOME,	/* OperationOutcomes: what could not be exported */
	AD_BULK_KIND_MAX
};

struct ad_bulk_file {
	enum ad_bulk_kind kind;
	struct sv_str url;	/* absolute */
	struct sv_str type;	/* of its resources; "" if it may hold any */
	int64_t count, size;	/* lines, bytes; -1: not said */
};

struct ad_bulk_manifest {
	struct sv_str transaction_time;	/* a FHIR instant, as sent */
	bool needs_token;		/* requiresAccessToken */
	bool has_headers;		/* outputOrganizedBy: blocks of resources
					 * begin with a Parameters that is not
					 * counted */
	struct ad_bulk_file *file;	/* output, then deleted, then outcome */
	size_t n;
	struct sv_str next;		/* absolute URL of the next page, or "" */
};

/**
 * ad_bulk_manifest_read(A, json, url, ret, err):
 * The manifest ${json} that was found at ${url}, against which relative URLs
 * are resolved.  BAD with ${err}: it is no strict JSON object, has no
 * transactionTime or requiresAccessToken, names a format other than NDJSON, or
 * a file without a URL.  NOMEM.  ${ret} points into ${A} and ${json}.
 */
struct sv_status ad_bulk_manifest_read(struct sv_arena *A, struct sv_str json,
    struct sv_str url, struct ad_bulk_manifest *ret, struct sv_err *err)
    SV_CHECK;

/** ${relative} seen from ${base}, in ${A}.  BAD if it is no URL. */
struct sv_status ad_bulk_resolve(struct sv_arena *A, struct sv_str base,
    struct sv_str relative, struct sv_str *ret) SV_CHECK;

#endif
