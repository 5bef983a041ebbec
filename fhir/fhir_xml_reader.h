/**
 * fhir_xml_reader.h: the state of reading one XML document; internal to the
 * fhir_xml_*.c files.
 *
 * The first error latches in R->status and stops the parser; every function
 * here may be called after that and does no harm.
 */
#ifndef FHIR_XML_READER_H
#define FHIR_XML_READER_H

#include <cjson/cJSON.h>
#include <libxml/parser.h>

#include "fhir_json.h"
#include "fhir_schema.h"
#include "sv_buf.h"
#include "sv_limits.h"

#define FHIR_NS "http://hl7.org/fhir"
#define XHTML_NS "http://www.w3.org/1999/xhtml"

/* One open XML element. */
struct fhir_xml_frame {
	const char *name;		/* in the path; NULL: not in it */
	int32_t index;			/* among its equals, or -1 */
	const struct fhir_type *type;	/* of a complex element; NULL: other */
	struct cJSON *node;		/* its object; of a primitive: "_name" */
	struct cJSON *parent;		/* of a primitive or a wrapper */
	const struct fhir_element *element;
};

struct fhir_xml_reader {
	struct sv_arena *A;
	xmlParserCtxtPtr parser;
	const struct fhir_json_limits *limits;
	struct fhir_issues *is;
	struct sv_status status;	/* latched */
	struct cJSON *root;
	struct fhir_xml_frame stack[SV_LIMIT_DEPTH + 1];
	size_t depth;
	size_t skip;			/* depth inside an unknown element */
	size_t xhtml;			/* depth inside narrative */
	struct sv_buf div;
	size_t values;
};

/** Attributes as libxml2 hands them over: local name, prefix, namespace,
 * begin and end of the value. */
struct fhir_xml_attributes {
	const xmlChar **at;
	size_t n;
};

/** Refuse the document with a fatal issue, once, and stop. */
void fhir_xml_refuse(struct fhir_xml_reader *R, struct sv_status status,
    enum fhir_issue_code code, const char *what);
/** The same for what is simply wrong. */
void fhir_xml_bad(struct fhir_xml_reader *R, const char *what);
/** Out of memory: stop without an issue. */
void fhir_xml_nomem(struct fhir_xml_reader *R);
/** Note an error that leaves something out, ${what} being the sentence. */
void fhir_xml_left_out(struct fhir_xml_reader *R, const char *what);

/** A new node; NULL, with the reader stopped, without memory. */
struct cJSON *fhir_xml_make(struct fhir_xml_reader *R, int type,
    const char *name);

/**
 * fhir_xml_add(R, parent, e, n):
 * Make ${n} the element ${e} of ${parent}.  Its index among its equals, or -1
 * if ${e} does not repeat.  A second one of those is refused.
 */
int32_t fhir_xml_add(struct fhir_xml_reader *R, struct cJSON *parent,
    const struct fhir_element *e, struct cJSON *n);

/** Add the string member ${name}; nothing if ${v}.p is NULL. */
void fhir_xml_add_string(struct fhir_xml_reader *R, struct cJSON *to,
    const char *name, struct sv_str v);

/** The value of attribute ${i}, in the arena. */
struct sv_str fhir_xml_value(struct fhir_xml_reader *R,
    const struct fhir_xml_attributes *a, size_t i);

/** The node of the primitive ${e} with the text ${v}; .p is NULL for none. */
struct cJSON *fhir_xml_primitive(struct fhir_xml_reader *R,
    const struct fhir_element *e, struct sv_str v);

/** The object "_name" that JSON has beside the primitive ${f}, made if it is
 * not there.  NULL without memory. */
struct cJSON *fhir_xml_shadow(struct fhir_xml_reader *R,
    struct fhir_xml_frame *f);

/** Narrative, which is kept as text: a start tag, its end, characters. */
void fhir_xml_narrative_start(struct fhir_xml_reader *R, const char *name,
    const struct fhir_xml_attributes *a);
void fhir_xml_narrative_end(struct fhir_xml_reader *R, const char *name);
void fhir_xml_narrative_text(struct fhir_xml_reader *R, struct sv_str text);

/**
 * fhir_xml_tags_ok(text):
 * False if a tag of ${text} has far more attributes than any of FHIR or XHTML.
 * libxml2 compares the attributes of a tag each with each: 2 MB of them would
 * take eight seconds.
 */
bool fhir_xml_tags_ok(struct sv_str text);

#endif
