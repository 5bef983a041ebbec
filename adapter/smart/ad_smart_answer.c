#include "ad_smart_answer.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "fhir_json.h"
#include "fhir_node.h"

#define USUAL_LIFE_S 60		/* if the server does not say */
#define MAX_LIFE_S 86400
#define MAX_TOKEN 8000
#define CLOCK_S 30		/* a difference that is worth a word */

/* The object that ${a} holds. */
static bool
read_object(struct sv_arena *A, const struct ad_client_answer *a,
    struct fhir_at *ret)
{
	const struct cJSON *tree = NULL;
	bool ok = a->code == CURLE_OK
	    && sv_is_ok(fhir_json_read(A, a->body, &tree));

	*ret = fhir_root(ok ? tree : NULL, "answer");
	return ok && fhir_is_object(ret);
}

/* No answer, or one that says "not now". */
static struct sv_status
check_transfer(const struct ad_client_answer *a, struct sv_err *err)
{
	if (a->code != CURLE_OK) {
		sv_err_set(err, "", "no token: %s", a->why);
		return SV_RETRY;
	}
	if (a->status >= 500 || a->status == 429 || a->status == 408) {
		sv_err_set(err, "", "no token: answered %ld; try again later",
		    a->status);
		return SV_RETRY;
	}
	return SV_OK;
}

struct sv_status
ad_smart_read_discovery(struct sv_arena *A, const struct ad_client_answer *a,
    struct sv_str *ret, struct sv_err *err)
{
	struct fhir_at root;

	SV_TRY(check_transfer(a, err));
	if (a->status != 200 || !read_object(A, a, &root)
	    || fhir_text(&root, "token_endpoint").n == 0) {
		sv_err_set(err, "", ".well-known/smart-configuration has no "
		    "token_endpoint (answered %ld); set token-url", a->status);
		return SV_REFUSED;
	}
	*ret = sv_arena_str(A, fhir_text(&root, "token_endpoint"));
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}

/* Seconds that the server's clock is ahead of ours; 0 if it does not say. */
static long long
clock_difference(struct sv_arena *A, struct sv_str date)
{
	struct sv_str text = sv_arena_str(A, date);
	time_t theirs = text.p != NULL && text.n > 0
	    ? curl_getdate(text.p, NULL) : -1;

	return theirs < 0 ? 0 : (long long)(theirs - time(NULL));
}

static const char *
advice(struct sv_str error)
{
	static const struct {
		const char *error, *advice;
	} list[] = {
		{ "invalid_client", "register our public key there, and check "
		    "client-id, key-file and token-url" },
		{ "invalid_scope", "have the scopes allowed there, or change "
		    "scope" },
		{ "unauthorized_client", "have client_credentials allowed for "
		    "client-id there" },
		{ "invalid_grant", "check client-id and the clocks" },
		{ "unsupported_grant_type", "it does no SMART Backend Services; "
		    "check token-url" },
		{ "invalid_request", "check token-url and client-id" }
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (sv_str_is(error, list[i].error))
			return list[i].advice;
	}
	return "check token-url, client-id and the key";
}

/* RFC 6749 section 5.2. */
static struct sv_status
refused(struct sv_arena *A, const struct ad_client_answer *a,
    struct sv_str date, struct sv_err *err)
{
	struct fhir_at root;
	struct sv_str error = { "", 0 };
	long long ahead = clock_difference(A, date);

	if (read_object(A, a, &root))
		error = fhir_text(&root, "error");
	for (size_t i = 0; i < error.n; i++) {
		if (error.p[i] < 0x20 || error.p[i] > 0x7e || i > 60)
			error.n = 0;
	}
	if (llabs(ahead) > CLOCK_S)
		sv_err_set(err, "", "no token: answered %ld %.*s: the clocks "
		    "differ by %lld s; or %s", a->status, SV_FMT(error),
		    llabs(ahead), advice(error));
	else
		sv_err_set(err, "", "no token: answered %ld %.*s: %s",
		    a->status, SV_FMT(error), advice(error));
	return SV_REFUSED;
}

/* "300" or 300 seconds, or missing. */
static int64_t
life(struct sv_arena *A, struct sv_str text)
{
	struct sv_str s = sv_arena_str(A, text);
	long long n = s.p != NULL && s.n > 0 ? strtoll(s.p, NULL, 10)
	    : USUAL_LIFE_S;

	return n < 1 ? 1 : n > MAX_LIFE_S ? MAX_LIFE_S : n;
}

/* What may stand in a header (RFC 6750 section 2.1). */
static bool
is_token(struct sv_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= 0x20 || s.p[i] > 0x7e)
			return false;
	}
	return s.n > 0 && s.n <= MAX_TOKEN;
}

struct sv_status
ad_smart_read_token(struct sv_arena *A, const struct ad_client_answer *a,
    struct sv_str date, struct ad_smart_token *ret, struct sv_err *err)
{
	struct fhir_at root;
	struct sv_str type;

	SV_TRY(check_transfer(a, err));
	if (a->status != 200)
		return refused(A, a, date, err);
	if (!read_object(A, a, &root)) {
		sv_err_set(err, "", "no token: the answer is no JSON object; "
		    "check token-url");
		return SV_BAD;
	}
	type = fhir_text(&root, "token_type");
	ret->text = sv_arena_str(A, fhir_text(&root, "access_token"));
	ret->expires_s = life(A, fhir_text(&root, "expires_in"));
	if (is_token(ret->text) && type.n == 6
	    && strncasecmp(type.p, "bearer", 6) == 0)
		return SV_OK;
	sv_err_set(err, "", "no token: the answer has no access_token of type "
	    "bearer; check token-url");
	return SV_BAD;
}
