#include "fhir_write.h"

#include <string.h>

static bool
is_xml(const struct fhir_writer *w)
{
	return w->format == FHIR_WRITE_XML;
}

void
fhir_writer_init(struct fhir_writer *w, struct sv_buf *out,
    enum fhir_write_format format)
{
	*w = (struct fhir_writer){ .out = out, .format = format };
	if (is_xml(w))
		sv_buf_add(out, SV_LIT(
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
}

static void
newline(struct fhir_writer *w)
{
	if (w->format != FHIR_WRITE_JSON_PRETTY)
		return;
	sv_buf_addc(w->out, '\n');
	for (size_t i = 0; i < w->depth; i++)
		sv_buf_add(w->out, SV_LIT("  "));
}

/* Finish the start tag that may still take attributes. */
static void
end_tag(struct fhir_writer *w)
{
	if (w->tag_open)
		sv_buf_addc(w->out, '>');
	w->tag_open = false;
}

/* What stands before a value: a comma, a name, a start tag. */
static void
begin(struct fhir_writer *w, const char *name)
{
	bool in_array = w->depth > 0 && w->level[w->depth - 1].is_array;

	if (is_xml(w)) {
		end_tag(w);
		if (name != NULL) {
			sv_buf_addc(w->out, '<');
			sv_buf_add(w->out, sv_str_of(name));
		}
		return;
	}
	if (w->depth > 0) {
		if (w->level[w->depth - 1].has_content)
			sv_buf_addc(w->out, ',');
		w->level[w->depth - 1].has_content = true;
		newline(w);
	}
	if (name != NULL && !in_array) {
		sv_buf_addc(w->out, '"');
		sv_buf_add(w->out, sv_str_of(name));
		sv_buf_add(w->out, w->format == FHIR_WRITE_JSON ? SV_LIT("\":")
		    : SV_LIT("\": "));
	}
}

static void
push(struct fhir_writer *w, const char *name, bool is_array, bool is_resource)
{
	if (w->depth == FHIR_WRITE_DEPTH) {
		w->failed = true;
		return;
	}
	w->level[w->depth].name = name;
	w->level[w->depth].is_array = is_array;
	w->level[w->depth].is_resource = is_resource;
	w->level[w->depth].wrapped = false;
	w->level[w->depth].has_content = false;
	w->depth++;
}

void
fhir_open_resource(struct fhir_writer *w, const char *name, const char *type)
{
	begin(w, name);
	if (!is_xml(w)) {
		sv_buf_addc(w->out, '{');
		push(w, name, false, true);
		fhir_put_lit(w, "resourceType", type);
		return;
	}
	if (name != NULL)
		sv_buf_addc(w->out, '>');
	sv_buf_addc(w->out, '<');
	sv_buf_add(w->out, sv_str_of(type));
	if (name == NULL)
		sv_buf_add(w->out, SV_LIT(" xmlns=\"http://hl7.org/fhir\""));
	w->tag_open = true;
	push(w, type, false, true);
	if (name != NULL && !w->failed) {
		w->level[w->depth - 1].wrapped = true;
		w->level[w->depth - 1].name = type;
		/* The wrapper's name is kept on a level of its own. */
		push(w, name, false, true);
	}
}

void
fhir_open(struct fhir_writer *w, const char *name)
{
	begin(w, name);
	if (is_xml(w))
		w->tag_open = true;
	else
		sv_buf_addc(w->out, '{');
	push(w, name, false, false);
}

void
fhir_open_array(struct fhir_writer *w, const char *name)
{
	if (!is_xml(w)) {
		begin(w, name);
		sv_buf_addc(w->out, '[');
	}
	push(w, name, true, false);
}

static void
close_xml(struct fhir_writer *w, const char *name)
{
	if (w->tag_open) {
		sv_buf_add(w->out, SV_LIT("/>"));
		w->tag_open = false;
		return;
	}
	sv_buf_add(w->out, SV_LIT("</"));
	sv_buf_add(w->out, sv_str_of(name));
	sv_buf_addc(w->out, '>');
}

static void
close_level(struct fhir_writer *w, char c)
{
	bool content;

	if (w->depth == 0) {
		w->failed = true;
		return;
	}
	content = w->level[--w->depth].has_content;
	if (is_xml(w))
		return;
	if (content)
		newline(w);
	sv_buf_addc(w->out, c);
}

void
fhir_close(struct fhir_writer *w)
{
	const char *name = w->depth > 0 ? w->level[w->depth - 1].name : "";
	const char *wrapper = NULL;

	close_level(w, '}');
	if (w->failed || !is_xml(w))
		return;
	if (w->depth > 0 && w->level[w->depth - 1].wrapped) {
		wrapper = name;
		name = w->level[w->depth - 1].name;
		w->depth--;
	}
	close_xml(w, name);
	if (wrapper != NULL)
		close_xml(w, wrapper);
}

void
fhir_close_array(struct fhir_writer *w)
{
	close_level(w, ']');
}

/* In XML, Element.id and Extension.url are attributes (R4 xml.html). */
static bool
is_attribute(const struct fhir_writer *w, const char *name)
{
	const char *in = w->depth > 0 ? w->level[w->depth - 1].name : NULL;

	if (in == NULL || !w->tag_open || w->level[w->depth - 1].is_resource)
		return false;
	return strcmp(name, "id") == 0 || (strcmp(name, "url") == 0
	    && (strcmp(in, "extension") == 0
	    || strcmp(in, "modifierExtension") == 0));
}

/* A primitive in XML. */
static void
put_xml(struct fhir_writer *w, const char *name, struct sv_str v)
{
	if (is_attribute(w, name)) {
		sv_buf_addc(w->out, ' ');
		sv_buf_add(w->out, sv_str_of(name));
		sv_buf_add(w->out, SV_LIT("=\""));
		fhir_escape_xml(w->out, v);
		sv_buf_addc(w->out, '"');
		return;
	}
	begin(w, name);
	sv_buf_add(w->out, SV_LIT(" value=\""));
	fhir_escape_xml(w->out, v);
	sv_buf_add(w->out, SV_LIT("\"/>"));
}

void
fhir_put_str(struct fhir_writer *w, const char *name, struct sv_str v)
{
	if (v.n == 0)
		return;
	if (is_xml(w)) {
		put_xml(w, name, v);
		return;
	}
	begin(w, name);
	sv_buf_addc(w->out, '"');
	fhir_escape_json(w->out, v);
	sv_buf_addc(w->out, '"');
}

void
fhir_put_lit(struct fhir_writer *w, const char *name, const char *v)
{
	fhir_put_str(w, name, sv_str_of(v));
}

void
fhir_put_num(struct fhir_writer *w, const char *name, struct sv_str v)
{
	if (is_xml(w)) {
		put_xml(w, name, v);
		return;
	}
	begin(w, name);
	sv_buf_add(w->out, v);
}

void
fhir_put_int(struct fhir_writer *w, const char *name, int64_t v)
{
	char text[24];
	char *p = text + sizeof(text);
	uint64_t u = v < 0 ? (uint64_t)-v : (uint64_t)v;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	if (v < 0)
		*--p = '-';
	fhir_put_num(w, name, (struct sv_str){ p,
	    (size_t)(text + sizeof(text) - p) });
}

void
fhir_put_bool(struct fhir_writer *w, const char *name, bool v)
{
	fhir_put_num(w, name, v ? SV_LIT("true") : SV_LIT("false"));
}

void
fhir_put_json(struct fhir_writer *w, const char *name, struct sv_str v)
{
	if (is_xml(w)) {
		w->failed = true;
		return;
	}
	begin(w, name);
	sv_buf_add(w->out, v);
}

void
fhir_put_xhtml(struct fhir_writer *w, struct sv_str div)
{
	if (!is_xml(w)) {
		fhir_put_str(w, "div", div);
		return;
	}
	begin(w, NULL);
	sv_buf_add(w->out, div);
}

bool
fhir_write_ok(const struct fhir_writer *w)
{
	return !w->failed && w->depth == 0 && sv_buf_ok(w->out);
}

struct sv_status
fhir_write_status(const struct fhir_writer *w)
{
	if (fhir_write_ok(w))
		return SV_OK;
	return w->out->full ? SV_LIMIT : SV_NOMEM;
}
