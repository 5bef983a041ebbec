/**
 * fhir_schema.h: the elements of FHIR R4, as a table.
 *
 * Generated (fhir_schema_r4.c): for every resource, datatype and backbone
 * element its elements in order, their form, and whether they repeat.  XML
 * needs it to become the same tree as JSON.
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
	FHIR_FORM_RESOURCE	/* any resource: contained, entry.resource */
};

struct fhir_element {
	const char *name;	/* with the type for choices: valueQuantity */
	int16_t type;		/* of the table below; -1 unless COMPLEX */
	uint8_t form;		/* enum fhir_form */
	bool repeats;
};

struct fhir_type {
	const char *name;	/* "Patient", "Quantity", "Patient.contact" */
	uint16_t first, n;	/* range of the elements table */
	bool is_resource;
};

extern const struct fhir_element fhir_r4_elements[];
extern const struct fhir_type fhir_r4_types[];
extern const size_t fhir_r4_n_types;

/** The type called ${name}; NULL if R4 has none. */
const struct fhir_type *fhir_type_of(struct sv_str name);

/** The element of ${t} called ${name}; NULL if there is none. */
const struct fhir_element *fhir_element_of(const struct fhir_type *t,
    const char *name);

#endif
