#include "fhir_outcome.h"

static void
write_issue(struct fhir_writer *w, enum fhir_severity s,
    enum fhir_issue_code c, const struct fhir_issue *i, struct sv_str text)
{
	fhir_open(w, "issue");
	fhir_put_str(w, "severity", fhir_severity_name(s));
	fhir_put_str(w, "code", fhir_issue_code_name(c));
	if (i != NULL && i->detail.n > 0) {
		fhir_open(w, "details");
		fhir_put_str(w, "text", i->detail);
		fhir_close(w);
	}
	fhir_put_str(w, "diagnostics", text);
	if (i != NULL && i->expression.n > 0) {
		fhir_open_array(w, "expression");
		fhir_put_str(w, "expression", i->expression);
		fhir_close_array(w);
	}
	fhir_close(w);
}

void
fhir_outcome_write(struct fhir_writer *w, const char *name,
    const struct fhir_issues *is)
{
	fhir_open_resource(w, name, "OperationOutcome");
	fhir_open_array(w, "issue");
	for (size_t i = 0; i < is->n; i++)
		write_issue(w, is->at[i].severity, is->at[i].code, &is->at[i],
		    is->at[i].text);
	if (is->dropped > 0)
		write_issue(w, is->worst, FHIR_CODE_TOO_COSTLY, NULL,
		    SV_LIT("There are further issues; the first ones are "
		    "listed."));
	if (is->n + is->dropped == 0)
		write_issue(w, FHIR_INFORMATION, FHIR_CODE_INFORMATIONAL, NULL,
		    SV_LIT("All OK."));
	fhir_close_array(w);
	fhir_close(w);
}
