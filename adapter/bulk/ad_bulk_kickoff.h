/**
 * ad_bulk_kickoff.h: how an export is asked for.
 *
 * Bulk Data 1.0 to 3.0 take a GET with a query, and may take a POST with
 * Parameters; 4.0.0-ballot takes POST alone.  Lists are sent as comma lists or
 * as repeated parameters: 4.0 forbids the former, Cerner refuses the latter.
 */
#ifndef AD_BULK_KICKOFF_H
#define AD_BULK_KICKOFF_H

#include "sv_arena.h"
#include "sv_status.h"

enum ad_bulk_method { AD_BULK_AUTO, AD_BULK_GET, AD_BULK_POST };
enum ad_bulk_lists { AD_BULK_LISTS_AUTO, AD_BULK_COMMA, AD_BULK_REPEAT };

/* What is exported; strings are the owner's. */
struct ad_bulk_export {
	struct sv_str base;		/* of the FHIR server */
	struct sv_str level;		/* "system", "patient" or "group" */
	struct sv_str group;		/* logical id, if level is group */
	struct sv_str operation;	/* "$export", or as advertised */
	struct sv_str since, until;	/* FHIR instants, or "" */
	const struct sv_str *types;	/* _type */
	size_t n_types, n_needed;	/* those behind may be left out */
	const struct sv_str *filters;	/* _typeFilter: "Type?query" */
	size_t n_filters;
	const struct sv_str *elements;	/* _elements */
	size_t n_elements;
	const struct sv_str *patients;	/* logical ids: POST, not system */
	size_t n_patients;
	enum ad_bulk_method method;	/* AUTO: POST with patients, else GET; see
					 * ad_bulk_capability.h */
	enum ad_bulk_lists lists;	/* AUTO: comma in GET, repeat in POST */
};

struct ad_bulk_kickoff {
	bool post;
	struct sv_str url;		/* with a NUL behind it */
	struct sv_str body;		/* Parameters, if POST */
};

/**
 * ad_bulk_kickoff_make(A, e, ret, err):
 * The request for ${e}, in ${A}.  BAD with ${err}: ${e} asks for what the
 * specification does not allow: a since that is no full instant with its zone
 * (it is compared with meta.lastUpdated, never with clinical dates), patients
 * at system level, a filter that is no Type?query or shapes the result
 * (_include, _sort, ...).  NOMEM.
 */
struct sv_status ad_bulk_kickoff_make(struct sv_arena *A,
    const struct ad_bulk_export *e, struct ad_bulk_kickoff *ret,
    struct sv_err *err) SV_CHECK;

/** True if ${s} is a full FHIR instant: date, time with seconds, zone. */
bool ad_bulk_is_instant(struct sv_str s);

#endif
