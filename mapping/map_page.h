/**
 * map_page.h: lines of a terminal; internal to mapping/.
 *
 * Text from a sender never reaches the terminal raw: control characters,
 * which could move the cursor or hide a line, and bidirectional overrides,
 * which could reorder one, are shown as U+FFFD.
 */
#ifndef MAP_PAGE_H
#define MAP_PAGE_H

#include "sv_buf.h"

struct map_page {
	struct sv_buf *out;
	int width;		/* columns */
	bool colour;
};

/** Switch to the ANSI attributes ${code}, "1;31"; nothing without colour. */
void map_page_style(struct map_page *p, const char *code);

/** ${text} in lines of the page's width: the first behind ${indent} blanks,
 * the others behind ${indent} + ${hang}.  A longer word has its own line. */
void map_page_paragraph(struct map_page *p, int indent, int hang,
    struct sv_str text);

/** Append ${word} with what cannot be seen shown as U+FFFD. */
void map_page_visible(struct sv_buf *out, struct sv_str word);

/** A blank line and ${text} in bold. */
void map_page_heading(struct map_page *p, const char *text);

#endif
