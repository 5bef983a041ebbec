/**
 * fhir_json_token.h: strings, numbers and words of JSON, checked strictly
 * (RFC 8259 sections 3, 6 and 7; RFC 3629 for UTF-8).  Internal to fhir/.
 *
 * Each function takes one token at t->p.  True: t->p is behind it.  False:
 * t->p is where it went wrong and t->wrong says how.
 */
#ifndef FHIR_JSON_TOKEN_H
#define FHIR_JSON_TOKEN_H

#include <string.h>

#include "fhir_issue.h"

struct fhir_json_text {
	const char *p, *end;
	bool by_rfc_alone;		/* accept what only FHIR and I-JSON forbid */
	const char *wrong;		/* what was found or expected */
	enum fhir_issue_code code;	/* its class */
};

/** Step over blanks. */
static inline void
fhir_json_blank(struct fhir_json_text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\n'
	    || *t->p == '\r' || *t->p == '\t'))
		t->p++;
}

/** The first byte from ${p} on that needs a closer look in a string: a quote, a
 * backslash, a control character, a byte above 0x7f; or one of the last seven
 * before ${end}.  Eight bytes at a time. */
static inline const char *
fhir_json_plain(const char *p, const char *end)
{
	const uint64_t ones = 0x0101010101010101u, high = ones * 0x80;

	for (; end - p >= 8; p += 8) {
		uint64_t w, quote, slash, odd;

		memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		w = __builtin_bswap64(w);
#endif
		quote = w ^ ones * '"';
		slash = w ^ ones * '\\';
		/* A borrow marks bytes above one that is meant, never below. */
		odd = (((quote - ones) & ~quote) | ((slash - ones) & ~slash)
		    | ((w - ones * 0x20) & ~w) | w) & high;
		if (odd != 0)
			return p + (__builtin_ctzll(odd) >> 3);
	}
	return p;
}

/** A string, whose opening quote is at t->p.  ${ret} gets what is between the
 * quotes, as written; ${ret_escaped} whether that holds a backslash. */
bool fhir_json_string(struct fhir_json_text *t, struct sv_str *ret,
    bool *ret_escaped) SV_CHECK;

/** A number. */
bool fhir_json_number(struct fhir_json_text *t) SV_CHECK;

/** true, false or null. */
bool fhir_json_word(struct fhir_json_text *t) SV_CHECK;

/**
 * fhir_json_unescape(A, raw):
 * The string ${raw}, which passed fhir_json_string, with its escapes resolved,
 * as UTF-8, with a NUL behind it.  .p is NULL without memory.
 */
struct sv_str fhir_json_unescape(struct sv_arena *A, struct sv_str raw);

struct cJSON;

/** Make ${node} the last child of ${parent}; as cJSON does, the first child's
 * prev is the last one. */
void fhir_json_append(struct cJSON *parent, struct cJSON *node);

#endif
