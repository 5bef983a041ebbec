/*
 * The AuditEvent of a run (knowledge OS-11): what was decided, when, by what,
 * about whom.  Its identity is that of the decision, so a repeated run that
 * decides the same adds nothing.
 */
#include "map_bundle.h"

#define DCM "http://dicom.nema.org/resources/ontology/DCM"
#define ROLE "http://terminology.hl7.org/CodeSystem/object-role"

static void
put_coding(struct fhir_writer *w, const char *name, const char *system,
    const char *code, const char *display)
{
	fhir_open(w, name);
	fhir_put_lit(w, "system", system);
	fhir_put_lit(w, "code", code);
	fhir_put_lit(w, "display", display);
	fhir_close(w);
}

static void
put_software(struct map_writing *m, const char *name)
{
	fhir_open(m->w, name);
	fhir_put_lit(m->w, "type", "Device");
	fhir_put_str(m->w, "display", m->o->software);
	fhir_close(m->w);
}

static void
put_entity(struct map_writing *m, struct sv_str what, const char *code,
    const char *display)
{
	fhir_open(m->w, "entity");
	map_put_reference(m->w, "what", what);
	put_coding(m->w, "role", ROLE, code, display);
	fhir_close(m->w);
}

void
map_write_audit(struct map_writing *m)
{
	struct fhir_writer *w = m->w;
	char urn[MAP_URN_TEXT];

	map_open_entry(m, "AuditEvent", "audit");
	put_coding(w, "type", DCM, "110100", "Application Activity");
	fhir_put_lit(w, "action", "E");
	fhir_put_str(w, "recorded", m->o->recorded);
	fhir_put_lit(w, "outcome", "0");
	fhir_open_array(w, "agent");
	fhir_open(w, "agent");
	put_software(m, "who");
	fhir_put_bool(w, "requestor", true);
	fhir_close(w);
	fhir_close_array(w);
	fhir_open(w, "source");
	put_software(m, "observer");
	fhir_close(w);
	map_urn(m, "guidance", urn);
	fhir_open_array(w, "entity");
	put_entity(m, m->subject, "1", "Patient");
	put_entity(m, sv_str_of(urn), "4", "Domain Resource");
	fhir_close_array(w);
	map_close_entry(m, "AuditEvent", "audit");
}
