/**
 * map_subject.h: whose resource is it?
 *
 * Resources that come one by one, as in a Bulk Data export, are gathered by
 * patient before anything is decided.  These functions say where a resource
 * belongs without reading what it says.
 */
#ifndef MAP_SUBJECT_H
#define MAP_SUBJECT_H

#include "fhir_doc.h"

enum map_belongs {
	MAP_BELONGS_NOWHERE,	/* it can say nothing to Salvor */
	MAP_BELONGS_PATIENT,	/* to the patient called ${key} */
	MAP_BELONGS_SHARED,	/* to no patient; others refer to it by ${name} */
	MAP_BELONGS_UNKNOWN	/* it should name a patient, and does not */
};

struct map_subject {
	enum map_belongs belongs;
	struct sv_str key;	/* logical id of the patient */
	struct sv_str name;	/* of the resource: "Observation/e4" */
	struct sv_str base;	/* of an absolute reference: the server, or "" */
	struct sv_str successor;	/* of a Patient that was replaced: the
				 * logical id of the one that replaced it */
};

/** True if resources of ${type} are read into events; all others but Patient
 * and those they refer to are passed over. */
bool map_is_clinical(struct sv_str type);

/** True if resources of ${type} say something only together with those that
 * refer to them: the Medication of a prescription, the Specimen of a result. */
bool map_is_supporting(struct sv_str type);

/**
 * map_subject(A, e, ret):
 * Where ${e} belongs.  Its tree is built unless its type alone decides.
 * ${ret} points into ${A} and the tree.  NOMEM.
 */
struct sv_status map_subject(struct sv_arena *A, struct fhir_entry *e,
    struct map_subject *ret) SV_CHECK;

/**
 * map_shared_reference(A, e, ret):
 * The name of the shared resource that ${e} cannot be read without, such as
 * the Medication of a MedicationRequest; "" if there is none.  NOMEM.
 */
struct sv_status map_shared_reference(struct sv_arena *A, struct fhir_entry *e,
    struct sv_str *ret) SV_CHECK;

/* What a resource says of its version; either may be empty. */
struct map_version {
	struct sv_str id;		/* meta.versionId */
	struct sv_str updated;		/* meta.lastUpdated */
};

struct map_version map_version_of(const struct fhir_at *root);

/** <0, 0, >0 as ${a} is older than, not to be told from, or newer than ${b}.
 * A versionId need not be a number (R4 resource.html); then the instants
 * decide, which one server writes in one form and zone, so that text order is
 * time. */
int map_version_cmp(const struct map_version *a, const struct map_version *b);

/**
 * map_newer(A, a, b, ret):
 * Which of two versions of one resource is to be believed: the higher
 * meta.versionId, else the later meta.lastUpdated, else ${b}, the later one
 * in the input.  NOMEM.
 */
struct sv_status map_newer(struct sv_arena *A, struct fhir_entry *a,
    struct fhir_entry *b, struct fhir_entry **ret) SV_CHECK;

#endif
