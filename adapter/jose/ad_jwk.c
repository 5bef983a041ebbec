#include "ad_jwk.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "ad_jwk_key.h"
#include "ad_memory.h"

/* Of a set, its text as a tree included. */
#define ARENA ((size_t)8 << 20)

static const struct {
	const char *name;
	enum ad_jwa a;
} algorithms[] = {
	{ "RS256", AD_JWA_RS256 }, { "RS384", AD_JWA_RS384 },
	{ "ES256", AD_JWA_ES256 }, { "ES384", AD_JWA_ES384 },
};
#define N_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

unsigned
ad_jwa_of(struct sv_str name)
{
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		if (sv_str_is(name, algorithms[i].name))
			return algorithms[i].a;
	}
	return 0;
}

const char *
ad_jwa_name(enum ad_jwa a)
{
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		if (algorithms[i].a == a)
			return algorithms[i].name;
	}
	return "";
}

/* "use" and "key_ops" allow ${op} (RFC 7517 sections 4.2 and 4.3). */
static bool
is_for(const struct cJSON *o, const char *op)
{
	const struct cJSON *ops = cJSON_GetObjectItemCaseSensitive(o,
	    "key_ops"), *x;
	struct sv_str use;

	if (!ad_jose_text(o, "use", &use)
	    || (use.n > 0 && !sv_str_is(use, "sig")))
		return false;
	if (ops == NULL)
		return true;
	for (x = cJSON_IsArray(ops) ? ops->child : NULL; x != NULL; x = x->next) {
		if (cJSON_IsString(x) && sv_str_is(sv_str_of(x->valuestring), op))
			return true;
	}
	return false;
}

/* Add the key ${o}.  BAD if it is not usable. */
static struct sv_status
add(struct ad_jwk_set *s, const struct cJSON *o, bool private)
{
	struct ad_jwk *k = &s->key[s->n];
	struct sv_str alg;

	SV_ENSURE(cJSON_IsObject(o) && is_for(o, private ? "sign" : "verify")
	    && ad_jose_text(o, "alg", &alg) && ad_jose_text(o, "kid", &k->kid),
	    SV_BAD);
	SV_TRY(ad_jwk_key_of(&s->A, o, private, &k->key));
	k->algorithms = ad_jwk_good_for(k->key);
	if (alg.n > 0)
		k->algorithms &= ad_jwa_of(alg);
	if (k->algorithms == 0) {
		EVP_PKEY_free(k->key);
		return SV_BAD;
	}
	s->n++;
	return SV_OK;
}

/* The keys of ${root}: the elements of "keys", or itself. */
static struct sv_status
keys_of(const struct cJSON *root, const struct cJSON **ret, size_t *ret_n)
{
	const struct cJSON *keys = cJSON_GetObjectItemCaseSensitive(root, "keys");

	if (cJSON_IsArray(keys)) {
		*ret = keys->child;
		*ret_n = (size_t)cJSON_GetArraySize(keys);
		return *ret_n <= AD_JWK_MAX ? SV_OK : SV_BAD;
	}
	*ret = root;
	*ret_n = 1;
	return keys == NULL && cJSON_GetObjectItemCaseSensitive(root, "kty")
	    != NULL ? SV_OK : SV_BAD;
}

/* Every usable key of ${root}, or the first if it is private. */
static struct sv_status
add_all(struct ad_jwk_set *s, const struct cJSON *root, bool private,
    struct sv_err *err)
{
	const struct cJSON *o;
	size_t n;

	if (!sv_is_ok(keys_of(root, &o, &n))) {
		sv_err_set(err, "", "expected a JWK Set, {\"keys\": [...]}, of "
		    "at most %d keys", AD_JWK_MAX);
		return SV_BAD;
	}
	for (size_t i = 0; i < n && !(private && s->n > 0); i++, o = o->next) {
		struct sv_status r = add(s, o, private);

		SV_ENSURE(r.code != SV_CODE_NOMEM, r);
		s->ignored += !sv_is_ok(r);
	}
	if (s->n == 0)
		sv_err_set(err, "", "none of the %zu keys is a%s RSA key of "
		    "2048 bits or more, or an EC key on P-256 or P-384, for "
		    "signatures", n, private ? " private" : "n");
	return s->n > 0 ? SV_OK : SV_BAD;
}

static struct sv_status
read_json(struct ad_jwk_set *s, struct sv_str json, bool private,
    struct sv_err *err)
{
	const struct cJSON *root;
	struct sv_status r;

	if (json.n > AD_JWK_MAX_BYTES) {
		sv_err_set(err, "", "a key set of more than %d bytes",
		    AD_JWK_MAX_BYTES);
		return SV_LIMIT;
	}
	r = ad_jose_object(&s->A, json, &root);
	if (r.code == SV_CODE_BAD || r.code == SV_CODE_LIMIT)
		sv_err_set(err, "", "not a strict JSON object");
	SV_TRY(r);
	return add_all(s, root, private, err);
}

/* The set that ${r} made, or NULL with ${err}.  What OpenSSL said of a broken
 * key concerns nobody later in this thread. */
static struct ad_jwk_set *
finish(struct ad_jwk_set *s, struct sv_status r, struct sv_err *err)
{
	ERR_clear_error();
	if (sv_is_ok(r))
		return s;
	if (r.code == SV_CODE_NOMEM)
		sv_err_set(err, "", "not enough memory");
	ad_jwk_set_free(s);
	return NULL;
}

static struct ad_jwk_set *
new_set(void)
{
	struct ad_jwk_set *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->A = ad_arena(ARENA);
	return s;
}

struct ad_jwk_set *
ad_jwk_set_read(struct sv_str json, struct sv_err *err)
{
	struct ad_jwk_set *s = new_set();

	return finish(s, s == NULL ? SV_NOMEM : read_json(s, json, false, err),
	    err);
}

/* A key with a passphrase fails instead of asking on the terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return 0;
}

static struct sv_status
read_pem(struct ad_jwk_set *s, struct sv_str text, struct sv_err *err)
{
	BIO *b = text.n <= AD_JWK_MAX_BYTES ? BIO_new_mem_buf(text.p,
	    (int)text.n) : NULL;
	struct ad_jwk *k = &s->key[0];

	SV_ENSURE(b != NULL, SV_NOMEM);
	k->key = PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL);
	(void)BIO_free(b);
	s->n = k->key != NULL;
	k->algorithms = s->n > 0 ? ad_jwk_good_for(k->key) : 0;
	if (k->algorithms == 0) {
		sv_err_set(err, "", "no PEM private key without passphrase, RSA "
		    "of 2048 bits or more, or EC on P-256 or P-384");
		return SV_BAD;
	}
	return SV_OK;
}

static struct sv_status
name_key(struct ad_jwk_set *s)
{
	struct sv_buf b;

	if (s->key[0].kid.n > 0)
		return SV_OK;
	sv_buf_init(&b, &s->A, 64);
	SV_TRY(ad_jwk_thumbprint(&s->key[0], &b));
	s->key[0].kid = sv_buf_str(&b);
	return SV_OK;
}

struct ad_jwk_set *
ad_jwk_signer_read(struct sv_str text, struct sv_err *err)
{
	struct ad_jwk_set *s = new_set();
	struct sv_status r = SV_NOMEM;

	text = sv_str_trim(text);
	if (s != NULL)
		r = text.n > 0 && text.p[0] == '{'
		    ? read_json(s, text, true, err) : read_pem(s, text, err);
	return finish(s, sv_is_ok(r) ? name_key(s) : r, err);
}

void
ad_jwk_set_free(struct ad_jwk_set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		EVP_PKEY_free(s->key[i].key);
	sv_arena_free(&s->A);
	free(s);
}
