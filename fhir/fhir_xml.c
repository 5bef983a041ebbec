#include "fhir_xml.h"

#include <libxml/SAX2.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "fhir_xml_reader.h"

static struct sv_str
path(const struct fhir_xml_reader *R)
{
	struct sv_buf b;

	sv_buf_init(&b, R->is->A, 4096);
	for (size_t i = 0; i < R->depth; i++) {
		const struct fhir_xml_frame *f = &R->stack[i];

		if (f->name == NULL)
			continue;
		if (b.n > 0)
			sv_buf_addc(&b, '.');
		sv_buf_add(&b, sv_str_of(f->name));
		if (f->index >= 0)
			sv_buf_printf(&b, "[%d]", f->index);
	}
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}

void
fhir_xml_refuse(struct fhir_xml_reader *R, struct sv_status status,
    enum fhir_issue_code code, const char *what)
{
	if (!sv_is_ok(R->status))
		return;
	R->status = status;
	fhir_issue_addf(R->is, FHIR_FATAL, code, path(R), "%s, at line %d",
	    what, xmlSAX2GetLineNumber(R->parser));
	xmlStopParser(R->parser);
}

void
fhir_xml_bad(struct fhir_xml_reader *R, const char *what)
{
	fhir_xml_refuse(R, SV_BAD, FHIR_CODE_STRUCTURE, what);
}

void
fhir_xml_nomem(struct fhir_xml_reader *R)
{
	if (!sv_is_ok(R->status))
		return;
	R->status = SV_NOMEM;
	xmlStopParser(R->parser);
}

void
fhir_xml_left_out(struct fhir_xml_reader *R, const char *what)
{
	fhir_issue_addf(R->is, FHIR_ERROR, FHIR_CODE_STRUCTURE, path(R),
	    "%s, at line %d", what, xmlSAX2GetLineNumber(R->parser));
}

static void
push(struct fhir_xml_reader *R, struct fhir_xml_frame f)
{
	if (R->depth >= R->limits->depth)
		fhir_xml_refuse(R, SV_LIMIT, FHIR_CODE_TOO_COSTLY,
		    "nested too deeply");
	else
		R->stack[R->depth++] = f;
}

/* The value of the attribute ${name}; .p is NULL if it is not there. */
static struct sv_str
attribute(struct fhir_xml_reader *R, const struct fhir_xml_attributes *a,
    const char *name)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->at[5 * i + 1] == NULL
		    && strcmp((const char *)a->at[5 * i], name) == 0)
			return fhir_xml_value(R, a, i);
	}
	return (struct sv_str){ NULL, 0 };
}

/* A mistyped attribute must not vanish.  Those of other namespaces
 * (xsi:schemaLocation) may be there and mean nothing to FHIR. */
static void
check_attributes(struct fhir_xml_reader *R,
    const struct fhir_xml_attributes *a, const char *one, const char *other)
{
	for (size_t i = 0; i < a->n; i++) {
		const char *name = (const char *)a->at[5 * i];

		if (a->at[5 * i + 1] == NULL && strcmp(name, one) != 0
		    && strcmp(name, other) != 0)
			fhir_xml_left_out(R, "FHIR R4 has no such attribute "
			    "here; it was not used");
	}
}

/* May a resource of type ${t} begin here?  Inside another one an unknown type
 * may; the reader of the Bundle reports it. */
static bool
may_begin(struct fhir_xml_reader *R, const struct fhir_type *t,
    const struct fhir_xml_frame *top)
{
	if (top == NULL && (t == NULL || !t->is_resource))
		fhir_xml_bad(R, "the root is no resource of FHIR R4");
	else if (top != NULL && top->node != NULL)
		fhir_xml_bad(R, "two resources in one element");
	return sv_is_ok(R->status);
}

/* A resource begins: at the root, or inside contained or resource. */
static void
start_resource(struct fhir_xml_reader *R, const char *name,
    const struct fhir_xml_attributes *a)
{
	const struct fhir_type *t = fhir_type_of(sv_str_of(name));
	struct fhir_xml_frame *top = R->depth > 0 ? &R->stack[R->depth - 1]
	    : NULL;
	struct cJSON *n;

	if (!may_begin(R, t, top) || (n = fhir_xml_make(R, cJSON_Object,
	    top == NULL ? NULL : top->element->name)) == NULL)
		return;
	fhir_xml_add_string(R, n, "resourceType", sv_arena_str(R->A,
	    sv_str_of(name)));
	if (top == NULL) {
		R->root = n;
	} else {
		top->node = n;
		top->index = fhir_xml_add(R, top->parent, top->element, n);
	}
	if (t == NULL || !t->is_resource) {
		R->skip = 1;
		return;
	}
	push(R, (struct fhir_xml_frame){ .name = top == NULL ? t->name : NULL,
	    .index = -1, .type = t, .node = n });
	check_attributes(R, a, "", "");
}

static void
start_primitive(struct fhir_xml_reader *R, const struct fhir_element *e,
    struct cJSON *parent, const struct fhir_xml_attributes *a)
{
	struct fhir_xml_frame f = { .name = e->name, .index = -1,
		.parent = parent, .element = e };
	struct sv_str id = attribute(R, a, "id");
	struct cJSON *n = fhir_xml_primitive(R, e, attribute(R, a, "value"));

	if (n == NULL)
		return;
	/* In an array, null keeps the place of an element without a value. */
	if (n->type != cJSON_NULL || e->repeats)
		f.index = fhir_xml_add(R, parent, e, n);
	if (id.p != NULL && fhir_xml_shadow(R, &f) != NULL)
		fhir_xml_add_string(R, f.node, "id", id);
	push(R, f);
	check_attributes(R, a, "id", "value");
}

static void
start_complex(struct fhir_xml_reader *R, const struct fhir_element *e,
    struct cJSON *parent, const struct fhir_xml_attributes *a)
{
	const struct fhir_type *t = &fhir_r4_types[e->type];
	bool has_url = strcmp(t->name, "Extension") == 0;
	struct cJSON *n = fhir_xml_make(R, cJSON_Object, e->name);
	int32_t index;

	if (n == NULL)
		return;
	index = fhir_xml_add(R, parent, e, n);
	fhir_xml_add_string(R, n, "id", attribute(R, a, "id"));
	if (has_url)
		fhir_xml_add_string(R, n, "url", attribute(R, a, "url"));
	push(R, (struct fhir_xml_frame){ .name = e->name, .index = index,
	    .type = t, .node = n });
	check_attributes(R, a, "id", has_url ? "url" : "id");
}

/* What an element called ${name} is inside ${top}; NULL if R4 has none. */
static const struct fhir_element *
element_in(const struct fhir_xml_frame *top, const char *name)
{
	if (top->type != NULL)
		return fhir_element_of(top->type, name);
	/* A primitive has extensions, as every element does. */
	if (strcmp(name, "extension") == 0)
		return fhir_element_of(fhir_type_of(SV_LIT("Extension")),
		    name);
	return NULL;
}

/* An element inside a complex one or a primitive. */
static void
start_child(struct fhir_xml_reader *R, const char *name,
    const struct fhir_xml_attributes *a)
{
	struct fhir_xml_frame *top = &R->stack[R->depth - 1];
	const struct fhir_element *e = element_in(top, name);
	struct cJSON *parent;

	if (e == NULL) {
		fhir_xml_left_out(R, "FHIR R4 has no such element here; it "
		    "was not used");
		R->skip = 1;
		return;
	}
	parent = top->type != NULL ? top->node : fhir_xml_shadow(R, top);
	if (parent == NULL)
		return;
	if (e->form == FHIR_FORM_COMPLEX) {
		start_complex(R, e, parent, a);
	} else if (e->form == FHIR_FORM_RESOURCE
	    || e->form == FHIR_FORM_XHTML) {
		push(R, (struct fhir_xml_frame){ .name = e->name,
		    .index = -1, .parent = parent, .element = e });
		if (e->form == FHIR_FORM_XHTML)
			fhir_xml_narrative_start(R, name, a);
	} else {
		start_primitive(R, e, parent, a);
	}
}

/* An element of FHIR, not of narrative. */
static void
start_element(struct fhir_xml_reader *R, const char *name,
    const char *namespace, const struct fhir_xml_attributes *a)
{
	const struct fhir_xml_frame *top = R->depth > 0
	    ? &R->stack[R->depth - 1] : NULL;
	const char *want = top != NULL && strcmp(name, "div") == 0 ? XHTML_NS
	    : FHIR_NS;

	if (namespace == NULL || strcmp(namespace, want) != 0)
		fhir_xml_bad(R, "an element outside the FHIR namespace");
	else if (top == NULL || (top->type == NULL
	    && top->element->form == FHIR_FORM_RESOURCE))
		start_resource(R, name, a);
	else
		start_child(R, name, a);
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int n_ns, const xmlChar **ns, int n_a,
    int n_defaulted, const xmlChar **at)
{
	struct fhir_xml_attributes a = { at, (size_t)n_a };
	struct fhir_xml_reader *R = ctx;

	(void)prefix, (void)n_ns, (void)ns, (void)n_defaulted;
	if (!sv_is_ok(R->status))
		return;
	if (R->skip > 0)
		R->skip++;
	else if (R->xhtml > 0)
		fhir_xml_narrative_start(R, (const char *)name, &a);
	else
		start_element(R, (const char *)name, (const char *)uri, &a);
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri)
{
	struct fhir_xml_reader *R = ctx;

	(void)prefix, (void)uri;
	if (!sv_is_ok(R->status))
		return;
	if (R->skip > 0)
		R->skip--;
	else if (R->xhtml > 0)
		fhir_xml_narrative_end(R, (const char *)name);
	else if (R->depth > 0)
		R->depth--;
}

static void
on_text(void *ctx, const xmlChar *text, int n)
{
	struct sv_str s = { (const char *)text, (size_t)n };
	struct fhir_xml_reader *R = ctx;

	if (!sv_is_ok(R->status) || R->skip > 0)
		return;
	if (R->xhtml > 0)
		fhir_xml_narrative_text(R, s);
	else if (sv_str_trim(s).n > 0)
		fhir_xml_bad(R, "text outside an attribute");
}

static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *id,
    const xmlChar *system)
{
	(void)name, (void)id, (void)system;
	fhir_xml_bad(ctx, "a DOCTYPE is not allowed in FHIR");
}

/* The XML declaration has been read, and nothing behind it. */
static void
on_document(void *ctx)
{
	struct fhir_xml_reader *R = ctx;
	const xmlChar *said = R->parser->input->encoding;

	if (said == NULL)
		said = R->parser->encoding;
	if (said != NULL && strcasecmp((const char *)said, "UTF-8") != 0)
		fhir_xml_bad(R, "FHIR XML is sent as UTF-8");
}

static void
on_error(void *ctx, xmlErrorPtr e)
{
	static const struct { int code; const char *what; } known[] = {
		{ XML_ERR_DOCUMENT_EMPTY, "the document is empty" },
		{ XML_ERR_DOCUMENT_END, "text behind the end of the "
		    "document" },
		{ XML_ERR_INVALID_CHAR, "a character XML does not have" },
		{ XML_ERR_INVALID_ENCODING, "invalid UTF-8" },
		{ XML_ERR_ATTRIBUTE_REDEFINED, "an attribute twice" },
		{ XML_ERR_UNDECLARED_ENTITY, "an entity XML does not have" },
		{ XML_ERR_TAG_NAME_MISMATCH, "an end tag that does not "
		    "match" },
		{ XML_ERR_TAG_NOT_FINISHED, "the text ends too early" } };
	const char *what = "the XML is not well-formed";
	struct fhir_xml_reader *R = ctx;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (e->code == known[i].code)
			what = known[i].what;
	}
	/* libxml2 has one code for too little and too much. */
	if (e->code == XML_ERR_DOCUMENT_END && R->depth > 0)
		what = "the text ends too early";
	fhir_xml_bad(R, what);
}

/* Let libxml2 read ${text}. */
static void
parse(struct fhir_xml_reader *R, struct sv_str text)
{
	if (text.n > R->limits->bytes || text.n > INT_MAX)
		fhir_xml_refuse(R, SV_LIMIT, FHIR_CODE_TOO_COSTLY,
		    "the document is too large");
	else if (memchr(text.p, '\0', text.n) != NULL)
		fhir_xml_bad(R, "the character U+0000 is not allowed in FHIR");
	else if (!fhir_xml_tags_ok(text))
		fhir_xml_refuse(R, SV_LIMIT, FHIR_CODE_TOO_COSTLY,
		    "a tag with too many attributes");
	else if (xmlParseChunk(R->parser, text.p, (int)text.n, 1) != 0)
		fhir_xml_bad(R, "the XML is not well-formed");
}

struct sv_status
fhir_xml_tree(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, const struct cJSON **ret_tree,
    struct fhir_issues *is)
{
	xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
		.startDocument = on_document,
		.startElementNs = on_start, .endElementNs = on_end,
		.characters = on_text, .ignorableWhitespace = on_text,
		.cdataBlock = on_text, .internalSubset = on_doctype,
		.serror = on_error };
	struct fhir_xml_reader *R = sv_arena_zalloc(A, 1, sizeof(*R));

	SV_ENSURE(R != NULL, SV_NOMEM);
	R->A = A;
	R->limits = limits;
	R->is = is;
	R->status = SV_OK;
	R->parser = xmlCreatePushParserCtxt(&sax, R, NULL, 0, NULL);
	SV_ENSURE(R->parser != NULL, SV_NOMEM);
	(void)xmlCtxtUseOptions(R->parser, XML_PARSE_NONET);
	parse(R, text);
	xmlFreeParserCtxt(R->parser);
	SV_TRY(R->status);
	SV_ENSURE(R->root != NULL, SV_BAD);
	*ret_tree = R->root;
	return SV_OK;
}
