/**
 * map_rulebook.h: the rule book as a clinician reviews it.
 *
 * Every rule with its population, its condition in words and in FHIRPath, what
 * it proposes or forbids, strength, origin and citation, notes and the cases
 * in which it fires; then every number with what a site may set it to, which
 * statement of the source is behind which rule, and what the rule book leaves out.
 */
#ifndef MAP_RULEBOOK_H
#define MAP_RULEBOOK_H

#include "core_rule.h"
#include "fhir_node.h"
#include "sv_buf.h"

enum map_rulebook_form {
	MAP_RULEBOOK_TEXT,	/* a terminal */
	MAP_RULEBOOK_MARKDOWN,
	MAP_RULEBOOK_HTML	/* one page, without scripts */
};

struct map_rulebook_options {
	enum map_rulebook_form form;
	bool colour;		/* text: ANSI colours */
	/* The root of the cases file (an object with "vignettes"), or an
	 * absent cursor: then no cases are listed. */
	const struct fhir_at *cases;
};

/** Write ${book}.  LIMIT or NOMEM if it does not fit. */
struct sv_status map_rulebook_write(struct sv_arena *A,
    const struct core_rulebook *book, const struct map_rulebook_options *o,
    struct sv_buf *out) SV_CHECK;

#endif
