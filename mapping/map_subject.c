#include "map_subject.h"

#include "fhir_type.h"

bool
map_is_clinical(struct sv_str type)
{
	static const char *const types[] = { "Condition", "Observation",
		"DiagnosticReport", "Procedure", "MedicationAdministration",
		"MedicationDispense", "MedicationStatement",
		"MedicationRequest" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (sv_str_is(type, types[i]))
			return true;
	}
	return false;
}

bool
map_is_supporting(struct sv_str type)
{
	return sv_str_is(type, "Medication") || sv_str_is(type, "Specimen");
}

/* The logical id of the Patient that replaced the one at ${root}. */
static struct sv_str
successor_of(const struct fhir_at *root)
{
	struct fhir_at x;

	for (x = fhir_first(root, "link"); fhir_is(&x); x = fhir_next(&x)) {
		struct fhir_at other = fhir_get(&x, "other");
		struct fhir_reference ref = fhir_reference_at(&other);

		if (sv_str_is(fhir_text(&x, "type"), "replaced-by")
		    && sv_str_is(ref.type, "Patient"))
			return ref.id;
	}
	return (struct sv_str){ NULL, 0 };
}

/* A resource about a patient: its subject decides. */
static void
read_subject(const struct fhir_at *root, struct map_subject *ret)
{
	struct fhir_at subject = fhir_get(root, "subject");
	struct fhir_reference ref = fhir_reference_at(&subject);

	ret->belongs = MAP_BELONGS_UNKNOWN;
	if (ref.form != FHIR_REF_RELATIVE && ref.form != FHIR_REF_ABSOLUTE)
		return;
	/* A Group, Device or Location is nobody that could be treated. */
	ret->belongs = sv_str_is(ref.type, "Patient") ? MAP_BELONGS_PATIENT
	    : MAP_BELONGS_NOWHERE;
	ret->key = ref.id;
	ret->base = ref.base;
}

struct sv_status
map_subject(struct sv_arena *A, struct fhir_entry *e, struct map_subject *ret)
{
	bool patient = sv_str_is(e->resource_type, "Patient");
	bool shared = sv_str_is(e->resource_type, "Medication");
	struct fhir_at root;
	struct sv_str id;

	*ret = (struct map_subject){ .belongs = MAP_BELONGS_NOWHERE };
	if (!patient && !map_is_supporting(e->resource_type)
	    && !map_is_clinical(e->resource_type))
		return SV_OK;
	SV_TRY(fhir_entry_tree(A, e));
	root = fhir_entry_root(e);
	id = fhir_text(&root, "id");
	ret->name = sv_arena_join(A, e->resource_type, SV_LIT("/"), id);
	SV_ENSURE(ret->name.p != NULL, SV_NOMEM);
	if (!patient && !shared) {
		read_subject(&root, ret);
		return SV_OK;
	}
	ret->belongs = id.n == 0 ? MAP_BELONGS_UNKNOWN
	    : shared ? MAP_BELONGS_SHARED : MAP_BELONGS_PATIENT;
	if (patient) {
		ret->key = id;
		ret->successor = successor_of(&root);
	}
	return SV_OK;
}

struct sv_status
map_shared_reference(struct sv_arena *A, struct fhir_entry *e,
    struct sv_str *ret)
{
	struct fhir_at root, at;
	struct fhir_reference ref;

	*ret = (struct sv_str){ NULL, 0 };
	if (!map_is_clinical(e->resource_type))
		return SV_OK;
	SV_TRY(fhir_entry_tree(A, e));
	root = fhir_entry_root(e);
	at = fhir_get(&root, "medicationReference");
	ref = fhir_reference_at(&at);
	if (ref.id.n == 0 || !sv_str_is(ref.type, "Medication"))
		return SV_OK;
	*ret = sv_arena_printf(A, "Medication/%.*s", SV_FMT(ref.id));
	return ret->p == NULL ? SV_NOMEM : SV_OK;
}

struct map_version
map_version_of(const struct fhir_at *root)
{
	struct fhir_at meta = fhir_get(root, "meta");

	return (struct map_version){ .id = fhir_text(&meta, "versionId"),
		.updated = fhir_text(&meta, "lastUpdated") };
}

int
map_version_cmp(const struct map_version *a, const struct map_version *b)
{
	struct sv_dec m, n;

	if (sv_is_ok(sv_dec_parse(a->id, &m))
	    && sv_is_ok(sv_dec_parse(b->id, &n)) && sv_dec_cmp(m, n) != 0)
		return sv_dec_cmp(m, n);
	return sv_str_cmp(a->updated, b->updated);
}

struct sv_status
map_newer(struct sv_arena *A, struct fhir_entry *a, struct fhir_entry *b,
    struct fhir_entry **ret)
{
	struct fhir_at ra, rb;
	struct map_version va, vb;

	SV_TRY(fhir_entry_tree(A, a));
	SV_TRY(fhir_entry_tree(A, b));
	ra = fhir_entry_root(a);
	rb = fhir_entry_root(b);
	va = map_version_of(&ra);
	vb = map_version_of(&rb);
	*ret = map_version_cmp(&va, &vb) > 0 ? a : b;
	return SV_OK;
}
