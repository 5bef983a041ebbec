/**
 * fhir_schema.h: the elements of FHIR R4, as a table.
 *
 * Generated from the R4 StructureDefinitions (fhir_schema_r4.c says how): for
 * every resource and datatype its elements in order, their types, and whether
 * they repeat.  XML needs it to become the same tree as JSON, and to be
 * written in the right order; it also finds misspelt elements.
 */
#ifndef FHIR_SCHEMA_H
#define FHIR_SCHEMA_H

#include "sv_str.h"

enum fhir_form {
	FHIR_FORM_STRING,	/* a primitive written as a JSON string */
	FHIR_FORM_NUMBER,	/* integer, decimal, unsignedInt, positiveInt */
	FHIR_FORM_BOOLEAN,
	FHIR_FORM_XHTML,
	FHIR_FORM_COMPLEX,	/* an element with children */
	FHIR_FORM_RESOURCE	/* any resource: contained, Bundle.entry.resource */
};

struct fhir_type;		/* a resource, datatype or backbone element */

struct fhir_element {
	const char *name;	/* with the type for choices: valueQuantity */
	const struct fhir_type *type;	/* NULL unless FHIR_FORM_COMPLEX */
	uint8_t form;		/* enum fhir_form */
	bool repeats;
	bool is_attribute;	/* in XML: Element.id, Extension.url */
	bool is_modifier;
};

/** The type called ${name} ("Patient", "Quantity"); NULL if R4 has none. */
const struct fhir_type *fhir_type_of(struct sv_str name);

/** True if ${t} is a resource. */
bool fhir_type_is_resource(const struct fhir_type *t);

struct sv_str fhir_type_name(const struct fhir_type *t);

/** The element of ${t} called ${name}; NULL if there is none. */
const struct fhir_element *fhir_element_of(const struct fhir_type *t,
    struct sv_str name);

/** All elements of ${t}, in the order of the specification. */
const struct fhir_element *fhir_elements(const struct fhir_type *t,
    size_t *ret_n);

#endif
