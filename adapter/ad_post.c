#include "ad_post.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ad_memory.h"
#include "fhir_json.h"
#include "fhir_node.h"

#define MAX_ANSWER ((size_t)1 << 20)
#define MAX_TOKEN 8192

struct ad_post {
	CURL *curl;
	struct curl_slist *headers;
	const struct ad_options *o;
	char error[CURL_ERROR_SIZE];
	char *answer;		/* the first MAX_ANSWER bytes */
	size_t n_answer;
};

static size_t
keep_answer(char *p, size_t size, size_t n, void *ctx)
{
	struct ad_post *P = ctx;

	n *= size;
	if (n > MAX_ANSWER - P->n_answer)
		return 0;	/* ends the transfer: a hostile answer */
	memcpy(P->answer + P->n_answer, p, n);
	P->n_answer += n;
	return n;
}

/* A token that others on the machine can read is none of ours alone. */
static bool
is_private(FILE *f, const char *path)
{
	struct stat st;

	if (fstat(fileno(f), &st) == 0 && (!S_ISREG(st.st_mode)
	    || (st.st_mode & (S_IRWXG | S_IRWXO)) == 0))
		return true;
	fprintf(stderr, "salvor: the token file %s can be used by others "
	    "(mode %04o); run: chmod 600 %s\n", path,
	    (unsigned)(st.st_mode & 07777), path);
	return false;
}

/* "Authorization: Bearer ..." from the token file, without its line end. */
static bool
add_token(struct ad_post *P)
{
	char line[MAX_TOKEN + 32] = "Authorization: Bearer ";
	size_t from = strlen(line), n;
	FILE *f = fopen(P->o->token_file, "r");

	if (f == NULL) {
		fprintf(stderr, "salvor: the token file %s cannot be read\n",
		    P->o->token_file);
		return false;
	}
	if (!is_private(f, P->o->token_file)) {
		(void)fclose(f);
		return false;
	}
	n = fread(line + from, 1, MAX_TOKEN, f);
	(void)fclose(f);
	line[from + n] = '\0';
	line[from + strcspn(line + from, "\r\n")] = '\0';
	P->headers = curl_slist_append(P->headers, line);
	return P->headers != NULL;
}

static bool
set_options(struct ad_post *P)
{
	const struct ad_options *o = P->o;
	CURL *c = P->curl;
	bool ok = true;

	P->headers = curl_slist_append(NULL, o->xml
	    ? "Content-Type: application/fhir+xml"
	    : "Content-Type: application/fhir+json");
	P->headers = curl_slist_append(P->headers,
	    "Accept: application/fhir+json");
	if (o->token_file != NULL && !add_token(P))
		return false;
	ok = ok && curl_easy_setopt(c, CURLOPT_URL, o->post) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_HTTPHEADER, P->headers)
	    == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https")
	    == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_TIMEOUT, o->timeout_s)
	    == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 10L)
	    == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_ERRORBUFFER, P->error)
	    == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep_answer)
	    == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_WRITEDATA, P) == CURLE_OK;
	if (o->cacert != NULL)
		ok = ok && curl_easy_setopt(c, CURLOPT_CAINFO, o->cacert)
		    == CURLE_OK;
	if (o->cert != NULL) {
		ok = ok && curl_easy_setopt(c, CURLOPT_SSLCERT, o->cert)
		    == CURLE_OK;
		ok = ok && curl_easy_setopt(c, CURLOPT_SSLKEY, o->key)
		    == CURLE_OK;
	}
	return ok;
}

struct ad_post *
ad_post_open(const struct ad_options *o)
{
	struct ad_post *P;

	if (strncmp(o->post, "https://", 8) != 0) {
		fprintf(stderr, "salvor: --post needs an https:// URL; "
		    "guidance is never sent in the clear\n");
		return NULL;
	}
	if ((P = calloc(1, sizeof(*P))) == NULL)
		return NULL;
	P->o = o;
	P->answer = malloc(MAX_ANSWER);
	P->curl = curl_easy_init();
	if (P->answer == NULL || P->curl == NULL || !set_options(P)) {
		fprintf(stderr, "salvor: the post could not be prepared\n");
		ad_post_close(P);
		return NULL;
	}
	return P;
}

void
ad_post_close(struct ad_post *P)
{
	if (P == NULL)
		return;
	curl_slist_free_all(P->headers);
	if (P->curl != NULL)
		curl_easy_cleanup(P->curl);
	free(P->answer);
	free(P);
}

/* The transfer itself failed. */
static enum ad_exit
transport_failed(const struct ad_post *P, CURLcode c)
{
	const char *why = P->error[0] != '\0' ? P->error
	    : curl_easy_strerror(c);

	switch (c) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		fprintf(stderr, "salvor: %s: the server's certificate was not "
		    "accepted: %s. Name the CA that signed it with --cacert, "
		    "and the host name that it is for.\n", P->o->post, why);
		return AD_EXIT_CONFIG;
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		fprintf(stderr, "salvor: %s: %s. Check --post, --cert and "
		    "--key.\n", P->o->post, why);
		return AD_EXIT_CONFIG;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		fprintf(stderr, "salvor: %s: no connection: %s. Nothing was "
		    "sent; try again.\n", P->o->post, why);
		return AD_EXIT_TEMPORARY;
	case CURLE_WRITE_ERROR:
		fprintf(stderr, "salvor: %s: the answer is larger than 1 MiB. "
		    "The guidance may have been stored; it is safe to post it "
		    "again.\n", P->o->post);
		return AD_EXIT_TEMPORARY;
	default:
		fprintf(stderr, "salvor: %s: the connection failed: %s. The "
		    "guidance may have been stored; it is safe to post it "
		    "again.\n", P->o->post, why);
		return AD_EXIT_TEMPORARY;
	}
}

/* Print ${s} without control characters: it is a stranger's text. */
static void
print_safe(struct sv_str s)
{
	for (size_t i = 0; i < s.n && i < 500; i++)
		fputc((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? ' '
		    : s.p[i], stderr);
}

/* What an OperationOutcome at ${root} says, each issue on a line. */
static void
print_outcome(const struct fhir_at *root)
{
	struct fhir_at x;

	for (x = fhir_first(root, "issue"); fhir_is(&x); x = fhir_next(&x)) {
		struct fhir_at details = fhir_get(&x, "details");

		fputs("  ", stderr);
		print_safe(fhir_text(&x, "severity"));
		fputs(" ", stderr);
		print_safe(fhir_text(&x, "code"));
		fputs(": ", stderr);
		print_safe(fhir_text(&x, "diagnostics").n > 0
		    ? fhir_text(&x, "diagnostics")
		    : fhir_text(&details, "text"));
		fputs("\n", stderr);
	}
}

/* Every entry of a transaction-response must say 2xx: some servers answer 200
 * to a transaction of which they stored a part. */
static enum ad_exit
check_entries(const struct ad_post *P, const struct fhir_at *root)
{
	enum ad_exit e = AD_EXIT_OK;
	struct fhir_at x;
	int i = 0;

	for (x = fhir_first(root, "entry"); fhir_is(&x);
	    x = fhir_next(&x), i++) {
		struct fhir_at response = fhir_get(&x, "response");
		struct fhir_at outcome = fhir_get(&response, "outcome");
		struct sv_str status = fhir_text(&response, "status");

		if (status.n == 0 || status.p[0] == '2')
			continue;
		fprintf(stderr, "salvor: %s: entry %d was refused: ",
		    P->o->post, i);
		print_safe(status);
		fputs("\n", stderr);
		print_outcome(&outcome);
		e = AD_EXIT_REFUSED;
	}
	return e;
}

/* Read the answer as FHIR, if it is: entries of a Bundle, issues of an
 * OperationOutcome.  ${status} is the HTTP status. */
static enum ad_exit
read_answer(const struct ad_post *P, long status)
{
	struct sv_arena A = ad_arena((size_t)64 << 20);
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct sv_str text = { P->answer, P->n_answer };
	struct fhir_issues is;
	const struct cJSON *tree;
	struct fhir_at root;
	enum ad_exit e = AD_EXIT_OK;

	fhir_issues_init(&is, &A);
	if (P->n_answer > 0 && sv_is_ok(fhir_json_check(text, &limits, &is))
	    && sv_is_ok(fhir_json_tree(&A, text, &tree))) {
		root = fhir_root(tree, "answer");
		if (status < 300)
			e = check_entries(P, &root);
		else
			print_outcome(&root);
	}
	sv_arena_free(&A);
	return e;
}

static bool
is_temporary(long status)
{
	return status == 408 || status == 425 || status == 429
	    || status >= 500;
}

enum ad_exit
ad_post_send(struct ad_post *P, struct sv_str body)
{
	curl_off_t after = 0;
	long status = 0;
	CURLcode c;

	P->n_answer = 0;
	P->error[0] = '\0';
	(void)curl_easy_setopt(P->curl, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)body.n);
	(void)curl_easy_setopt(P->curl, CURLOPT_POSTFIELDS, body.p);
	if ((c = curl_easy_perform(P->curl)) != CURLE_OK)
		return transport_failed(P, c);
	(void)curl_easy_getinfo(P->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(P->curl, CURLINFO_RETRY_AFTER, &after);
	if (status >= 200 && status < 300)
		return read_answer(P, status);
	if (is_temporary(status)) {
		fprintf(stderr, "salvor: %s answered %ld; try again%s",
		    P->o->post, status, after > 0 ? " after " : " later\n");
		if (after > 0)
			fprintf(stderr, "%ld s\n", (long)after);
	} else {
		fprintf(stderr, "salvor: %s refused the guidance: %ld\n",
		    P->o->post, status);
	}
	(void)read_answer(P, status);
	return is_temporary(status) ? AD_EXIT_TEMPORARY : AD_EXIT_REFUSED;
}
