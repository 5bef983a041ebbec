/*
 * CapabilityStatement: what this service can do, for machines.
 */
#include "ad_service.h"
#include "ad_clock.h"

/* What may be sent: every type from which facts are read. */
static const char *const taken[] = { "Patient", "Condition", "Observation",
	"DiagnosticReport", "Procedure", "MedicationAdministration",
	"MedicationStatement", "MedicationRequest", "Medication" };

static void
put_codes(struct fhir_writer *w, const char *array, const char *const *codes)
{
	fhir_open_array(w, array);
	for (; *codes != NULL; codes++) {
		fhir_open(w, array);
		fhir_put_lit(w, "code", *codes);
		fhir_close(w);
	}
	fhir_close_array(w);
}

static void
put_taken(struct fhir_writer *w, const char *type)
{
	static const char *const writes[] = { "create", "update", "delete",
		NULL };

	fhir_open(w, "resource");
	fhir_put_lit(w, "type", type);
	put_codes(w, "interaction", writes);
	fhir_put_lit(w, "versioning", "no-version");
	fhir_put_bool(w, "updateCreate", true);
	fhir_put_bool(w, "conditionalCreate", false);
	fhir_put_bool(w, "conditionalUpdate", false);
	fhir_put_lit(w, "conditionalDelete", "not-supported");
	fhir_close(w);
}

static void
put_param(struct fhir_writer *w, const char *name, const char *type,
    const char *text)
{
	fhir_open(w, "searchParam");
	fhir_put_lit(w, "name", name);
	fhir_put_lit(w, "type", type);
	fhir_put_lit(w, "documentation", text);
	fhir_close(w);
}

static void
put_guidance(struct fhir_writer *w, const char *type)
{
	static const char *const reads[] = { "read", "search-type", NULL };
	static const char subject[] = "Patient/id as the sender calls the "
	    "patient, its fullUrl, or subject:identifier=system|value.";

	fhir_open(w, "resource");
	fhir_put_lit(w, "type", type);
	fhir_put_lit(w, "documentation", "The guidance that holds now. All "
	    "matches are in one page; subject or patient is needed.");
	put_codes(w, "interaction", reads);
	fhir_put_lit(w, "versioning", "no-version");
	fhir_open_array(w, "searchParam");
	put_param(w, "subject", "reference", subject);
	put_param(w, "patient", "reference", subject);
	fhir_close_array(w);
	fhir_close(w);
}

static void
put_operation(struct fhir_writer *w, const char *name, const char *definition,
    const char *text)
{
	fhir_open_array(w, "operation");
	fhir_open(w, "operation");
	fhir_put_lit(w, "name", name);
	fhir_put_lit(w, "definition", definition);
	fhir_put_lit(w, "documentation", text);
	fhir_close(w);
	fhir_close_array(w);
}

static void
put_plans(struct fhir_writer *w)
{
	static const char *const reads[] = { "read", "search-type", NULL };

	fhir_open(w, "resource");
	fhir_put_lit(w, "type", "PlanDefinition");
	fhir_put_lit(w, "documentation", "The rules as shipped; what the site "
	    "changes of them is named in every output.");
	put_codes(w, "interaction", reads);
	fhir_open_array(w, "searchParam");
	put_param(w, "url", "uri", "The canonical URL.");
	fhir_close_array(w);
	put_operation(w, "apply",
	    "http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply",
	    "Stateless: Parameters with the part data (a Bundle, or resources, "
	    "of one patient) and optionally subject. The whole rule set is "
	    "applied, because a block of another plan must not be missed; of "
	    "one plan, the guidance for its cancer is returned: a Bundle of "
	    "type collection with GuidanceResponse, CarePlan, DetectedIssue "
	    "and Provenance.");
	fhir_close(w);
}

static void
put_security(struct fhir_writer *w)
{
	static const char *const services[] = { "Certificates", "OAuth" };

	fhir_open(w, "security");
	fhir_put_bool(w, "cors", false);
	fhir_open_array(w, "service");
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		fhir_open(w, "service");
		fhir_open_array(w, "coding");
		fhir_open(w, "coding");
		fhir_put_lit(w, "system", "http://terminology.hl7.org/"
		    "CodeSystem/restful-security-service");
		fhir_put_lit(w, "code", services[i]);
		fhir_close(w);
		fhir_close_array(w);
		fhir_close(w);
	}
	fhir_close_array(w);
	fhir_put_lit(w, "description", "TLS 1.2 or later. A client certificate "
	    "or a bearer token that is on the list of this service.");
	fhir_close(w);
}

static void
put_rest(struct fhir_writer *w)
{
	static const char *const system[] = { "transaction", "batch", NULL };

	fhir_open_array(w, "rest");
	fhir_open(w, "rest");
	fhir_put_lit(w, "mode", "server");
	fhir_put_lit(w, "documentation", "POST / takes Bundles of every type, "
	    "and single resources: what they say is remembered by patient, and "
	    "the guidance is decided again.");
	put_security(w);
	fhir_open_array(w, "resource");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		put_taken(w, taken[i]);
	put_guidance(w, "GuidanceResponse");
	put_guidance(w, "CarePlan");
	put_plans(w);
	fhir_close_array(w);
	put_codes(w, "interaction", system);
	put_operation(w, "process-message", "http://hl7.org/fhir/"
	    "OperationDefinition/MessageHeader-process-message",
	    "Synchronous only.");
	fhir_close(w);
	fhir_close_array(w);
}

static void
put_messaging(struct fhir_writer *w, struct sv_str endpoint)
{
	fhir_open_array(w, "messaging");
	fhir_open(w, "messaging");
	fhir_open_array(w, "endpoint");
	fhir_open(w, "endpoint");
	fhir_open(w, "protocol");
	fhir_put_lit(w, "system",
	    "http://terminology.hl7.org/CodeSystem/message-transport");
	fhir_put_lit(w, "code", "http");
	fhir_close(w);
	fhir_put_str(w, "address", endpoint);
	fhir_close(w);
	fhir_close_array(w);
	fhir_put_lit(w, "documentation", "Any event is taken; what the "
	    "resources say counts. A message whose MessageHeader.id came before "
	    "is answered as the first time, and changes nothing.");
	fhir_close(w);
	fhir_close_array(w);
}

static void
put_formats(struct fhir_writer *w)
{
	static const char *const formats[] = { "application/fhir+json",
		"application/fhir+xml", "json", "xml" };

	fhir_open_array(w, "format");
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		fhir_put_lit(w, "format", formats[i]);
	fhir_close_array(w);
}

struct sv_status
ad_page_metadata(struct ad_page *p)
{
	const struct core_rulebook *book = &p->u->engine.book;
	struct fhir_writer w;

	fhir_writer_init(&w, &p->out, FHIR_WRITE_JSON);
	fhir_open_resource(&w, NULL, "CapabilityStatement");
	fhir_put_lit(&w, "status", "active");
	fhir_put_str(&w, "date", ad_instant(p->A, p->V->started_ms));
	fhir_put_lit(&w, "kind", "instance");
	fhir_open(&w, "software");
	fhir_put_lit(&w, "name", "Salvor");
	fhir_put_lit(&w, "version", SALVOR_VERSION);
	fhir_close(&w);
	fhir_open(&w, "implementation");
	fhir_put_str(&w, "description", sv_arena_printf(p->A, "Guidance for "
	    "salvage therapy from oncology data; rule set %.*s, sha256 %.*s",
	    SV_FMT(book->version), SV_FMT(book->sha256)));
	fhir_put_str(&w, "url", p->u->intake.endpoint);
	fhir_close(&w);
	fhir_put_lit(&w, "fhirVersion", "4.0.1");
	put_formats(&w);
	put_rest(&w);
	put_messaging(&w, p->u->intake.endpoint);
	fhir_close(&w);
	return fhir_write_status(&w);
}
