#include "fhir_xml.h"

#include <cjson/cJSON.h>
#include <libxml/parser.h>
#include <libxml/SAX2.h>
#include <limits.h>
#include <string.h>

#include "fhir_schema.h"
#include "sv_buf.h"
#include "sv_limits.h"

#define FHIR_NS "http://hl7.org/fhir"
#define XHTML_NS "http://www.w3.org/1999/xhtml"

/* One open XML element. */
struct frame {
	const char *name;		/* as in the path */
	const struct fhir_type *type;	/* of a complex element; NULL: other */
	struct cJSON *node;		/* its object; of a primitive: "_name" */
	struct cJSON *parent;		/* of a primitive or a wrapper */
	const struct fhir_element *element;
};

struct reader {
	struct sv_arena *A;
	xmlParserCtxtPtr parser;
	const struct fhir_json_limits *limits;
	struct fhir_issues *is;
	struct sv_status status;	/* latched */
	struct cJSON *root;
	struct frame stack[SV_LIMIT_DEPTH + 1];
	size_t depth;
	size_t skip;			/* depth inside an unknown element */
	size_t xhtml;			/* depth inside narrative */
	struct sv_buf div;
	size_t values;
};

static void
path(const struct reader *R, char out[512])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < R->depth && n + 2 < 512; i++) {
		size_t len = strlen(R->stack[i].name);

		if (n > 0)
			out[n++] = '.';
		if (len > 510 - n)
			len = 510 - n;
		memcpy(out + n, R->stack[i].name, len);
		n += len;
		out[n] = '\0';
	}
}

/* Refuse the document, once, and stop. */
static void
refuse(struct reader *R, struct sv_status status, enum fhir_issue_code code,
    const char *what)
{
	char at[512];

	if (!sv_is_ok(R->status))
		return;
	R->status = status;
	path(R, at);
	fhir_issue_addf(R->is, FHIR_FATAL, code, sv_str_of(at),
	    "%s, at line %d", what, xmlSAX2GetLineNumber(R->parser));
	xmlStopParser(R->parser);
}

static void
bad(struct reader *R, const char *what)
{
	refuse(R, SV_BAD, FHIR_CODE_STRUCTURE, what);
}

/* A new node; NULL, with the reader stopped, without memory. */
static struct cJSON *
make(struct reader *R, int type, const char *name)
{
	struct cJSON *n = sv_arena_zalloc(R->A, 1, sizeof(*n));

	if (n == NULL) {
		R->status = SV_NOMEM;
		xmlStopParser(R->parser);
		return NULL;
	}
	n->type = type;
	n->string = (char *)name;
	if (++R->values > R->limits->values)
		refuse(R, SV_LIMIT, FHIR_CODE_TOO_COSTLY, "too many values");
	return n;
}

/* As cJSON does: the first child's prev is the last one. */
static void
append(struct cJSON *parent, struct cJSON *n)
{
	if (parent->child == NULL) {
		parent->child = n->prev = n;
		return;
	}
	n->prev = parent->child->prev;
	n->prev->next = n;
	parent->child->prev = n;
}

static struct cJSON *
member(const struct cJSON *parent, const char *name)
{
	struct cJSON *c = parent->child;

	if (c != NULL && strcmp(c->prev->string, name) == 0)
		return c->prev;	/* equal elements stand together */
	while (c != NULL && strcmp(c->string, name) != 0)
		c = c->next;
	return c;
}

/* The array ${name} of ${parent}, made if it is not there. */
static struct cJSON *
array_of(struct reader *R, struct cJSON *parent, const char *name)
{
	struct cJSON *a = member(parent, name);

	if (a == NULL && (a = make(R, cJSON_Array, name)) != NULL)
		append(parent, a);
	return a;
}

static void
add(struct reader *R, struct cJSON *parent, const struct fhir_element *e,
    struct cJSON *n)
{
	struct cJSON *a;

	if (!e->repeats && member(parent, e->name) != NULL)
		bad(R, "an element twice that may be there once");
	else if (!e->repeats)
		append(parent, n);
	else if ((a = array_of(R, parent, e->name)) != NULL)
		append(a, n);
}

/* An attribute's value.  libxml2 hands & over as &#38; when it does not
 * substitute entities. */
static struct sv_str
value_of(struct reader *R, const xmlChar *from, const xmlChar *to)
{
	char *p = sv_arena_alloc(R->A, (size_t)(to - from) + 1);
	size_t n = 0;

	if (p == NULL) {
		R->status = SV_NOMEM;
		xmlStopParser(R->parser);
		return (struct sv_str){ NULL, 0 };
	}
	while (from < to) {
		if (to - from >= 5 && memcmp(from, "&#38;", 5) == 0) {
			p[n++] = '&';
			from += 5;
		} else {
			p[n++] = (char)*from++;
		}
	}
	p[n] = '\0';
	return (struct sv_str){ p, n };
}

/* The attribute ${name}; .p is NULL if it is not there. */
static struct sv_str
attribute(struct reader *R, const xmlChar **a, int n, const char *name)
{
	for (int i = 0; i < n; i++) {
		if (a[5 * i + 1] == NULL
		    && strcmp((const char *)a[5 * i], name) == 0)
			return value_of(R, a[5 * i + 3], a[5 * i + 4]);
	}
	return (struct sv_str){ NULL, 0 };
}

static void
add_string(struct reader *R, struct cJSON *to, const char *name,
    struct sv_str v)
{
	struct cJSON *n;

	if (v.p == NULL || (n = make(R, cJSON_String, name)) == NULL)
		return;
	n->valuestring = (char *)v.p;
	append(to, n);
}

static void
push(struct reader *R, struct frame f)
{
	if (R->depth >= R->limits->depth) {
		refuse(R, SV_LIMIT, FHIR_CODE_TOO_COSTLY, "nested too deeply");
		return;
	}
	R->stack[R->depth++] = f;
}

/* A resource begins: at the root, or inside contained or resource. */
static void
start_resource(struct reader *R, const char *name)
{
	const struct fhir_type *t = fhir_type_of(sv_str_of(name));
	struct frame *top = R->depth > 0 ? &R->stack[R->depth - 1] : NULL;
	struct cJSON *n;

	if (top == NULL && (t == NULL || !t->is_resource)) {
		bad(R, "the root is no resource of FHIR R4");
		return;
	}
	if ((n = make(R, cJSON_Object, top != NULL ? top->element->name
	    : NULL)) == NULL)
		return;
	add_string(R, n, "resourceType", sv_arena_str(R->A, sv_str_of(name)));
	if (top == NULL)
		R->root = n;
	else
		add(R, top->parent, top->element, n);
	if (t == NULL || !t->is_resource) {
		R->skip = 1;	/* the reader of the Bundle reports it */
		return;
	}
	push(R, (struct frame){ .name = t->name, .type = t, .node = n });
}

/* The object "_name" beside the primitive on top of the stack. */
static struct cJSON *
shadow(struct reader *R, struct frame *f)
{
	const struct fhir_element *e = f->element;
	struct sv_str name = sv_arena_printf(R->A, "_%s", e->name);
	struct cJSON *a, *n;
	int have;

	if (f->node != NULL)
		return f->node;
	if (name.p == NULL || (n = make(R, cJSON_Object, name.p)) == NULL)
		return NULL;
	f->node = n;
	if (!e->repeats) {
		append(f->parent, n);
		return n;
	}
	if ((a = array_of(R, f->parent, name.p)) == NULL)
		return NULL;
	have = cJSON_GetArraySize(member(f->parent, e->name)) - 1;
	for (int i = cJSON_GetArraySize(a); i < have; i++) {
		struct cJSON *pad = make(R, cJSON_NULL, NULL);

		if (pad == NULL)
			return NULL;
		append(a, pad);
	}
	append(a, n);
	return n;
}

static struct cJSON *
primitive(struct reader *R, const struct fhir_element *e, struct sv_str v)
{
	struct cJSON *n = make(R, cJSON_String, e->name);

	if (n == NULL)
		return NULL;
	n->valuestring = (char *)v.p;
	if (v.p == NULL) {
		n->type = cJSON_NULL;
	} else if (e->form == FHIR_FORM_NUMBER) {
		n->type = cJSON_Number;
	} else if (e->form == FHIR_FORM_BOOLEAN) {
		if (!sv_str_is(v, "true") && !sv_str_is(v, "false"))
			bad(R, "true or false is expected");
		n->type = sv_str_is(v, "true") ? cJSON_True : cJSON_False;
	}
	return n;
}

static void
start_primitive(struct reader *R, const struct fhir_element *e,
    struct cJSON *parent, const xmlChar **a, int n_a)
{
	struct frame f = { .name = e->name, .parent = parent, .element = e };
	struct sv_str id = attribute(R, a, n_a, "id");
	struct cJSON *n = primitive(R, e, attribute(R, a, n_a, "value"));

	if (n == NULL)
		return;
	if (n->type != cJSON_NULL || e->repeats)
		add(R, parent, e, n);
	if (id.p != NULL && shadow(R, &f) != NULL)
		add_string(R, f.node, "id", id);
	push(R, f);
}

static void
start_complex(struct reader *R, const struct fhir_element *e,
    struct cJSON *parent, const xmlChar **a, int n_a)
{
	struct cJSON *n = make(R, cJSON_Object, e->name);

	if (n == NULL)
		return;
	add(R, parent, e, n);
	add_string(R, n, "id", attribute(R, a, n_a, "id"));
	add_string(R, n, "url", attribute(R, a, n_a, "url"));
	push(R, (struct frame){ .name = e->name,
	    .type = &fhir_r4_types[e->type], .node = n });
}

/* A start tag of narrative, as text. */
static void
start_xhtml(struct reader *R, const char *name, const xmlChar **a, int n_a)
{
	sv_buf_addc(&R->div, '<');
	sv_buf_add(&R->div, sv_str_of(name));
	if (R->xhtml++ == 0)
		sv_buf_add(&R->div, SV_LIT(" xmlns=\"" XHTML_NS "\""));
	for (int i = 0; i < n_a; i++) {
		struct sv_str v = { (const char *)a[5 * i + 3],
			(size_t)(a[5 * i + 4] - a[5 * i + 3]) };

		sv_buf_addc(&R->div, ' ');
		sv_buf_add(&R->div, sv_str_of((const char *)a[5 * i]));
		sv_buf_add(&R->div, SV_LIT("=\""));
		sv_buf_add(&R->div, v);
		sv_buf_addc(&R->div, '"');
	}
	sv_buf_addc(&R->div, '>');
}

static void
unknown_element(struct reader *R)
{
	char at[512];

	path(R, at);
	fhir_issue_addf(R->is, FHIR_ERROR, FHIR_CODE_STRUCTURE, sv_str_of(at),
	    "FHIR R4 has no such element here; it was not used, at line %d",
	    xmlSAX2GetLineNumber(R->parser));
	R->skip = 1;
}

/* An element inside a complex one or a primitive. */
static void
start_child(struct reader *R, const char *name, const xmlChar **a, int n_a)
{
	struct frame *top = &R->stack[R->depth - 1];
	const struct fhir_element *e = top->type == NULL ? NULL
	    : fhir_element_of(top->type, name);
	struct cJSON *parent = top->type != NULL ? top->node : NULL;

	if (top->type == NULL && strcmp(name, "extension") == 0)
		e = fhir_element_of(fhir_type_of(SV_LIT("Extension")), name);
	if (e == NULL) {
		unknown_element(R);
		return;
	}
	if (parent == NULL && (parent = shadow(R, top)) == NULL)
		return;
	switch (e->form) {
	case FHIR_FORM_COMPLEX:
		start_complex(R, e, parent, a, n_a);
		break;
	case FHIR_FORM_RESOURCE:
		push(R, (struct frame){ .name = e->name, .parent = parent,
		    .element = e });
		break;
	case FHIR_FORM_XHTML:
		push(R, (struct frame){ .name = e->name, .parent = parent,
		    .element = e });
		sv_buf_init(&R->div, R->A, SV_LIMIT_DOCUMENT);
		start_xhtml(R, name, a, n_a);
		break;
	default:
		start_primitive(R, e, parent, a, n_a);
		break;
	}
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int n_ns, const xmlChar **ns, int n_a,
    int n_defaulted, const xmlChar **a)
{
	struct reader *R = ctx;
	struct frame *top = R->depth > 0 ? &R->stack[R->depth - 1] : NULL;
	const char *tag = (const char *)name;

	(void)prefix, (void)n_ns, (void)ns, (void)n_defaulted;
	if (!sv_is_ok(R->status))
		return;
	if (R->skip > 0) {
		R->skip++;
		return;
	}
	if (R->xhtml > 0) {
		start_xhtml(R, tag, a, n_a);
		return;
	}
	if (uri == NULL || strcmp((const char *)uri,
	    strcmp(tag, "div") == 0 && top != NULL ? XHTML_NS : FHIR_NS)
	    != 0) {
		bad(R, "an element outside the FHIR namespace");
		return;
	}
	if (top == NULL || (top->type == NULL
	    && top->element->form == FHIR_FORM_RESOURCE))
		start_resource(R, tag);
	else
		start_child(R, tag, a, n_a);
}

static void
end_xhtml(struct reader *R, const char *name)
{
	struct frame *f = &R->stack[R->depth - 1];
	struct sv_str text;
	struct cJSON *n;

	sv_buf_add(&R->div, SV_LIT("</"));
	sv_buf_add(&R->div, sv_str_of(name));
	sv_buf_addc(&R->div, '>');
	if (--R->xhtml > 0)
		return;
	text = sv_arena_str(R->A, sv_buf_str(&R->div));
	n = make(R, cJSON_String, f->element->name);
	R->depth--;
	if (n == NULL)
		return;
	n->valuestring = (char *)text.p;
	append(f->parent, n);
	if (!sv_buf_ok(&R->div) || text.p == NULL)
		R->status = SV_NOMEM;
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri)
{
	struct reader *R = ctx;

	(void)prefix, (void)uri;
	if (!sv_is_ok(R->status))
		return;
	if (R->skip > 0)
		R->skip--;
	else if (R->xhtml > 0)
		end_xhtml(R, (const char *)name);
	else if (R->depth > 0)
		R->depth--;
}

static void
on_text(void *ctx, const xmlChar *text, int n)
{
	struct reader *R = ctx;

	if (!sv_is_ok(R->status) || R->skip > 0)
		return;
	for (int i = 0; R->xhtml > 0 && i < n; i++) {
		if (text[i] == '<')
			sv_buf_add(&R->div, SV_LIT("&lt;"));
		else if (text[i] == '&')
			sv_buf_add(&R->div, SV_LIT("&amp;"));
		else
			sv_buf_addc(&R->div, (char)text[i]);
	}
	for (int i = 0; R->xhtml == 0 && i < n; i++) {
		if (memchr(" \t\r\n", text[i], 4) == NULL) {
			bad(R, "text outside an attribute");
			return;
		}
	}
}

static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *id,
    const xmlChar *system)
{
	(void)name, (void)id, (void)system;
	bad(ctx, "a DOCTYPE is not allowed in FHIR");
}

static void
on_error(void *ctx, xmlErrorPtr e)
{
	(void)e;
	bad(ctx, "the XML is not well-formed");
}

struct sv_status
fhir_xml_tree(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, const struct cJSON **ret_tree,
    struct fhir_issues *is)
{
	xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start, .endElementNs = on_end,
		.characters = on_text, .ignorableWhitespace = on_text,
		.cdataBlock = on_text, .internalSubset = on_doctype,
		.serror = on_error };
	struct reader *R = sv_arena_zalloc(A, 1, sizeof(*R));

	SV_ENSURE(R != NULL, SV_NOMEM);
	R->A = A;
	R->limits = limits;
	R->is = is;
	R->status = SV_OK;
	R->parser = xmlCreatePushParserCtxt(&sax, R, NULL, 0, NULL);
	SV_ENSURE(R->parser != NULL, SV_NOMEM);
	(void)xmlCtxtUseOptions(R->parser, XML_PARSE_NONET);
	if (text.n > limits->bytes || text.n > INT_MAX)
		refuse(R, SV_LIMIT, FHIR_CODE_TOO_COSTLY,
		    "the document is too large");
	else if (xmlParseChunk(R->parser, text.p, (int)text.n, 1) != 0)
		bad(R, "the XML is not well-formed");
	xmlFreeParserCtxt(R->parser);
	SV_TRY(R->status);
	SV_ENSURE(R->root != NULL, SV_BAD);
	*ret_tree = R->root;
	return SV_OK;
}
