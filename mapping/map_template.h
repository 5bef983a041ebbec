/**
 * map_template.h: what Salvor asks a CDS client to prefetch.
 *
 * Six queries, each of one type, in what every client supports: read by id,
 * type search, reference and token equality; no parameter twice, no _include,
 * the tokens of 2.0.1 alone [R24-R27].  The codes of observations are those of
 * the terminology, local ones included, so that the query asks for neither too
 * much nor too little.
 */
#ifndef MAP_TEMPLATE_H
#define MAP_TEMPLATE_H

#include "map_terminology.h"
#include "sv_buf.h"

enum map_key {
	MAP_KEY_PATIENT, MAP_KEY_CONDITIONS, MAP_KEY_OBSERVATIONS,
	MAP_KEY_REPORTS, MAP_KEY_PROCEDURES, MAP_KEY_MEDICATIONS,
	MAP_KEY_MAX
};

/* What becomes of a call if a key cannot be had [R23]. */
enum map_need {
	MAP_NEED_REQUIRED,	/* 412 */
	MAP_NEED_TO_DECIDE,	/* no guidance, but a card that says why */
	MAP_NEED_HELPFUL	/* guidance, with a remark */
};

struct map_template {
	const char *key;		/* "observations" */
	const char *query;		/* with {{context.patientId}} */
	const char *words;		/* "laboratory and pathology results" */
	enum map_need need;
};

/** Key ${k}: its name, what it is, and its query without codes. */
const struct map_template *map_template(enum map_key k);

/** The key called ${name}; MAP_KEY_MAX if there is none. */
enum map_key map_key_of(struct sv_str name);

struct map_templates {
	struct sv_str query[MAP_KEY_MAX];
};

/** The queries, in ${A}, with the codes of ${t}.  NOMEM. */
struct sv_status map_templates_make(struct sv_arena *A,
    const struct map_terminology *t, struct map_templates *ret) SV_CHECK;

/** ${query} with ${patient}, percent-encoded, in place of its token, and
 * nothing in it that a URL cannot hold; .p is NULL without memory. */
struct sv_str map_template_fill(struct sv_arena *A, struct sv_str query,
    struct sv_str patient);

#endif
