#include "map_template.h"

#include <string.h>

#define TOKEN "{{context.patientId}}"
#define OWN "https://salvor.example/CodeSystem/concept"
#define MAX_CODES 1024

static const struct map_template templates[MAP_KEY_MAX] = {
	[MAP_KEY_PATIENT] = { "patient", "Patient/" TOKEN,
	    "the patient", MAP_NEED_REQUIRED },
	[MAP_KEY_CONDITIONS] = { "conditions", "Condition?patient=" TOKEN,
	    "diagnoses", MAP_NEED_REQUIRED },
	[MAP_KEY_OBSERVATIONS] = { "observations", "Observation?patient="
	    TOKEN, "results (PSA, pathology, staging)", MAP_NEED_TO_DECIDE },
	[MAP_KEY_REPORTS] = { "reports", "DiagnosticReport?patient=" TOKEN,
	    "coded conclusions of reports", MAP_NEED_HELPFUL },
	[MAP_KEY_PROCEDURES] = { "procedures", "Procedure?patient=" TOKEN,
	    "surgery, radiation and biopsies", MAP_NEED_TO_DECIDE },
	[MAP_KEY_MEDICATIONS] = { "medications", "MedicationRequest?patient="
	    TOKEN, "hormone therapy and chemotherapy", MAP_NEED_TO_DECIDE },
};

const struct map_template *
map_template(enum map_key k)
{
	return &templates[k];
}

enum map_key
map_key_of(struct sv_str name)
{
	int k = 0;

	while (k < MAP_KEY_MAX && !sv_str_is(name, templates[k].key))
		k++;
	return (enum map_key)k;
}

struct codes {
	struct fhir_coding *at;
	size_t n;
};

static void
add_code(struct codes *codes, struct fhir_coding c)
{
	size_t i = codes->n;

	if (codes->n == MAX_CODES)
		return;
	/* Sorted by insertion: once, at the start. */
	for (; i > 0; i--) {
		int d = sv_str_cmp(codes->at[i - 1].system, c.system);

		if (d == 0)
			d = sv_str_cmp(codes->at[i - 1].code, c.code);
		if (d <= 0)
			break;
		codes->at[i] = codes->at[i - 1];
	}
	codes->at[i] = c;
	codes->n++;
}

static void
note_code(void *ctx, const struct map_known_code *c)
{
	if (c->role == MAP_ROLE_OBSERVATION && c->accepted && !c->prefix)
		add_code(ctx, (struct fhir_coding){ .system = c->system,
		    .code = c->code });
}

/* Salvor's own codes of what is observed: "psma-pet". */
static bool
note_own(struct sv_arena *A, struct codes *codes)
{
	for (int i = CORE_CONCEPT_NONE + 1; i < CORE_CONCEPT_MAX; i++) {
		struct sv_str name = core_concept_name((enum core_concept)i);
		char *p = sv_arena_alloc(A, name.n + 1);

		if (p == NULL)
			return false;
		if (core_concept_kind((enum core_concept)i)
		    != CORE_OBSERVATION)
			continue;
		for (size_t k = 0; k < name.n; k++)
			p[k] = name.p[k] == '_' ? '-' : name.p[k];
		add_code(codes, (struct fhir_coding){ .system = SV_LIT(OWN),
			.code = { p, name.n } });
	}
	return true;
}

struct sv_status
map_templates_make(struct sv_arena *A, const struct map_terminology *t,
    struct map_templates *ret)
{
	struct codes codes = { sv_arena_alloc(A, MAX_CODES
	    * sizeof(*codes.at)), 0 };
	struct sv_buf b;

	SV_ENSURE(codes.at != NULL && note_own(A, &codes), SV_NOMEM);
	map_terminology_each(t, &(struct map_code_visitor){ note_code,
	    &codes });
	for (int k = 0; k < MAP_KEY_MAX; k++)
		ret->query[k] = sv_str_of(templates[k].query);
	sv_buf_init(&b, A, (size_t)1 << 20);
	sv_buf_add(&b, ret->query[MAP_KEY_OBSERVATIONS]);
	for (size_t i = 0; i < codes.n; i++) {
		sv_buf_add(&b, i == 0 ? SV_LIT("&code=") : SV_LIT(","));
		sv_buf_add(&b, codes.at[i].system);
		sv_buf_addc(&b, '|');
		sv_buf_add(&b, codes.at[i].code);
	}
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	ret->query[MAP_KEY_OBSERVATIONS] = sv_buf_str(&b);
	return SV_OK;
}

struct sv_str
map_template_fill(struct sv_arena *A, struct sv_str query,
    struct sv_str patient)
{
	const struct sv_str token = SV_LIT(TOKEN);
	struct sv_buf b;

	sv_buf_init(&b, A, (size_t)1 << 20);
	for (size_t i = 0; i < query.n; i++) {
		if (sv_str_starts(sv_str_from(query, i), token)) {
			sv_buf_add_encoded(&b, patient, "");
			i += token.n - 1;
		} else if (query.p[i] == '|') {
			sv_buf_add(&b, SV_LIT("%7C"));
		} else {
			sv_buf_addc(&b, query.p[i]);
		}
	}
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}
