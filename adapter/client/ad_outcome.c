#include "ad_outcome.h"

#include <stdio.h>

#include "fhir_json.h"
#include "fhir_node.h"
#include "fhir_xml.h"

#define MAX_SAID ((size_t)4096)
#define AGAIN "It may have been stored; it is safe to post it again."

struct sv_str
ad_outcome_name(enum ad_outcome o)
{
	static const struct sv_str name[AD_OUTCOME_MAX] = { SV_STATIC("done"),
		SV_STATIC("conflict"), SV_STATIC("retry"), SV_STATIC("maybe"),
		SV_STATIC("blocked"), SV_STATIC("refused") };

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
	static const short conflict[] = { 409, 412, 0 };
	static const short retry[] = { 408, 425, 429, 0 };
	static const short blocked[] = { 401, 403, 404, 405, 407, 0 };

	if (status >= 200 && status < 300)
		return AD_OUTCOME_DONE;
	if (is_one_of(status, conflict))
		return AD_OUTCOME_CONFLICT;
	if (status >= 500 || is_one_of(status, retry))
		return AD_OUTCOME_RETRY;
	return status < 400 || is_one_of(status, blocked)
	    ? AD_OUTCOME_BLOCKED : AD_OUTCOME_REFUSED;
}

/* An entry speaks of itself: what is not there, or not allowed, is so for this
 * resource alone. */
static enum ad_outcome
of_entry_status(long status)
{
	if (status == 304)
		return AD_OUTCOME_DONE;
	if (status == 404)
		return AD_OUTCOME_CONFLICT;
	return of_status(status) == AD_OUTCOME_BLOCKED ? AD_OUTCOME_REFUSED
	    : of_status(status);
}

static void
say(struct ad_verdict *v, enum ad_outcome o, const char *text, const char *why)
{
	v->outcome = o;
	(void)snprintf(v->reason, sizeof(v->reason), text, why);
}

/* No answer, or not all of it. */
static void
of_transport(const struct ad_client_answer *a, struct ad_verdict *v)
{
	switch (a->code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		v->ours = true;
		say(v, AD_OUTCOME_BLOCKED, "the server's certificate was not "
		    "accepted: %s. Name the CA that signed it, and the host "
		    "name that it is for.", a->why);
		return;
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		v->ours = true;
		say(v, AD_OUTCOME_BLOCKED, "%s. Check the URL, the certificate "
		    "and its key.", a->why);
		return;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		say(v, AD_OUTCOME_BLOCKED, "no connection: %s. Nothing was "
		    "sent; try again.", a->why);
		return;
	default:
		if (!a->sent)
			say(v, AD_OUTCOME_BLOCKED, "no connection: %s. Nothing "
			    "was sent; try again.", a->why);
		else
			say(v, AD_OUTCOME_MAYBE, a->too_large ? "%s. " AGAIN
			    : "the connection failed: %s. " AGAIN, a->why);
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

/* ${s} without control characters: it is a stranger's text. */
static void
add_safe(struct sv_buf *b, struct sv_str s)
{
	for (size_t i = 0; i < s.n && i < 500; i++)
		sv_buf_addc(b, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f
		    ? ' ' : s.p[i]);
}

/* What an OperationOutcome at ${at} says, each issue on a line. */
static void
add_issues(struct sv_buf *b, const struct fhir_at *at)
{
	struct fhir_at x;

	for (x = fhir_first(at, "issue"); fhir_is(&x) && b->n < MAX_SAID;
	    x = fhir_next(&x)) {
		struct fhir_at details = fhir_get(&x, "details");
		struct sv_str text = fhir_text(&x, "diagnostics");

		sv_buf_add(b, SV_LIT("  "));
		add_safe(b, fhir_text(&x, "severity"));
		sv_buf_addc(b, ' ');
		add_safe(b, fhir_text(&x, "code"));
		sv_buf_add(b, SV_LIT(": "));
		add_safe(b, text.n > 0 ? text : fhir_text(&details, "text"));
		sv_buf_addc(b, '\n');
	}
}

/* The worst entry counts; the Bundle's own status says too little. */
static void
of_entries(const struct fhir_at *root, size_t n_sent, struct sv_buf *said,
    struct ad_verdict *v)
{
	struct fhir_at x;
	size_t i = 0;

	for (x = fhir_first(root, "entry"); fhir_is(&x);
	    x = fhir_next(&x), i++) {
		struct fhir_at response = fhir_get(&x, "response");
		struct fhir_at outcome = fhir_get(&response, "outcome");
		long status = entry_status(fhir_text(&response, "status"));
		enum ad_outcome o = status == 0 ? AD_OUTCOME_DONE
		    : of_entry_status(status);

		if (o == AD_OUTCOME_DONE)
			continue;
		add_issues(said, &outcome);
		if (o <= v->outcome)
			continue;
		v->outcome = o;
		(void)snprintf(v->reason, sizeof(v->reason), "entry %zu was "
		    "refused: %ld", i, status);
	}
	if (v->outcome == AD_OUTCOME_DONE && i < n_sent) {
		v->outcome = AD_OUTCOME_CONFLICT;
		(void)snprintf(v->reason, sizeof(v->reason), "answered %zu of "
		    "%zu entries. " AGAIN, i, n_sent);
	}
}

/* The answer as a tree, JSON or XML: some servers ignore Accept. */
static bool
read_answer(struct sv_arena *A, struct sv_str text, const struct cJSON **ret)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_issues is;

	fhir_issues_init(&is, A);
	if (sv_str_starts(sv_str_trim(text), SV_LIT("<")))
		return sv_is_ok(fhir_xml_tree(A, text, &limits, ret, &is));
	return sv_is_ok(fhir_json_read(A, text, ret));
}

static void
of_success(const struct fhir_at *root, size_t n_sent, struct sv_buf *said,
    struct ad_verdict *v)
{
	v->outcome = AD_OUTCOME_DONE;
	if (fhir_is(root) && sv_str_is(fhir_text(root, "resourceType"),
	    "Bundle")) {
		of_entries(root, n_sent, said, v);
		return;
	}
	v->ours = true;
	say(v, AD_OUTCOME_BLOCKED, "the answer says success but is no Bundle: %s",
	    "a proxy or a portal? Check the URL.");
}

static void
of_failure(const struct ad_client_answer *a, bool is_outcome,
    struct ad_verdict *v)
{
	char when[40] = "later";

	v->outcome = of_status(a->status);
	if (a->status == 404 && is_outcome)
		v->outcome = AD_OUTCOME_CONFLICT;
	if (a->retry_after_s > 0)
		(void)snprintf(when, sizeof(when), "after %lld s",
		    (long long)a->retry_after_s);
	v->ours = v->outcome == AD_OUTCOME_BLOCKED;
	if (v->outcome == AD_OUTCOME_REFUSED)
		(void)snprintf(v->reason, sizeof(v->reason),
		    "refused the guidance: %ld", a->status);
	else if (v->outcome == AD_OUTCOME_BLOCKED)
		(void)snprintf(v->reason, sizeof(v->reason), "answered %ld: "
		    "check the URL and the credentials", a->status);
	else
		(void)snprintf(v->reason, sizeof(v->reason),
		    "answered %ld; try again %s", a->status, when);
}

void
ad_outcome_of(struct sv_arena *A, const struct ad_client_answer *a,
    size_t n_sent, struct ad_verdict *ret)
{
	const struct cJSON *tree = NULL;
	struct sv_buf said;
	struct fhir_at root;
	bool is_outcome;

	*ret = (struct ad_verdict){ .outcome = AD_OUTCOME_DONE };
	sv_buf_init(&said, A, 2 * MAX_SAID);
	if (a->code != CURLE_OK) {
		of_transport(a, ret);
		return;
	}
	if (a->body.n > 0 && !read_answer(A, a->body, &tree))
		add_safe(&said, a->body);
	root = fhir_root(tree, "answer");
	is_outcome = sv_str_is(fhir_text(&root, "resourceType"),
	    "OperationOutcome");
	if (is_outcome)
		add_issues(&said, &root);
	if (a->status < 200 || a->status >= 300)
		of_failure(a, is_outcome, ret);
	else if (a->body.n > 0)
		of_success(&root, n_sent, &said, ret);
	ret->said = sv_buf_str(&said);
}

int64_t
ad_outcome_delay_ms(int attempts, int64_t retry_after_s, uint32_t random)
{
	int64_t ms = 2000, longest = (int64_t)15 * 60 * 1000;

	if (retry_after_s > 0) {
		ms = (retry_after_s > 3600 ? 3600 : retry_after_s) * 1000;
		return ms + (int64_t)(random % (uint32_t)(ms / 10 + 1));
	}
	for (int i = 1; i < attempts && ms < longest; i++)
		ms *= 2;
	ms = ms > longest ? longest : ms;
	return ms / 2 + (int64_t)(random % (uint32_t)(ms / 2 + 1));
}
