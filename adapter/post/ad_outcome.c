#include "ad_outcome.h"

#include <curl/curl.h>
#include <stdio.h>

#include "fhir_json.h"
#include "fhir_node.h"

struct sv_str
ad_outcome_name(enum ad_outcome o)
{
	static const struct sv_str name[AD_OUTCOME_MAX] = { SV_STATIC("done"),
		SV_STATIC("retry"), SV_STATIC("maybe"), SV_STATIC("blocked"),
		SV_STATIC("refused") };

	return name[o];
}

static bool
is_one_of(long status, const short *list)
{
	for (; *list != 0; list++) {
		if (status == *list)
			return true;
	}
	return false;
}

static enum ad_outcome
of_status(long status)
{
	static const short retry[] = { 408, 409, 425, 429, 0 };
	static const short blocked[] = { 401, 403, 404, 405, 407, 0 };

	if (status >= 200 && status < 300)
		return AD_OUTCOME_DONE;
	if (status >= 500 || is_one_of(status, retry))
		return AD_OUTCOME_RETRY;
	return status < 400 || is_one_of(status, blocked)
	    ? AD_OUTCOME_BLOCKED : AD_OUTCOME_REFUSED;
}

static enum ad_outcome
of_transport(int code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return AD_OUTCOME_BLOCKED;
	default:
		return AD_OUTCOME_MAYBE;
	}
}

/* "412 Precondition Failed" to 412; 0 if it is no status. */
static long
entry_status(struct sv_str s)
{
	long n = 0;

	if (s.n < 3)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = n * 10 + (s.p[i] - '0');
	}
	return n;
}

/* The worst entry of the answer; the Bundle's own status says too little. */
static enum ad_outcome
of_entries(const struct fhir_at *root, char reason[200])
{
	enum ad_outcome worst = AD_OUTCOME_DONE, o;
	struct fhir_at x;
	int i = 0;

	for (x = fhir_first(root, "entry"); fhir_is(&x);
	    x = fhir_next(&x), i++) {
		struct fhir_at response = fhir_get(&x, "response");
		long status = entry_status(fhir_text(&response, "status"));

		if (status == 0 || status == 304)
			continue;
		o = of_status(status);
		if (o == AD_OUTCOME_BLOCKED)
			o = AD_OUTCOME_REFUSED;
		if (o <= worst)
			continue;
		worst = o;
		(void)snprintf(reason, 200, "entry %d was answered %ld", i,
		    status);
	}
	return worst;
}

enum ad_outcome
ad_outcome_of(struct sv_arena *A, const struct ad_attempt *a, char reason[200])
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_issues is;
	const struct cJSON *tree;
	struct fhir_at root;
	enum ad_outcome o;

	reason[0] = '\0';
	if (a->curl != CURLE_OK) {
		(void)snprintf(reason, 200, "%s",
		    curl_easy_strerror((CURLcode)a->curl));
		return of_transport(a->curl);
	}
	o = of_status(a->status);
	if (o != AD_OUTCOME_DONE) {
		(void)snprintf(reason, 200, "answered %ld", a->status);
		return o;
	}
	fhir_issues_init(&is, A);
	if (a->answer.n == 0
	    || !sv_is_ok(fhir_json_check(a->answer, &limits, &is))
	    || !sv_is_ok(fhir_json_tree(A, a->answer, &tree)))
		return o;
	root = fhir_root(tree, "answer");
	return of_entries(&root, reason);
}

int64_t
ad_outcome_delay_ms(int attempts, int64_t retry_after_s, uint32_t random)
{
	int64_t ceiling = 2000, longest = (int64_t)15 * 60 * 1000;

	if (retry_after_s > 0)
		return (retry_after_s > 3600 ? 3600 : retry_after_s) * 1000;
	for (int i = 1; i < attempts && ceiling < longest; i++)
		ceiling *= 2;
	ceiling = ceiling > longest ? longest : ceiling;
	return ceiling / 2 + (int64_t)(random % (uint32_t)(ceiling / 2 + 1));
}
