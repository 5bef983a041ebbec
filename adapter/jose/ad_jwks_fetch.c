/*
 * Key sets over HTTPS.
 */
#include "ad_client.h"
#include "ad_jwks.h"

struct sv_status
ad_jwks_fetch(void *client, const char *url, struct sv_arena *A,
    struct sv_str *ret, struct sv_err *err)
{
	const struct ad_client_answer *a = ad_client_ask(client,
	    &(struct ad_client_request){ .method = "GET", .url = url,
		.accept = "application/jwk-set+json, application/json",
		.max_answer = AD_JWK_MAX_BYTES });

	if (a->code != CURLE_OK || a->status != 200) {
		if (a->code != CURLE_OK)
			sv_err_set(err, url, "%s", a->why);
		else
			sv_err_set(err, url, "status %ld", a->status);
		return SV_RETRY;
	}
	*ret = sv_arena_str(A, a->body);
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}

void
ad_jwks_fetch_done(void *client)
{
	ad_client_free(client);
}
