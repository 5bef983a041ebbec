#include "ad_post.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "ad_memory.h"
#include "ad_outcome.h"

#define MAX_ANSWER ((size_t)1 << 20)

struct ad_post {
	const struct ad_options *o;
	struct ad_client *client;
	char authorization[8192];
};

static bool
read_token(struct ad_post *P)
{
	char token[8000];
	struct sv_err err;
	bool ok = sv_is_ok(ad_client_secret(P->o->token_file, token,
	    sizeof(token), &err));

	if (ok)
		(void)snprintf(P->authorization, sizeof(P->authorization),
		    "Bearer %s", token);
	else
		fprintf(stderr, "salvor: the token file %s: %s\n", err.where,
		    err.text);
	OPENSSL_cleanse(token, sizeof(token));
	return ok;
}

struct ad_post *
ad_post_open(const struct ad_options *o)
{
	struct ad_client_peer peer = { .ca = o->cacert, .certificate = o->cert,
		.key = o->key, .timeout_s = o->timeout_s };
	struct ad_post *P;

	if (!ad_client_may_ask(o->post, false)) {
		fprintf(stderr, "salvor: --post needs an https:// URL; "
		    "guidance is never sent in the clear\n");
		return NULL;
	}
	if ((P = calloc(1, sizeof(*P))) == NULL
	    || (P->client = ad_client_new(&peer)) == NULL) {
		fprintf(stderr, "salvor: not enough memory for the post\n");
		ad_post_close(P);
		return NULL;
	}
	P->o = o;
	if (o->token_file == NULL || read_token(P))
		return P;
	ad_post_close(P);
	return NULL;
}

void
ad_post_close(struct ad_post *P)
{
	if (P == NULL)
		return;
	ad_client_free(P->client);
	OPENSSL_cleanse(P->authorization, sizeof(P->authorization));
	free(P);
}

static enum ad_exit
exit_of(const struct ad_client_answer *a, const struct ad_verdict *v)
{
	if (v->outcome == AD_OUTCOME_DONE)
		return AD_EXIT_OK;
	if (v->outcome == AD_OUTCOME_REFUSED)
		return AD_EXIT_REFUSED;
	if (v->ours)
		return a->code != CURLE_OK ? AD_EXIT_CONFIG : AD_EXIT_REFUSED;
	return AD_EXIT_TEMPORARY;
}

enum ad_exit
ad_post_send(struct ad_post *P, struct sv_str body)
{
	struct sv_arena A = ad_arena((size_t)64 << 20);
	struct ad_client_request r = { .method = "POST", .url = P->o->post,
		.accept = "application/fhir+json", .media = P->o->xml
		? "application/fhir+xml" : "application/fhir+json",
		.body = body, .max_answer = MAX_ANSWER,
		.authorization = P->o->token_file != NULL ? P->authorization
		: NULL };
	const struct ad_client_answer *a = ad_client_ask(P->client, &r);
	struct ad_verdict v;

	ad_outcome_of(&A, a, 0, &v);
	if (v.outcome != AD_OUTCOME_DONE)
		fprintf(stderr, "salvor: %s: %s\n%.*s", P->o->post, v.reason,
		    SV_FMT(v.said));
	sv_arena_free(&A);
	return exit_of(a, &v);
}
