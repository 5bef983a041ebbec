#include "map_reader.h"
#include "map_subject.h"

/* Whose resources are read, and how. */
struct reading {
	const struct map_input_options *options;
	const struct fhir_entry *patient;	/* NULL: no Patient resource */
	struct map_patient *ret;
};

static bool
is_deleted(const struct fhir_entry *e)
{
	return sv_str_is(e->method, "DELETE");
}

static struct sv_status
build_trees(struct map_reader *R)
{
	for (size_t i = 0; i < R->n_entries; i++) {
		struct fhir_entry *e = &R->entries[i];

		if (is_deleted(e) || (!map_is_clinical(e->resource_type)
		    && !map_is_supporting(e->resource_type)
		    && !sv_str_is(e->resource_type, "Patient")))
			continue;
		SV_TRY(fhir_entry_tree(R->A, e));
	}
	return SV_OK;
}

/* Is the Patient at ${p} only an old name of another one? */
static bool
is_replaced(const struct fhir_at *p)
{
	struct fhir_at x;

	for (x = fhir_first(p, "link"); fhir_is(&x); x = fhir_next(&x)) {
		if (sv_str_is(fhir_text(&x, "type"), "replaced-by"))
			return true;
	}
	return false;
}

static struct sv_status
two_patients(struct map_reader *R, const struct fhir_at *at)
{
	R->source = (struct sv_str){ NULL, 0 };
	map_note(R, FHIR_FATAL, "two-patients", at,
	    "The document speaks of two patients; nothing was decided. Send "
	    "one Bundle per patient.");
	return SV_BAD;
}

/* The identifier that names the patient: a configured system, else the first. */
static void
read_identifier(const struct map_input_options *o, const struct fhir_at *p,
    struct map_patient *ret)
{
	struct fhir_at x;

	for (size_t i = 0; i <= o->n_identifier_systems; i++) {
		for (x = fhir_first(p, "identifier"); fhir_is(&x);
		    x = fhir_next(&x)) {
			struct sv_str system = fhir_text(&x, "system");
			struct sv_str value = fhir_text(&x, "value");

			if (value.n == 0 || (i < o->n_identifier_systems
			    && !sv_str_eq(system, o->identifier_systems[i])))
				continue;
			ret->system = system;
			ret->value = ret->name = value;
			return;
		}
	}
}

static void
read_death(struct map_reader *R, const struct fhir_at *p, struct sv_str source)
{
	struct core_event e = { .kind = CORE_CONDITION,
		.concept = CORE_DECEASED, .source = source };
	struct sv_str type = { NULL, 0 };
	struct fhir_at at = fhir_choice(p, "deceased", &type);

	if (sv_str_is(type, "Boolean") && !sv_str_is(fhir_value(&at), "true"))
		return;
	if (type.n == 0)
		return;
	map_read_when(R, p, "deceased", &e);
	map_emit(R, &e);
}

/* Read the one Patient of the document, if there is one. */
static struct sv_status
read_patient(struct map_reader *R, struct reading *P)
{
	for (size_t i = 0; i < R->n_entries; i++) {
		struct fhir_entry *e = &R->entries[i];
		struct fhir_at p = fhir_entry_root(e);

		if (!sv_str_is(e->resource_type, "Patient")
		    || e->tree == NULL || is_replaced(&p))
			continue;
		if (P->patient != NULL && P->options->vouched)
			continue;
		if (P->patient != NULL)
			return two_patients(R, &p);
		P->patient = e;
		P->ret->reference = map_source_of(R, &p, SV_LIT("Patient"));
		P->ret->name = fhir_text(&p, "id");
		P->ret->birth_date = fhir_text(&p, "birthDate");
		read_identifier(P->options, &p, P->ret);
		read_death(R, &p, P->ret->reference);
	}
	return SV_OK;
}

/* Does ${ref} name the Patient resource of the document, or one that it has
 * replaced? */
static bool
is_patient(struct map_reader *R, const struct fhir_reference *ref,
    const struct reading *P)
{
	const struct fhir_entry *e = map_resolve(R, ref);
	struct fhir_at root;

	if (e == P->patient)
		return true;
	if (e != NULL && e->tree != NULL
	    && sv_str_is(e->resource_type, "Patient")) {
		root = fhir_entry_root(e);
		return is_replaced(&root);
	}
	return ref->form == FHIR_REF_LOGICAL && P->ret->value.n > 0
	    && sv_str_eq(ref->value, P->ret->value)
	    && sv_str_eq(ref->system, P->ret->system);
}

/* Does ${ref} name the patient?  Sets the patient from the first reference if
 * the document holds no Patient resource. */
static bool
is_subject(struct map_reader *R, const struct fhir_reference *ref,
    struct reading *P)
{
	if (P->patient != NULL)
		return is_patient(R, ref, P);
	if (P->ret->reference.n == 0) {
		P->ret->reference = ref->text;
		P->ret->name = ref->id.n > 0 ? ref->id : ref->text;
	}
	return sv_str_eq(P->ret->reference, ref->text);
}

static struct sv_status
dispatch(struct map_reader *R, const struct fhir_at *root, struct sv_str type)
{
	if (sv_str_is(type, "Condition"))
		return map_read_condition(R, root);
	if (sv_str_is(type, "Observation"))
		return map_read_observation(R, root);
	if (sv_str_is(type, "DiagnosticReport"))
		return map_read_report(R, root);
	if (sv_str_is(type, "Procedure"))
		return map_read_procedure(R, root);
	return map_read_medication(R, root, type);
}

/* One clinical resource: whose is it, and what does it say? */
static struct sv_status
read_clinical(struct map_reader *R, const struct fhir_entry *e,
    struct reading *P)
{
	struct fhir_at root = fhir_entry_root(e);
	struct fhir_at subject = fhir_get(&root, "subject");
	struct fhir_reference ref = fhir_reference_at(&subject);

	R->source = map_source_of(R, &root, e->resource_type);
	if (!P->options->vouched && (ref.form == FHIR_REF_NONE
	    || ref.form == FHIR_REF_CONTAINED
	    || (ref.form == FHIR_REF_LOGICAL && P->patient == NULL))) {
		map_note(R, FHIR_ERROR, "subject-missing", &root,
		    "The resource does not say which patient it is about; it "
		    "was not used. Send subject.reference.");
		return SV_OK;
	}
	if (!is_subject(R, &ref, P) && !P->options->vouched)
		return two_patients(R, &subject);
	if (fhir_has_modifier_extension(&root)) {
		map_note(R, FHIR_ERROR, "modifier-extension", &root,
		    "The resource has a modifierExtension that Salvor does "
		    "not know; it was not used.");
		return SV_OK;
	}
	return dispatch(R, &root, e->resource_type);
}

/* A resource that says nothing by itself is of the same patient all the same,
 * if it says of whom it is. */
static struct sv_status
read_supporting(struct map_reader *R, const struct fhir_entry *e,
    struct reading *P)
{
	struct fhir_at root = fhir_entry_root(e);
	struct fhir_at subject = fhir_get(&root, "subject");
	struct fhir_reference ref = fhir_reference_at(&subject);

	if (P->options->vouched || (ref.form != FHIR_REF_RELATIVE
	    && ref.form != FHIR_REF_ABSOLUTE && ref.form != FHIR_REF_URN))
		return SV_OK;
	return is_subject(R, &ref, P) ? SV_OK : two_patients(R, &subject);
}

static struct sv_status
read_entry(struct map_reader *R, const struct fhir_entry *e,
    struct reading *P)
{
	if (e->tree == NULL)
		return SV_OK;
	if (map_is_clinical(e->resource_type))
		return read_clinical(R, e, P);
	return map_is_supporting(e->resource_type) ? read_supporting(R, e, P)
	    : SV_OK;
}

/* The sources of the events, each version once, in order of appearance: a
 * corrected result and the one it replaces were both read. */
static struct sv_status
list_sources(struct map_reader *R, struct map_patient *ret)
{
	struct map_source *s = sv_arena_alloc(R->A, (R->n_events + 1)
	    * sizeof(*s));

	SV_ENSURE(s != NULL, SV_NOMEM);
	for (size_t i = 0; i < R->n_events; i++) {
		const struct core_event *e = &R->events[i];

		if (ret->n_sources > 0 && sv_str_eq(
		    s[ret->n_sources - 1].reference, e->source)
		    && sv_str_eq(s[ret->n_sources - 1].version,
		    e->source_version))
			continue;
		s[ret->n_sources++] = (struct map_source){
			.reference = e->source, .version = e->source_version };
	}
	ret->sources = s;
	return SV_OK;
}

struct sv_status
map_input(struct sv_arena *A, const struct fhir_doc *doc,
    const struct map_input_options *options, struct map_patient *ret,
    struct fhir_issues *is)
{
	struct map_reader R = { .A = A, .terms = options->terminology,
		.is = is, .entries = doc->entries,
		.n_entries = doc->n_entries };
	struct reading P = { .options = options, .ret = ret };

	*ret = (struct map_patient){ .n_events = 0 };
	SV_TRY(build_trees(&R));
	SV_TRY(map_index_build(A, R.entries, R.n_entries, &R.index));
	SV_TRY(read_patient(&R, &P));
	for (size_t i = 0; i < R.n_entries; i++)
		SV_TRY(read_entry(&R, &R.entries[i], &P));
	SV_ENSURE(sv_arena_ok(A), SV_NOMEM);
	SV_ENSURE(!R.full, SV_LIMIT);
	if (ret->reference.n == 0) {
		fhir_issue_addf(is, FHIR_FATAL, FHIR_CODE_NOT_FOUND,
		    (struct sv_str){ NULL, 0 }, "The document holds no "
		    "patient that anything could be decided about.");
		return SV_BAD;
	}
	ret->events = R.events;
	ret->n_events = R.n_events;
	return list_sources(&R, ret);
}
