/*
 * What an answer to a post means, and how long to wait: every row of the
 * table in ad_outcome.h.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ad_outcome.h"
#include "test_arena.h"

#define ENTRY(status) "{\"response\":{\"status\":\"" status "\"}}"
#define BUNDLE(entries) "{\"resourceType\":\"Bundle\",\"type\":"	\
	"\"transaction-response\",\"entry\":[" entries "]}"
#define OUTCOME "{\"resourceType\":\"OperationOutcome\",\"issue\":[{"	\
	"\"severity\":\"error\",\"code\":\"invariant\",\"diagnostics\":"	\
	"\"not\\u0001known\"}]}"

struct row {
	CURLcode code;
	long status;
	const char *body;
	enum ad_outcome want;
	const char *says;
};

static const struct row rows[] = {
	{ CURLE_OK, 200, BUNDLE(ENTRY("201 Created") "," ENTRY("200")), AD_OUTCOME_DONE, "" },
	{ CURLE_OK, 200, BUNDLE(ENTRY("304 Not Modified") "," ENTRY("200")), AD_OUTCOME_DONE, "" },
	{ CURLE_OK, 201, "", AD_OUTCOME_DONE, "" },
	{ CURLE_OK, 200, BUNDLE(ENTRY("201")), AD_OUTCOME_CONFLICT, "1 of 2" },
	{ CURLE_OK, 200, BUNDLE(ENTRY("201") "," ENTRY("422 Unprocessable")),
	    AD_OUTCOME_REFUSED, "entry 1 was refused: 422" },
	{ CURLE_OK, 200, BUNDLE(ENTRY("503") "," ENTRY("400")), AD_OUTCOME_REFUSED, "entry 1" },
	{ CURLE_OK, 200, BUNDLE(ENTRY("409") "," ENTRY("503")), AD_OUTCOME_RETRY, "entry 1" },
	{ CURLE_OK, 200, BUNDLE(ENTRY("412") "," ENTRY("200")), AD_OUTCOME_CONFLICT, "entry 0" },
	{ CURLE_OK, 200, BUNDLE(ENTRY("404") "," ENTRY("200")), AD_OUTCOME_CONFLICT, "entry 0" },
	{ CURLE_OK, 200, BUNDLE(ENTRY("403") "," ENTRY("200")), AD_OUTCOME_REFUSED, "entry 0" },
	{ CURLE_OK, 200, "<Bundle xmlns=\"http://hl7.org/fhir\"><entry><response><status"
	    " value=\"201\"/></response></entry><entry><response><status value=\"422\"/>"
	    "</response></entry></Bundle>", AD_OUTCOME_REFUSED, "entry 1 was refused: 422" },
	{ CURLE_OK, 200, "<html>Please sign in</html>", AD_OUTCOME_BLOCKED, "no Bundle" },
	{ CURLE_OK, 200, "OK", AD_OUTCOME_BLOCKED, "no Bundle" },
	{ CURLE_OK, 200, OUTCOME, AD_OUTCOME_BLOCKED, "no Bundle" },
	{ CURLE_OK, 302, "", AD_OUTCOME_BLOCKED, "302" },
	{ CURLE_OK, 304, "", AD_OUTCOME_BLOCKED, "304" },
	{ CURLE_OK, 400, OUTCOME, AD_OUTCOME_REFUSED, "refused the guidance: 400" },
	{ CURLE_OK, 401, "", AD_OUTCOME_BLOCKED, "credentials" },
	{ CURLE_OK, 403, "", AD_OUTCOME_BLOCKED, "credentials" },
	{ CURLE_OK, 404, "", AD_OUTCOME_BLOCKED, "check the URL" },
	{ CURLE_OK, 404, OUTCOME, AD_OUTCOME_CONFLICT, "404" },
	{ CURLE_OK, 405, OUTCOME, AD_OUTCOME_BLOCKED, "405" },
	{ CURLE_OK, 408, "", AD_OUTCOME_RETRY, "408" },
	{ CURLE_OK, 409, OUTCOME, AD_OUTCOME_CONFLICT, "409" },
	{ CURLE_OK, 410, "", AD_OUTCOME_REFUSED, "410" },
	{ CURLE_OK, 412, OUTCOME, AD_OUTCOME_CONFLICT, "412" },
	{ CURLE_OK, 413, "", AD_OUTCOME_REFUSED, "413" },
	{ CURLE_OK, 422, OUTCOME, AD_OUTCOME_REFUSED, "422" },
	{ CURLE_OK, 429, "", AD_OUTCOME_RETRY, "try again after 7 s" },
	{ CURLE_OK, 500, "<html/>", AD_OUTCOME_RETRY, "500" },
	{ CURLE_OK, 503, OUTCOME, AD_OUTCOME_RETRY, "503" },
	{ CURLE_COULDNT_CONNECT, 0, "", AD_OUTCOME_BLOCKED, "no connection" },
	{ CURLE_COULDNT_RESOLVE_HOST, 0, "", AD_OUTCOME_BLOCKED, "no connection" },
	{ CURLE_SSL_CONNECT_ERROR, 0, "", AD_OUTCOME_BLOCKED, "no connection" },
	{ CURLE_PEER_FAILED_VERIFICATION, 0, "", AD_OUTCOME_BLOCKED, "certificate was not accepted" },
	{ CURLE_SSL_CERTPROBLEM, 0, "", AD_OUTCOME_BLOCKED, "Check" },
	{ CURLE_OPERATION_TIMEDOUT, 0, "", AD_OUTCOME_MAYBE, "safe to post it again" },
	{ CURLE_GOT_NOTHING, 0, "", AD_OUTCOME_MAYBE, "safe to post it again" },
	{ CURLE_PARTIAL_FILE, 200, BUNDLE(""), AD_OUTCOME_MAYBE, "safe to post it again" },
	{ CURLE_RECV_ERROR, 0, "", AD_OUTCOME_MAYBE, "safe to post it again" },
	{ CURLE_WRITE_ERROR, 200, "", AD_OUTCOME_MAYBE, "safe to post it again" }
};

static struct ad_verdict
judge(struct sv_arena *A, const struct row *r, bool sent)
{
	struct ad_client_answer a = { .code = r->code, .status = r->status,
		.body = sv_str_of(r->body), .sent = sent, .why = "why",
		.retry_after_s = 7 };
	struct ad_verdict v;

	ad_outcome_of(A, &a, 2, &v);
	return v;
}

Test(outcome, table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sv_arena A = test_arena((size_t)16 << 20);
		struct ad_verdict v = judge(&A, &rows[i], true);

		cr_assert_eq(v.outcome, rows[i].want, "row %zu: %s, %s", i,
		    ad_outcome_name(v.outcome).p, v.reason);
		cr_assert(strstr(v.reason, rows[i].says) != NULL,
		    "row %zu: %s", i, v.reason);
		cr_assert(v.outcome == AD_OUTCOME_DONE || v.reason[0] != '\0');
		sv_arena_free(&A);
	}
}

/* A time limit that passed before anything was sent leaves no doubt. */
Test(outcome, not_sent)
{
	static const struct row r = { CURLE_OPERATION_TIMEDOUT, 0, "", 0, "" };
	struct sv_arena A = test_arena((size_t)16 << 20);

	cr_assert_eq(judge(&A, &r, false).outcome, AD_OUTCOME_BLOCKED);
	sv_arena_free(&A);
}

/* What the receiver says is for people, without control characters; the
 * reason has nothing of it. */
Test(outcome, said)
{
	static const struct row r = { CURLE_OK, 422, OUTCOME, 0, "" };
	struct sv_arena A = test_arena((size_t)16 << 20);
	struct ad_verdict v = judge(&A, &r, true);

	cr_assert(sv_str_is(v.said, "  error invariant: not known\n"));
	cr_assert(strstr(v.reason, "known") == NULL);
	sv_arena_free(&A);
}

Test(outcome, without_memory)
{
	static const struct row r = { CURLE_OK, 200, BUNDLE(ENTRY("201")), 0, "" };
	struct sv_arena A = test_arena(0);

	cr_assert_neq(judge(&A, &r, true).outcome, AD_OUTCOME_DONE);
	sv_arena_free(&A);
}

Test(outcome, delay)
{
	int64_t low = 1000;

	for (int n = 1; n < 40; n++) {
		cr_assert_eq(ad_outcome_delay_ms(n, 0, 0), low, "%d", n);
		cr_assert_eq(ad_outcome_delay_ms(n, 0, (uint32_t)low), 2 * low);
		low = low * 2 > 450000 ? 450000 : low * 2;
	}
	cr_assert_eq(ad_outcome_delay_ms(1, 7, 0), 7000);
	cr_assert_eq(ad_outcome_delay_ms(30, 7, 700), 7700);
	cr_assert_eq(ad_outcome_delay_ms(1, 86400, 0), 3600000);
}

Test(client, may_ask)
{
	cr_assert(ad_client_may_ask("https://fhir.example/r4", false));
	cr_assert_not(ad_client_may_ask("http://127.0.0.1/r4", false));
	cr_assert(ad_client_may_ask("http://127.0.0.1:8080/r4", true));
	cr_assert(ad_client_may_ask("http://127.0.0.1", true));
	cr_assert(ad_client_may_ask("http://[::1]:80/", true));
	cr_assert(ad_client_may_ask("http://localhost/", true));
	cr_assert_not(ad_client_may_ask("http://127.example/", true));
	cr_assert_not(ad_client_may_ask("http://127.0.0.1.example/", true));
	cr_assert_not(ad_client_may_ask("http://127.0.0.1@evil.example/", true));
	cr_assert_not(ad_client_may_ask("http://fhir.example/", true));
	cr_assert_not(ad_client_may_ask("file:///etc/passwd", true));
	cr_assert_not(ad_client_may_ask("https://", true));
	cr_assert_not(ad_client_may_ask("", true));
}

/* A line end in a header would begin another header. */
Test(client, headers)
{
	static const char *const bad[] = { "X-Request-Id: a\r\nHost: b", NULL };
	static const char *const good[] = { "X-Request-Id: a", NULL };
	struct ad_client_peer peer = { .timeout_s = 1 };
	struct ad_client_request r = { .method = "GET",
		.url = "https://localhost/", .headers = bad };
	struct ad_client *C = ad_client_new(&peer);

	cr_assert_eq(ad_client_prepare(C, &r).code, SV_CODE_BAD);
	r.headers = good;
	cr_assert(sv_is_ok(ad_client_prepare(C, &r)));
	r.url = "http://localhost/";
	cr_assert_eq(ad_client_prepare(C, &r).code, SV_CODE_BAD);
	ad_client_free(C);
}

Test(client, secret)
{
	char path[] = "/tmp/salvor-secret-XXXXXX", got[32];
	int fd = mkstemp(path);
	struct sv_err err;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "s3cret\nnot this\n", 16), 16);
	cr_assert(sv_is_ok(ad_client_secret(path, got, sizeof(got), &err)));
	cr_assert_str_eq(got, "s3cret");
	cr_assert_eq(ad_client_secret(path, got, 6, &err).code, SV_CODE_BAD,
	    "too long");
	cr_assert_eq(fchmod(fd, 0640), 0);
	cr_assert_eq(ad_client_secret(path, got, sizeof(got), &err).code,
	    SV_CODE_BAD);
	cr_assert(strstr(err.text, "chmod 600") != NULL, "%s", err.text);
	(void)close(fd);
	(void)unlink(path);
	cr_assert_eq(ad_client_secret(path, got, sizeof(got), &err).code,
	    SV_CODE_BAD);
}
