/*
 * Narrative of XML as the text that its JSON twin has.  Also the look at the
 * bare tags before libxml2 sees them.
 */
#include <string.h>

#include "fhir_write.h"
#include "fhir_xml_reader.h"

/* Far above any element of FHIR (3 attributes) or XHTML (some 30). */
#define ATTRIBUTES_MAX 64

void
fhir_xml_narrative_start(struct fhir_xml_reader *R, const char *name,
    const struct fhir_xml_attributes *a)
{
	if (R->xhtml == 0)
		sv_buf_init(&R->div, R->A, SV_LIMIT_DOCUMENT);
	sv_buf_addc(&R->div, '<');
	sv_buf_add(&R->div, sv_str_of(name));
	if (R->xhtml++ == 0)
		sv_buf_add(&R->div, SV_LIT(" xmlns=\"" XHTML_NS "\""));
	for (size_t i = 0; i < a->n; i++) {
		const char *prefix = (const char *)a->at[5 * i + 1];

		sv_buf_addc(&R->div, ' ');
		if (prefix != NULL && strcmp(prefix, "xml") == 0)
			sv_buf_add(&R->div, SV_LIT("xml:"));
		sv_buf_add(&R->div, sv_str_of((const char *)a->at[5 * i]));
		sv_buf_add(&R->div, SV_LIT("=\""));
		fhir_escape_xml(&R->div, fhir_xml_value(R, a, i));
		sv_buf_addc(&R->div, '"');
	}
	sv_buf_addc(&R->div, '>');
}

void
fhir_xml_narrative_end(struct fhir_xml_reader *R, const char *name)
{
	struct fhir_xml_frame *f = &R->stack[R->depth - 1];
	struct sv_str text;
	struct cJSON *n;

	sv_buf_add(&R->div, SV_LIT("</"));
	sv_buf_add(&R->div, sv_str_of(name));
	sv_buf_addc(&R->div, '>');
	if (--R->xhtml > 0)
		return;
	R->depth--;
	text = sv_arena_str(R->A, sv_buf_str(&R->div));
	if (!sv_buf_ok(&R->div) || text.p == NULL) {
		fhir_xml_nomem(R);
		return;
	}
	n = fhir_xml_make(R, cJSON_String, f->element->name);
	if (n == NULL)
		return;
	n->valuestring = (char *)text.p;
	(void)fhir_xml_add(R, f->parent, f->element, n);
}

void
fhir_xml_narrative_text(struct fhir_xml_reader *R, struct sv_str text)
{
	fhir_escape_xml(&R->div, text);
}

/* True if the tag at ${p} has no more attributes than are allowed. */
static bool
tag_ok(const char *p, const char *end)
{
	size_t n = 0;

	for (; p != NULL && p < end && *p != '>'; p++) {
		if (*p != '"' && *p != '\'')
			continue;
		if (++n > ATTRIBUTES_MAX)
			return false;
		p = memchr(p + 1, *p, (size_t)(end - p - 1));
		if (p == NULL)
			break;
	}
	return true;
}

/* From one < to the next there is room for that many attributes (a="") only
 * if they stand far apart: a value cannot hold a < (XML 1.0, 3.1).  So most of
 * the text need not be looked at.  (What is far apart may stand in a comment:
 * there, as many quotations between < and > are refused too.) */
bool
fhir_xml_tags_ok(struct sv_str text)
{
	const size_t room = (size_t)5 * ATTRIBUTES_MAX;
	const char *end = text.p + text.n, *p, *next;

	p = memchr(text.p, '<', text.n);
	while (p != NULL && (size_t)(end - p) > room) {
		next = p + room;
		while (*next != '<')
			next--;
		if (next == p) {
			if (!tag_ok(p + 1, end))
				return false;
			next = memchr(p + 1, '<', (size_t)(end - p - 1));
		}
		p = next;
	}
	return true;
}
