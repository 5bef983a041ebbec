/**
 * fhir_json_scanner.h: the strict scan on its way.  Internal to fhir/.
 */
#ifndef FHIR_JSON_SCANNER_H
#define FHIR_JSON_SCANNER_H

#include "fhir_json.h"
#include "fhir_json_build.h"
#include "fhir_json_token.h"

/* The names of all open objects, as a multiple of the ceiling of one. */
#define KEYS_PER_MEMBER 4

/* One open object or array. */
struct fhir_json_frame {
	bool is_object;
	size_t keys_from;	/* of its members in the key stack */
	size_t index;		/* of the element under way */
	struct sv_str key;	/* of the member under way */
	const char *from;	/* its opening brace */
};

struct fhir_json_key {
	uint64_t hash;
	struct sv_str name;
};

struct fhir_json_scanner {
	struct sv_arena *A;	/* may be NULL: nothing is kept */
	struct fhir_json_text t;
	const char *start;
	struct fhir_json_limits limits;
	struct fhir_issues *is;
	struct fhir_json_scan *out;	/* or NULL: nothing is noted */
	bool unique;		/* names are, in one object */
	struct fhir_json_build *build;	/* or NULL: no tree */
	size_t cap_entries;
	size_t values;
	size_t depth;
	size_t n_keys;
	/* Large, and not cleared: used up to ${depth} and ${n_keys}. */
	struct fhir_json_frame frames[SV_LIMIT_DEPTH + 1];
	struct fhir_json_key keys[SV_LIMIT_MEMBERS * KEYS_PER_MEMBER];
};

/* What the scan notes of a Bundle, in fhir_json_note.c: a string; an object
 * begins; the one that began at ${from} has been closed. */
void fhir_json_note_string(struct fhir_json_scanner *S, struct sv_str v);
struct sv_status fhir_json_note_open(struct fhir_json_scanner *S) SV_CHECK;
void fhir_json_note_close(struct fhir_json_scanner *S, const char *from);

#endif
