/*
 * References to what was read.  Guidance may be posted to another server than
 * the one that the data came from, where "Observation/e4" is somebody else's:
 * if the base of the source is configured, references are absolute (R4
 * references.html#2.3.0.1).
 */
#include "map_bundle.h"

#include <string.h>

#include "fhir_type.h"

void
map_put_reference(struct fhir_writer *w, const char *name,
    struct sv_str reference)
{
	fhir_open(w, name);
	fhir_put_str(w, "reference", reference);
	fhir_close(w);
}

/* ${local} on the server that it came from; as it is if that is not known, or
 * if it says so itself. */
static struct sv_str
absolute(struct map_writing *m, struct sv_str local)
{
	struct sv_str s;

	if (m->o->source_base.n == 0
	    || fhir_reference_of(local).form != FHIR_REF_RELATIVE)
		return local;
	s = sv_arena_printf(m->A, "%.*s/%.*s", SV_FMT(m->o->source_base),
	    SV_FMT(local));
	if (s.p == NULL)
		m->w->failed = true;
	return s;
}

static struct sv_str
versioned(struct map_writing *m, const struct map_source *s)
{
	struct sv_buf b;

	sv_buf_init(&b, m->A, 64 * 1024);
	sv_buf_add(&b, absolute(m, s->reference));
	if (s->version.n > 0) {
		sv_buf_add(&b, SV_LIT("/_history/"));
		sv_buf_add(&b, s->version);
	}
	return map_done(m, &b);
}

void
map_put_source(struct map_writing *m, const char *name,
    const struct map_source *s, struct sv_str display)
{
	bool named = fhir_reference_of(s->reference).form != FHIR_REF_NONE;

	fhir_open(m->w, name);
	if (named)
		fhir_put_str(m->w, "reference", versioned(m, s));
	if (display.n > 0)
		fhir_put_str(m->w, "display", display);
	else if (!named)	/* a resource without an id has no address */
		fhir_put_str(m->w, "display", s->reference);
	fhir_close(m->w);
}

struct sv_str
map_subject_reference(struct map_writing *m)
{
	const struct map_patient *p = &m->r->patient;
	struct sv_buf b;

	if (p->system.n == 0 || p->value.n == 0)
		return absolute(m, p->reference);
	sv_buf_init(&b, m->A, 64 * 1024);
	sv_buf_add(&b, SV_LIT("Patient?identifier="));
	sv_buf_add_encoded(&b, p->system, ":/");
	sv_buf_add(&b, SV_LIT("%7C"));
	sv_buf_add_encoded(&b, p->value, ":/");
	return map_done(m, &b);
}

void
map_put_conditions(struct map_writing *m, const char *name)
{
	static const enum core_fact_id presence[CORE_CANCER_MAX] = {
		CORE_HAS_PROSTATE_CANCER, CORE_LYMPHOMA,
		CORE_HAS_GERM_CELL_TUMOUR };
	const struct core_fact *f
	    = &m->r->decision.facts.fact[presence[m->g->cancer]];
	bool any = false;

	for (size_t i = 0; i < f->n_evidence; i++) {
		if (!sv_str_starts(f->evidence[i]->source,
		    SV_LIT("Condition/")))
			continue;
		if (!any)
			fhir_open_array(m->w, name);
		any = true;
		map_put_source(m, name, &(struct map_source){ .reference
		    = f->evidence[i]->source }, (struct sv_str){ NULL, 0 });
	}
	if (any)
		fhir_close_array(m->w);
}
