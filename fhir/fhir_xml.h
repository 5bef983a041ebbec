/**
 * fhir_xml.h: strict reading of FHIR XML into the same tree as JSON.
 *
 * libxml2's SAX2 interface, hardened: any DOCTYPE is refused, so there are no
 * entities, no external subset and no network; depth, size and value ceilings
 * hold; any error or warning of the parser voids the document (libxml2 2.9.14
 * with one failed allocation can return changed content, but never without an
 * error).  The element table of R4 tells which elements repeat and which
 * primitives are numbers or booleans.  Narrative is kept as text.
 */
#ifndef FHIR_XML_H
#define FHIR_XML_H

#include "fhir_json.h"

/**
 * fhir_xml_tree(A, text, limits, ret_tree, is):
 * The tree of the XML document ${text}; a member resourceType leads the root
 * and every contained or bundled resource.  BAD with a fatal issue (element
 * path, line) unless ${text} is well-formed, DTD-free and in the FHIR
 * namespace.  An element that R4 does not know is left out with an error
 * issue.  LIMIT, NOMEM as in fhir_json.h.
 */
struct sv_status fhir_xml_tree(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, const struct cJSON **ret_tree,
    struct fhir_issues *is) SV_CHECK;

/**
 * Append the resource ${tree}, built by fhir_json_tree or fhir_xml_tree, to
 * ${out} as XML.  Members that R4 does not know are left out; ${out} fails if
 * a resource has no known type.  Narrative is written as it is: only trees of
 * ours, or that passed fhir_xml_tree.
 */
void fhir_xml_print(struct sv_buf *out, const struct cJSON *tree);

#endif
