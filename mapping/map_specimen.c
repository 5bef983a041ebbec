#include "map_specimen.h"

#define MAX_PARENTS 8	/* case, part, block, slide; a ring ends here too */

struct looking {
	struct map_reader *R;
	enum core_specimen found;
	bool conflict, elsewhere;
};

static void
take(struct looking *L, enum core_specimen s)
{
	if (s == CORE_SPECIMEN_NONE)
		return;
	L->conflict = L->conflict || (L->found != CORE_SPECIMEN_NONE
	    && L->found != s);
	L->found = s;
}

/* What a procedure leaves behind: an organ, or cores of it. */
static void
take_procedure(struct looking *L, const struct fhir_at *code)
{
	bool conflict;
	struct map_meaning m = map_concept_meaning(L->R->terms,
	    MAP_ROLE_PROCEDURE, code, &conflict);

	if (m.verdict != MAP_ACCEPT || conflict)
		return;
	if (m.concept == CORE_RADICAL_PROSTATECTOMY)
		take(L, CORE_SPECIMEN_PROSTATECTOMY);
	else if (m.concept == CORE_BIOPSY_PROCEDURE)
		take(L, CORE_SPECIMEN_BIOPSY);
}

/* The Procedures that the references ${name} of ${at} mean, in ${root}. */
static void
take_procedures(struct looking *L, const struct fhir_at *root,
    const struct fhir_at *at, const char *name)
{
	struct fhir_at x, p, code;

	for (x = fhir_first(at, name); fhir_is(&x); x = fhir_next(&x)) {
		p = map_referred(L->R, root, &x, "Procedure");
		code = fhir_get(&p, "code");
		if (fhir_is(&code))
			take_procedure(L, &code);
	}
}

static void
take_site(struct looking *L, const struct fhir_at *collection)
{
	bool conflict;
	struct fhir_at at = map_concept_of(collection, "bodySite");
	struct map_meaning m = map_concept_meaning(L->R->terms, MAP_ROLE_SITE,
	    &at, &conflict);

	if (m.verdict == MAP_ACCEPT && !conflict
	    && m.site != CORE_SITE_PROSTATE
	    && m.site != CORE_SITE_PROSTATE_BED)
		L->elsewhere = true;
}

static void
take_type(struct looking *L, const struct fhir_at *specimen)
{
	bool conflict;
	struct fhir_at at = fhir_get(specimen, "type");
	struct map_meaning m = map_concept_meaning(L->R->terms,
	    MAP_ROLE_SPECIMEN, &at, &conflict);

	if (m.verdict == MAP_ACCEPT && !conflict)
		take(L, m.specimen);
}

/* One specimen, and what it was cut from. */
static void
take_specimen(struct looking *L, const struct fhir_at *root,
    const struct fhir_at *ref, int depth)
{
	struct fhir_at s = map_referred(L->R, root, ref, "Specimen");
	struct fhir_at collection = fhir_get(&s, "collection");
	struct fhir_at method = fhir_get(&collection, "method"), x;

	if (!fhir_is(&s) || depth == MAX_PARENTS)
		return;
	take_type(L, &s);
	if (fhir_is(&method))
		take_procedure(L, &method);
	take_procedures(L, &s, &collection, "procedure");
	take_site(L, &collection);
	for (x = fhir_first(&s, "parent"); fhir_is(&x); x = fhir_next(&x))
		take_specimen(L, &s, &x, depth + 1);
}

struct map_tissue
map_tissue_of(struct map_reader *R, const struct fhir_at *root)
{
	struct looking L = { .R = R };
	struct fhir_at x;

	take_procedures(&L, root, root, "partOf");
	for (x = fhir_first(root, "specimen"); fhir_is(&x);
	    x = fhir_next(&x))
		take_specimen(&L, root, &x, 0);
	if (L.conflict) {
		map_note(R, FHIR_ERROR, "specimen-conflict", root,
		    "It is not clear which tissue was graded: a prostatectomy "
		    "specimen by one reference, a biopsy by another. Correct "
		    "partOf or specimen.");
		L.found = CORE_SPECIMEN_NONE;
	}
	return (struct map_tissue){ L.found, L.elsewhere };
}
