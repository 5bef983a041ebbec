#include "ad_auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_base64.h"
#include "ad_client.h"
#include "ad_jose_json.h"
#include "ad_jwks.h"
#include "ad_memory.h"
#include "ad_replay.h"
#include "ad_service.h"

/* Between fetches of a key set; tokens of one use remembered. */
#define PAUSE_MS 10000
#define ONCE_MAX 65536
/* Of a token as JSON. */
#define TOKEN_ARENA ((size_t)4 << 20)

struct ad_auth {
	const struct ad_conf *c;
	struct ad_jwks *keys[AD_CONF_ISSUERS];
	struct ad_replay *replay;
};

static const struct ad_conf_client anonymous = { .name = "development",
	.source = "development", .may = AD_MAY_READ | AD_MAY_WRITE };

static void
told(void *client, const char *source, size_t keys, const char *text)
{
	(void)client;
	if (keys > 0)
		ad_log("keys", "source=%s keys=%zu", source, keys);
	else
		ad_log("keys-failed", "source=%s why=\"%s\" hint=\"the old keys "
		    "stay in use\"", source, text);
}

static struct ad_jwks *
open_keys(const struct ad_conf_issuer *i, bool plain, struct sv_err *err)
{
	struct ad_client *client = ad_client_new(&(struct ad_client_peer){
		.ca = i->ca, .timeout_s = 10, .plain = plain });

	if (client == NULL) {
		sv_err_set(err, i->name, "not enough memory");
		return NULL;
	}
	return ad_jwks_open(&(struct ad_jwks_options){ .source = i->jwks,
		.refresh_ms = i->refresh_s * 1000, .pause_ms = PAUSE_MS,
		.fetch = ad_jwks_fetch, .told = told, .ctx = client,
		.done = ad_jwks_fetch_done }, err);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The keys of ${i} in ${old}, if it gets them from the same place. */
static struct ad_jwks *
find_keys(const struct ad_auth *old, const struct ad_conf_issuer *i)
{
	for (size_t k = 0; old != NULL && k < old->c->n_issuers; k++) {
		const struct ad_conf_issuer *o = &old->c->issuer[k];

		if (strcmp(o->jwks, i->jwks) == 0 && is_same(o->ca, i->ca)
		    && o->refresh_s == i->refresh_s)
			return ad_jwks_share(old->keys[k]);
	}
	return NULL;
}

struct ad_auth *
ad_auth_open(const struct ad_conf *c, const struct ad_auth *old,
    struct sv_err *err)
{
	struct ad_auth *A = calloc(1, sizeof(*A));

	if (A == NULL || (A->replay = ad_replay_new(ONCE_MAX)) == NULL) {
		sv_err_set(err, "", "not enough memory");
		free(A);
		return NULL;
	}
	A->c = c;
	for (size_t i = 0; i < c->n_issuers; i++) {
		A->keys[i] = find_keys(old, &c->issuer[i]);
		if (A->keys[i] == NULL)
			A->keys[i] = open_keys(&c->issuer[i], c->development,
			    err);
		if (A->keys[i] == NULL) {
			ad_auth_close(A);
			return NULL;
		}
	}
	return A;
}

void
ad_auth_close(struct ad_auth *A)
{
	if (A == NULL)
		return;
	for (size_t i = 0; i < A->c->n_issuers; i++)
		ad_jwks_close(A->keys[i]);
	ad_replay_free(A->replay);
	free(A);
}

static void
refused(struct ad_who *w, const char *why)
{
	w->whose = AD_WHO_REFUSED;
	w->why = why;
}

/* Compared in constant time: a near miss takes as long as a far one. */
static bool
is_hash(struct sv_str hex, const char *listed)
{
	return hex.n == 64 && listed != NULL && strlen(listed) == 64
	    && CRYPTO_memcmp(hex.p, listed, 64) == 0;
}

static const struct ad_conf_client *
by_certificate(const struct ad_conf *c, struct sv_str peer)
{
	for (size_t i = 0; i < c->n_clients; i++) {
		if (is_hash(peer, c->client[i].fingerprint))
			return &c->client[i];
	}
	return NULL;
}

static const struct ad_conf_client *
by_token(const struct ad_conf *c, struct sv_str token)
{
	unsigned char hash[32] = { 0 };
	char hex[65];

	if (EVP_Digest(token.p, token.n, hash, NULL, EVP_sha256(), NULL) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	for (size_t i = 0; i < c->n_clients; i++) {
		if (is_hash(sv_str_of(hex), c->client[i].token_sha256))
			return &c->client[i];
	}
	return NULL;
}

/* "cnf" binds a token to something else: the certificate, which must then be
 * the one shown (RFC 8705 section 3.1), or something that we cannot check. */
static bool
is_bound_to(const struct ad_jwt *t, struct sv_arena *A, struct sv_str peer)
{
	const struct cJSON *cnf = cJSON_GetObjectItemCaseSensitive(t->claims,
	    "cnf");
	struct sv_str want, hash;
	char hex[65];

	if (cnf == NULL)
		return true;
	if (!ad_jose_text(cnf, "x5t#S256", &want)
	    || !sv_is_ok(ad_base64_read(A, want, &hash)) || hash.n != 32)
		return false;
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", (unsigned char)hash.p[i]);
	return cJSON_GetArraySize(cnf) == 1 && is_hash(peer, hex);
}

static const struct ad_conf_client *
by_claim(const struct ad_conf *c, const struct ad_conf_issuer *i,
    struct sv_str name)
{
	for (size_t k = 0; k < c->n_clients; k++) {
		const struct ad_conf_client *x = &c->client[k];

		if (x->issuer != NULL && strcmp(x->issuer, i->name) == 0
		    && sv_str_is(name, x->subject))
			return x;
	}
	return NULL;
}

/* The genuine token ${t} of ${i}: whose, and for what. */
static void
take_token(struct ad_auth *A, const struct ad_conf_issuer *i,
    const struct ad_jwt *t, struct ad_who *w)
{
	struct sv_str scope = ad_jwt_claim(t, "scope");
	const struct ad_conf_client *client = by_claim(A->c, i,
	    ad_jwt_claim(t, i->client_claim));

	if (client == NULL) {
		refused(w, "unlisted-client");
		return;
	}
	if (i->scopes && (w->scopes = strndup(scope.n > 0 ? scope.p : "",
	    scope.n)) == NULL) {
		w->whose = AD_WHO_LATER;
		w->why = "memory";
		return;
	}
	w->client = client;
	w->whose = AD_WHO_KNOWN;
}

static enum ad_jwt_fault
check_once(struct ad_auth *A, const struct ad_conf_issuer *i,
    const struct ad_jwt *t, int64_t now_s)
{
	if (!i->once)
		return AD_JWT_GOOD;
	switch (ad_replay_note(A->replay, t->issuer, t->jti,
	    t->expires_s + i->leeway_s, now_s)) {
	case AD_REPLAY_FRESH: return AD_JWT_GOOD;
	case AD_REPLAY_SEEN: return AD_JWT_REPLAYED;
	default: return AD_JWT_MEMORY;
	}
}

static void
check_token(struct ad_auth *A, size_t k, const struct ad_jwt *t,
    int64_t now_s, struct ad_who *w)
{
	const struct ad_conf_issuer *i = &A->c->issuer[k];
	const struct ad_jwt_policy p = { .algorithms = i->algorithms,
		.issuer = sv_str_of(i->url), .audience = i->audience,
		.n_audience = i->n_audience, .now_s = now_s,
		.leeway_s = i->leeway_s, .need_jti = i->once };
	enum ad_jwt_fault f;
	bool later;

	w->issuer = i->name;
	f = ad_jwks_verify(A->keys[k], t, &p, &later);
	if (f == AD_JWT_GOOD)
		f = check_once(A, i, t, now_s);
	if (f == AD_JWT_GOOD) {
		take_token(A, i, t, w);
		return;
	}
	refused(w, ad_jwt_fault_name(f));
	if (later || f == AD_JWT_MEMORY)
		w->whose = AD_WHO_LATER;
}

static void
read_token(struct ad_auth *A, struct sv_str token, struct sv_str peer,
    int64_t now_s, struct ad_who *w)
{
	struct sv_arena T = ad_arena(TOKEN_ARENA);
	enum ad_jwt_fault f;
	struct ad_jwt t;

	f = ad_jwt_read(&T, token, &t);
	refused(w, f == AD_JWT_GOOD ? "unlisted-issuer" : ad_jwt_fault_name(f));
	if (f == AD_JWT_MEMORY)
		w->whose = AD_WHO_LATER;
	for (size_t i = 0; f == AD_JWT_GOOD && i < A->c->n_issuers; i++) {
		if (!sv_str_is(t.issuer, A->c->issuer[i].url))
			continue;
		if (is_bound_to(&t, &T, peer))
			check_token(A, i, &t, now_s, w);
		else
			refused(w, "bound-to-another-certificate");
		break;
	}
	sv_arena_free(&T);
}

void
ad_auth_who(struct ad_auth *A, const struct ad_http_call *call, int64_t now_s,
    struct ad_who *ret)
{
	struct sv_str header = ad_http_header(call, "Authorization");
	struct sv_str token = ad_http_bearer(call), peer = ad_http_peer(call);

	*ret = (struct ad_who){ .whose = AD_WHO_NOBODY, .issuer = "",
		.why = peer.n > 0 ? "unlisted-certificate" : "nothing-shown" };
	if (header.n > 0 && token.p == NULL)
		refused(ret, "another-scheme");
	else if (token.p == NULL)
		ret->client = by_certificate(A->c, peer);
	else if ((ret->client = by_token(A->c, token)) == NULL)
		read_token(A, token, peer, now_s, ret);
	if (ret->client == NULL && A->c->development && header.n == 0)
		ret->client = &anonymous;
	if (ret->client != NULL)
		ret->whose = AD_WHO_KNOWN;
}

void
ad_who_end(struct ad_who *w)
{
	free(w->scopes);
	w->scopes = NULL;
}
