/**
 * fhir_xml.h: strict reading of FHIR XML into the same tree as JSON.
 *
 * libxml2's SAX2 interface, hardened: any DOCTYPE is refused, so there are no
 * entities, no external subset and no network; depth, size and attribute
 * ceilings hold; any error or warning the parser raises voids the document
 * (libxml2 2.9.14 with one failed allocation can return changed content, but
 * never without an error).
 *
 * The element table of R4 (fhir_schema.h) tells which elements repeat (they
 * become arrays) and which primitives are numbers or booleans, so that both
 * forms of a resource give the same paths and the same values.  Narrative
 * (div) is kept as its serialised text, as in JSON.
 */
#ifndef FHIR_XML_H
#define FHIR_XML_H

#include "fhir_issue.h"
#include "fhir_json.h"

struct cJSON;

/**
 * fhir_xml_tree(A, text, limits, ret_tree, is):
 * The tree of the XML document ${text}; a member resourceType leads the root
 * and every contained or bundled resource.  BAD with a fatal issue (element
 * path, line) unless ${text} is well-formed, DTD-free and in the FHIR
 * namespace; LIMIT, NOMEM as in fhir_json.h.
 */
struct sv_status fhir_xml_tree(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, const struct cJSON **ret_tree,
    struct fhir_issues *is) SV_CHECK;

#endif
