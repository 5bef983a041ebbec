#include "ad_smart.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ad_clock.h"
#include "ad_jwt.h"
#include "ad_memory.h"
#include "ad_smart_answer.h"

#define MAX_KEY_FILE 65536
#define MAX_ANSWER ((size_t)256 * 1024)
#define LIFE_S 240		/* of an assertion; five minutes is the most */
#define MIN_PAUSE_S 2		/* after a failure */
#define MAX_PAUSE_S 300
#define JWT_BEARER "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type" \
	"%3Ajwt-bearer"

/* All but ${c} and ${keys} is guarded by ${lock}, which is held while a token
 * is asked for. */
struct ad_smart {
	struct ad_smart_config c;
	struct ad_jwk_set *keys;	/* the first is ours */
	enum ad_jwa algorithm;
	pthread_mutex_t lock;
	struct ad_client *client;
	char token_url[1024];		/* "": not known yet */
	char authorization[AD_SMART_MAX];	/* "": none */
	int64_t renew_at_s;		/* monotonic */
	int64_t pause_until_s;
	int failures;			/* in a row */
	struct sv_status failed;
	struct sv_err err;
};

static bool
read_key(struct ad_smart *T, struct sv_err *err)
{
	char *text = malloc(MAX_KEY_FILE);
	struct sv_status s = SV_NOMEM;
	size_t n = 0;

	if (text != NULL)
		s = ad_client_secret_file(T->c.key_file, text, MAX_KEY_FILE,
		    &n, err);
	if (sv_is_ok(s))
		T->keys = ad_jwk_signer_read((struct sv_str){ text, n }, err);
	if (text != NULL)
		OPENSSL_cleanse(text, MAX_KEY_FILE);
	free(text);
	if (T->keys == NULL)
		return false;
	T->algorithm = T->keys->key[0].algorithms & AD_JWA_ES384
	    ? AD_JWA_ES384 : AD_JWA_RS384;
	if (T->keys->key[0].algorithms & T->algorithm)
		return true;
	sv_err_set(err, T->c.key_file, "it is for neither ES384 (a key on "
	    "P-384) nor RS384 (RSA of 2048 bits or more)");
	return false;
}

struct ad_smart *
ad_smart_new(const struct ad_smart_config *c, struct sv_err *err)
{
	struct ad_smart *T = calloc(1, sizeof(*T));

	sv_err_set(err, "", "not enough memory");
	if (T == NULL)
		return NULL;
	T->c = *c;
	(void)pthread_mutex_init(&T->lock, NULL);
	if (c->token_url != NULL)
		(void)snprintf(T->token_url, sizeof(T->token_url), "%s",
		    c->token_url);
	if ((T->client = ad_client_new(&c->peer)) != NULL && read_key(T, err))
		return T;
	ad_smart_free(T);
	return NULL;
}

void
ad_smart_free(struct ad_smart *T)
{
	if (T == NULL)
		return;
	ad_client_free(T->client);
	ad_jwk_set_free(T->keys);
	(void)pthread_mutex_destroy(&T->lock);
	OPENSSL_cleanse(T, sizeof(*T));
	free(T);
}

/* The token URL, from the server's own description. */
static struct sv_status
discover(struct ad_smart *T, struct sv_arena *A, struct sv_err *err)
{
	size_t n = strlen(T->c.base);
	struct sv_str url;
	struct ad_client_request r = { .method = "GET",
		.accept = "application/json", .max_answer = MAX_ANSWER };

	if (T->token_url[0] != '\0')
		return SV_OK;
	while (n > 0 && T->c.base[n - 1] == '/')
		n--;
	url = sv_arena_printf(A, "%.*s/.well-known/smart-configuration",
	    (int)n, T->c.base);
	SV_ENSURE(url.p != NULL, SV_NOMEM);
	r.url = url.p;
	SV_TRY(ad_smart_read_discovery(A, ad_client_ask(T->client, &r), &url,
	    err));
	if (ad_client_may_ask(url.p, T->c.peer.plain)
	    && url.n < sizeof(T->token_url)) {
		(void)snprintf(T->token_url, sizeof(T->token_url), "%s", url.p);
		return SV_OK;
	}
	sv_err_set(err, T->c.base, "the token_endpoint of its "
	    "smart-configuration is no https:// URL; set token-url");
	return SV_REFUSED;
}

/* Who we are, signed, for this one request. */
static struct sv_status
make_assertion(struct ad_smart *T, struct sv_arena *A, struct sv_str *ret)
{
	int64_t now = ad_now_ms() / 1000;
	struct sv_str id = sv_str_of(T->c.client_id);
	struct ad_jwt_claims c = { .issuer = id, .subject = id,
		.audience = sv_str_of(T->token_url),
		.jku = sv_str_of(T->c.jku), .issued_s = now,
		.expires_s = now + LIFE_S };
	unsigned char r[20];
	char jti[sizeof(r) * 2 + 1];

	SV_ENSURE(getrandom(r, sizeof(r), 0) == (ssize_t)sizeof(r), SV_RETRY);
	for (size_t i = 0; i < sizeof(r); i++)
		(void)snprintf(jti + 2 * i, 3, "%02x", r[i]);
	c.jti = sv_str_of(jti);
	return ad_jwt_sign(A, &T->keys->key[0], T->algorithm, &c, ret);
}

static struct sv_status
ask(struct ad_smart *T, struct sv_arena *A, struct ad_smart_token *ret,
    struct sv_err *err)
{
	struct ad_client_request r = { .method = "POST", .url = T->token_url,
		.accept = "application/json",
		.media = "application/x-www-form-urlencoded",
		.max_answer = MAX_ANSWER };
	struct sv_str assertion, date;
	const struct ad_client_answer *a;
	struct sv_buf b;

	SV_TRY(make_assertion(T, A, &assertion));
	sv_buf_init(&b, A, MAX_ANSWER);
	sv_buf_add(&b, SV_LIT("grant_type=client_credentials&scope="));
	sv_buf_add_encoded(&b, sv_str_of(T->c.scope), "");
	sv_buf_add(&b, SV_LIT("&client_assertion_type=" JWT_BEARER
	    "&client_assertion="));
	sv_buf_add(&b, assertion);
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	r.body = sv_buf_str(&b);
	a = ad_client_ask(T->client, &r);
	date = ad_client_header(T->client, "Date");
	return ad_smart_read_token(A, a, date, ret, err);
}

/* Under the lock: a new token. */
static struct sv_status
renew(struct ad_smart *T, struct sv_err *err)
{
	struct sv_arena A = ad_arena((size_t)4 << 20);
	struct ad_smart_token t = { .expires_s = 0 };
	struct sv_status s;
	int64_t margin;

	sv_err_set(err, "", "not enough memory for a token");
	s = discover(T, &A, err);
	if (sv_is_ok(s))
		s = ask(T, &A, &t, err);
	if (sv_is_ok(s)) {
		/* A fifth of its life early, half a minute at least, so that
		 * no request is under way when it ends; but not unused. */
		margin = t.expires_s / 5 > 30 ? t.expires_s / 5 : 30;
		margin = margin > t.expires_s / 2 ? t.expires_s / 2 : margin;
		T->renew_at_s = ad_monotonic_ms() / 1000 + t.expires_s - margin;
		(void)snprintf(T->authorization, sizeof(T->authorization),
		    "Bearer %.*s", SV_FMT(t.text));
		OPENSSL_cleanse((char *)(uintptr_t)t.text.p, t.text.n);
	} else if (T->c.token_url == NULL) {
		T->token_url[0] = '\0';	/* it may have moved */
	}
	sv_arena_free(&A);
	return s;
}

/* Under the lock: note how it went, so that a server that is down or does not
 * want us is not asked for every post. */
static void
note(struct ad_smart *T, struct sv_status s)
{
	int64_t pause = MIN_PAUSE_S;

	T->failed = s;
	if (sv_is_ok(s)) {
		T->failures = 0;
		return;
	}
	for (int i = 0; i < T->failures && pause < MAX_PAUSE_S; i++)
		pause *= 2;
	T->failures++;
	T->pause_until_s = ad_monotonic_ms() / 1000
	    + (pause > MAX_PAUSE_S ? MAX_PAUSE_S : pause);
}

struct sv_status
ad_smart_authorization(struct ad_smart *T, char ret[AD_SMART_MAX],
    struct sv_err *err)
{
	struct sv_status s = SV_OK;
	int64_t now;

	(void)pthread_mutex_lock(&T->lock);
	now = ad_monotonic_ms() / 1000;
	if (T->authorization[0] == '\0' || now >= T->renew_at_s) {
		if (T->failures > 0 && now < T->pause_until_s) {
			s = T->failed;
		} else {
			s = renew(T, &T->err);
			note(T, s);
		}
	}
	if (sv_is_ok(s))
		memcpy(ret, T->authorization, sizeof(T->authorization));
	else if (err != NULL)
		*err = T->err;
	(void)pthread_mutex_unlock(&T->lock);
	return s;
}

void
ad_smart_reject(struct ad_smart *T, const char *authorization)
{
	(void)pthread_mutex_lock(&T->lock);
	if (strcmp(T->authorization, authorization) == 0)
		OPENSSL_cleanse(T->authorization, sizeof(T->authorization));
	(void)pthread_mutex_unlock(&T->lock);
}
