/**
 * map_rulebook_parts.h: what the forms of the rule book share; internal to it.
 */
#ifndef MAP_RULEBOOK_PARTS_H
#define MAP_RULEBOOK_PARTS_H

#include "map_rulebook.h"

#define MAP_RULEBOOK_HOW_TO_READ "AND and OR join what must hold. 'no X' means " \
	"that the record says so; for diagnoses and treatments, that none is " \
	"recorded. 'X is established' and 'X is excluded' need a definite " \
	"record; 'X is not known' means that the data do not decide it. A " \
	"condition that the data do not decide leads to a request for data, " \
	"never to advice."

/** Version, sign-off, hash, date of review, what the site changed. */
void map_rulebook_edition(struct sv_buf *b, const struct core_rulebook *book);

/** What ${r} proposes for discussion, and what it forbids; may be nothing. */
void map_rulebook_activities(struct sv_buf *b, const struct core_rule *r);
void map_rulebook_blocks(struct sv_buf *b, const struct core_rule *r);

/** The ${cases} whose expected findings list rule ${id} as firing, or "none";
 * nothing without cases. */
void map_rulebook_cases(struct sv_buf *b, const struct fhir_at *cases,
    struct sv_str id);

/** Does ${r} name the source statement ${statement}? */
bool map_rulebook_cites(const struct core_rule *r, struct sv_str statement);

/** "0.2 ng/mL", and whether the site set it; what a site may set. */
void map_rulebook_number(struct sv_buf *b, const struct core_rulebook *book,
    enum core_param_id id);
void map_rulebook_range(struct sv_buf *b, const struct core_rulebook *book,
    enum core_param_id id);

/** What is known and left out (knowledge K6), ${i} from 0; NULL at the end. */
const char *map_rulebook_left_out(size_t i);

/** The rule book as a page. */
struct sv_status map_rulebook_html(struct sv_arena *A,
    const struct core_rulebook *book, const struct map_rulebook_options *o,
    struct sv_buf *out) SV_CHECK;

#endif
