/**
 * map_html.h: what the parts of the page share; internal to mapping/.
 *
 * The page is HTML that is well-formed XML as well, so that a parser of either
 * kind reads the same.  Whatever a sender or a rule file wrote goes through
 * map_html_text, which shows what is hidden and escapes the rest; only
 * literals of ours go through map_html_raw.
 */
#ifndef MAP_HTML_H
#define MAP_HTML_H

#include "map_phrase.h"

struct map_html {
	struct sv_buf *out;
	struct sv_arena *A;
	const struct map_result *r;
	const struct map_output_options *o;
};

/** Append the literal ${markup} as it is. */
void map_html_raw(struct map_html *H, const char *markup);

/** Append ${s} as text or as the value of an attribute.  More than
 * MAP_HTML_TEXT_MAX bytes are cut, and that is said. */
void map_html_text(struct map_html *H, struct sv_str s);
#define MAP_HTML_TEXT_MAX 2000

/** An empty buffer for a phrase; map_html_flush appends it as text. */
void map_html_begin(const struct map_html *H, struct sv_buf *b);
void map_html_flush(struct map_html *H, const struct sv_buf *b);

/** As map_html_flush, with a capital letter first; "hCG" and "pT" stay. */
void map_html_flush_capital(struct map_html *H, struct sv_buf *b);

/** "2026-04" in its precision, or "no date", in a time element. */
void map_html_date(struct map_html *H, struct sv_date d);

/** The sources of ${e}: "Observation/e4/_history/2". */
void map_html_source(struct map_html *H, const struct core_event *e);

/** The style sheet of all pages, in ${b}. */
void map_html_style(struct sv_buf *b);

/** All before the body of a page that is called ${title}. */
void map_html_head(struct map_html *H, struct sv_str title);

/** Why ${f} is in its state; false, and the page fails, without memory. */
struct map_why;
bool map_html_why(struct map_html *H, const struct core_finding *f,
    struct map_why *ret);

/** Is anything known of fact ${id} that is worth showing? */
bool map_html_is_shown(const struct core_facts *facts, enum core_fact_id id);

/** Strength, citation and origin of ${rule}, as items of a list. */
void map_html_basis(struct map_html *H, const struct core_rule *rule);

/* The sections; each appends nothing if it has nothing to say. */
void map_html_figures(struct map_html *H, const struct core_guidance *g);
void map_html_advice(struct map_html *H, const struct core_guidance *g);
void map_html_missing(struct map_html *H, const struct core_guidance *g);
void map_html_changes(struct map_html *H, const struct core_guidance *g);
void map_html_not_applying(struct map_html *H, const struct core_guidance *g);
void map_html_rules(struct map_html *H, const struct core_guidance *g);
void map_html_facts(struct map_html *H, const struct core_guidance *g);
void map_html_psa(struct map_html *H);
void map_html_record(struct map_html *H);
void map_html_left_out(struct map_html *H);

#endif
