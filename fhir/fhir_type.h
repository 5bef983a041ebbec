/**
 * fhir_type.h: R4 datatypes, read with care.
 *
 * Readers return SKIP if the element is absent, BAD (with an issue that has
 * the element path) if it is malformed, and leave ${ret} untouched then.
 */
#ifndef FHIR_TYPE_H
#define FHIR_TYPE_H

#include "fhir_node.h"
#include "sv_date.h"
#include "sv_dec.h"

struct fhir_coding {
	struct sv_str system, code, display;
	bool user_selected;
};

enum fhir_comparator {
	FHIR_EXACT, FHIR_LT, FHIR_LE, FHIR_GE, FHIR_GT
};

struct fhir_quantity {
	struct sv_dec value;
	struct sv_str value_text;	/* exactly as sent: "0.70" */
	enum fhir_comparator comparator;
	struct sv_str unit, system, code;
};

struct fhir_range {
	struct fhir_quantity low, high;
	bool has_low, has_high;
};

struct fhir_period {
	struct sv_date start, end;	/* precision NONE: absent */
};

/** The coding at ${at}. */
struct fhir_coding fhir_coding_at(const struct fhir_at *at);

/** A Quantity (or Age, Duration, ...) at ${at}; the value is required. */
struct sv_status fhir_quantity_at(const struct fhir_at *at,
    struct fhir_quantity *ret, struct fhir_issues *is) SV_CHECK;

/** A Range at ${at}; low must not be above high if the units agree. */
struct sv_status fhir_range_at(const struct fhir_at *at,
    struct fhir_range *ret, struct fhir_issues *is) SV_CHECK;

/** A date, dateTime or instant at ${at}. */
struct sv_status fhir_date_at(const struct fhir_at *at, struct sv_date *ret,
    struct fhir_issues *is) SV_CHECK;

/** A Period at ${at}; its start must not be after its end. */
struct sv_status fhir_period_at(const struct fhir_at *at,
    struct fhir_period *ret, struct fhir_issues *is) SV_CHECK;

/** A decimal or integer at ${at}; a number sent as a string is BAD. */
struct sv_status fhir_decimal_at(const struct fhir_at *at, struct sv_dec *ret,
    struct fhir_issues *is) SV_CHECK;

/** A boolean at ${at}. */
struct sv_status fhir_bool_at(const struct fhir_at *at, bool *ret,
    struct fhir_issues *is) SV_CHECK;

/** The extension of ${at} with ${url}; absent if there is none. */
struct fhir_at fhir_extension(const struct fhir_at *at, const char *url);

/** True if ${at} or any element inside it has a modifierExtension: a reader
 * that does not know it must not use the element (R4 extensibility). */
bool fhir_has_modifier_extension(const struct fhir_at *at);

/** True if the primitive ${name} of ${at}, or ${at}, says why it is absent:
 * dataAbsentReason member, or the data-absent-reason extension. */
bool fhir_data_absent(const struct fhir_at *at, const char *name);

/*
 * References.  A reference resolves as contained (#id), by the fullUrl of an
 * entry, relative (Type/id, with or without _history), absolute (base/Type/id),
 * or not at all.  A bare id without a type resolves nothing.
 */
enum fhir_ref_form {
	FHIR_REF_NONE, FHIR_REF_CONTAINED, FHIR_REF_URN, FHIR_REF_RELATIVE,
	FHIR_REF_ABSOLUTE, FHIR_REF_LOGICAL	/* identifier only */
};

struct fhir_reference {
	enum fhir_ref_form form;
	struct sv_str text;		/* Reference.reference, no _history */
	struct sv_str type, id;		/* of relative and absolute ones */
	struct sv_str base;		/* of absolute ones: before "/Type/id" */
	struct sv_str system, value;	/* Reference.identifier, if any */
};

struct fhir_reference fhir_reference_at(const struct fhir_at *at);

/** Parse the reference string ${text} alone. */
struct fhir_reference fhir_reference_of(struct sv_str text);

#endif
