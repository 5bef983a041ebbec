#include "ad_bulk_status.h"

#include <stdio.h>
#include <stdlib.h>

#include "fhir_json.h"
#include "fhir_node.h"

#define NO_WAIT_S (30 * 86400)	/* more than that is no time to wait */

/* The OperationOutcome in ${body}; false if it is none. */
static bool
read_outcome(struct sv_arena *A, struct sv_str body, struct fhir_at *ret)
{
	const struct cJSON *tree;

	if (!sv_is_ok(fhir_json_read(A, body, &tree)))
		return false;
	*ret = fhir_root(tree, "OperationOutcome");
	return sv_str_is(fhir_text(ret, "resourceType"), "OperationOutcome");
}

/* Does the outcome say that it will pass (http://hl7.org/fhir/issue-type)? */
static bool
is_temporary(const struct fhir_at *outcome)
{
	static const char *const codes[] = { "transient", "lock-error",
		"no-store", "exception", "timeout", "incomplete", "throttled" };
	struct fhir_at x;

	for (x = fhir_first(outcome, "issue"); fhir_is(&x);
	    x = fhir_next(&x)) {
		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
			if (sv_str_is(fhir_text(&x, "code"), codes[i]))
				return true;
		}
	}
	return false;
}

/* What the server says, in its own words if it has any. */
static void
quote(const struct fhir_at *outcome, long status, char reason[300])
{
	struct fhir_at issue = fhir_get(outcome, "issue");
	struct fhir_at details = fhir_get(&issue, "details");
	struct sv_str text = fhir_text(&issue, "diagnostics");

	if (text.n == 0)
		text = fhir_text(&details, "text");
	if (text.n > 200)
		text.n = 200;
	(void)snprintf(reason, 300, "answered %ld%s%.*s", status,
	    text.n > 0 ? ": " : "", SV_FMT(text));
	for (char *p = reason; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	}
}

static enum ad_bulk_says
of_failure(struct sv_arena *A, long status, struct sv_str body,
    char reason[300])
{
	struct fhir_at outcome = fhir_root(NULL, "");
	bool fhir = read_outcome(A, body, &outcome);

	quote(&outcome, status, reason);
	if (fhir)
		return is_temporary(&outcome) ? AD_BULK_AGAIN : AD_BULK_FAILED;
	return status >= 500 || status == 408 || status == 425
	    ? AD_BULK_AGAIN : AD_BULK_FAILED;
}

/* "202 Accepted" to 202; 0 if there is no such header. */
static long
leading_status(struct sv_str s)
{
	char digits[4] = "";

	if (s.n < 3)
		return 0;
	(void)snprintf(digits, sizeof(digits), "%.3s", s.p);
	return strtol(digits, NULL, 10);
}

enum ad_bulk_says
ad_bulk_status_of(struct sv_arena *A, const struct ad_bulk_answer *a,
    char reason[300])
{
	long status = a->status, separate = leading_status(a->export_status);

	reason[0] = '\0';
	if (!a->arrived) {
		(void)snprintf(reason, 300, "no answer");
		return AD_BULK_AGAIN;
	}
	if (status == 200 && separate > 0)
		status = separate;
	switch (status) {
	case 200:
		return AD_BULK_READY;
	case 202:
	case 429:
		return AD_BULK_WAIT;
	case 401:
		return AD_BULK_TOKEN;
	case 404:
	case 410:
		(void)snprintf(reason, 300, "the server has forgotten the "
		    "export (answered %ld)", status);
		return AD_BULK_LOST;
	default:
		return of_failure(A, status, a->body, reason);
	}
}

int64_t
ad_bulk_delay_ms(const struct ad_bulk_pace *p, uint32_t random)
{
	int64_t ms = p->first_ms, max = AD_BULK_MAX_WAIT_S * 1000;
	int64_t asked = p->retry_after_s;

	if (asked > 0 && asked < NO_WAIT_S)
		return asked * 1000 > max ? max : asked * 1000;
	for (int i = 1; i < p->tries && ms < max; i++)
		ms *= 2;
	if (ms > max)
		ms = max;
	return ms - (int64_t)(random % (uint32_t)(ms / 10 + 1));
}
