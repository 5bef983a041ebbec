/**
 * fhir_write.h: writing resources, as JSON or as XML, from the same calls.
 *
 * A streaming writer by hand rather than cJSON or a DOM, because decimals must
 * keep their text, both formats must come from one description, and guidance
 * is written for millions of patients without building a tree.  The caller
 * emits elements in the order of the specification, which XML requires.
 * Failures latch: ask fhir_write_ok once at the end.
 *
 *	fhir_open_resource(w, NULL, "Observation");
 *	fhir_put_str(w, "status", SV_LIT("final"));
 *	fhir_open_array(w, "coding");
 *		fhir_open(w, "coding");   (each element repeats the name)
 *		fhir_put_str(w, "system", ...);
 *		fhir_close(w);
 *	fhir_close_array(w);
 *	fhir_close(w);
 */
#ifndef FHIR_WRITE_H
#define FHIR_WRITE_H

#include "sv_buf.h"
#include "sv_status.h"

#define FHIR_WRITE_DEPTH 32

enum fhir_write_format {
	FHIR_WRITE_JSON,
	FHIR_WRITE_JSON_PRETTY,
	FHIR_WRITE_XML
};

struct fhir_writer {
	struct sv_buf *out;
	enum fhir_write_format format;
	struct {
		const char *name;
		bool is_array, is_resource, wrapped, has_content;
	} level[FHIR_WRITE_DEPTH];
	size_t depth;
	bool tag_open;		/* XML: attributes may still follow */
	bool failed;
};

void fhir_writer_init(struct fhir_writer *w, struct sv_buf *out,
    enum fhir_write_format format);

/** Open a resource of ${type}: the document (${name} NULL), or in ${name}. */
void fhir_open_resource(struct fhir_writer *w, const char *name,
    const char *type);
/** Open the complex element ${name} (in an array: its next element). */
void fhir_open(struct fhir_writer *w, const char *name);
void fhir_open_array(struct fhir_writer *w, const char *name);
/** Close the innermost object or resource / array. */
void fhir_close(struct fhir_writer *w);
void fhir_close_array(struct fhir_writer *w);

/** A primitive; nothing is written for an empty string.  Characters that the
 * format cannot carry (XML 1.0 control characters, U+FFFE, U+FFFF) are written
 * as U+FFFD. */
void fhir_put_str(struct fhir_writer *w, const char *name, struct sv_str v);
void fhir_put_lit(struct fhir_writer *w, const char *name, const char *v);
/** A number whose text is already a valid JSON number. */
void fhir_put_num(struct fhir_writer *w, const char *name, struct sv_str v);
void fhir_put_int(struct fhir_writer *w, const char *name, int64_t v);
void fhir_put_bool(struct fhir_writer *w, const char *name, bool v);
/** An element whose JSON text is at hand, such as a resource that was kept;
 * fails if XML is written. */
void fhir_put_json(struct fhir_writer *w, const char *name, struct sv_str v);
/** Narrative: ${div} is one well-formed XHTML div with its namespace. */
void fhir_put_xhtml(struct fhir_writer *w, struct sv_str div);

/** True if everything was written and every level is closed. */
bool fhir_write_ok(const struct fhir_writer *w);

/** How it went: OK; LIMIT, the buffer's ceiling was met; NOMEM. */
struct sv_status fhir_write_status(const struct fhir_writer *w) SV_CHECK;

/** Append ${s} escaped for XML text and attributes, or as a JSON string body;
 * also used for narratives and the explain format. */
void fhir_escape_xml(struct sv_buf *out, struct sv_str s);
void fhir_escape_json(struct sv_buf *out, struct sv_str s);

#endif
