/*
 * Who calls [R55-R62].  Whatever is wrong with a token, its sender only learns
 * that it was not accepted; the log says why.
 */
#include "ad_cds_part.h"

#include "ad_cds_known.h"
#include "ad_clock.h"
#include "ad_jwt.h"
#include "ad_log.h"
#include "ad_replay.h"

const struct ad_cds_client ad_cds_anyone = { .name = "development",
	.source = "development", .services = (1u << MAP_HOOK_MAX) - 1,
	.plain = true };

/* A URL as scheme, host with port, and path, so that equal ones compare equal:
 * the default port and one slash at the end say nothing (RFC 3986 section
 * 6.2.3). */
struct place {
	struct sv_str scheme, host, path;
};

static struct place
place_of(struct sv_str url)
{
	struct place p = { .scheme = { url.p, sv_str_chr(url, ':') } };
	struct sv_str rest = sv_str_from(url, p.scheme.n);
	bool tls = sv_str_eq_nocase(p.scheme, SV_LIT("https"));

	if (sv_str_starts(rest, SV_LIT("://")))
		rest = sv_str_from(rest, 3);
	p.host = (struct sv_str){ rest.p, sv_str_chr(rest, '/') };
	p.path = sv_str_from(rest, p.host.n);
	if (sv_str_ends(p.host, tls ? SV_LIT(":443") : SV_LIT(":80")))
		p.host.n -= tls ? 4 : 3;
	if (sv_str_ends(p.path, SV_LIT("/")))
		p.path.n--;
	return p;
}

bool
ad_cds_listed(const struct ad_cds_list *list, struct sv_str v)
{
	for (size_t i = 0; i < list->n; i++) {
		if (sv_str_eq(list->at[i], v))
			return true;
	}
	return false;
}

struct audience {
	const struct ad_cds_conf *conf;
	const struct ad_cds_client *client;
	struct sv_str path;
	bool feedback;
};

/* Is ${path} behind ${base} the place that was called, or, of feedback, the
 * service that it is about [R59]? */
static bool
is_place(const struct audience *a, struct sv_str base, const struct place *p)
{
	struct place b = place_of(base);
	struct sv_str path = a->path, tail;

	if (!sv_str_eq_nocase(b.scheme, p->scheme) || !sv_str_eq_nocase(b.host,
	    p->host) || !sv_str_starts(p->path, b.path))
		return false;
	tail = sv_str_from(p->path, b.path.n);
	if (sv_str_ends(path, SV_LIT("/")))
		path.n--;
	if (sv_str_eq(tail, path))
		return true;
	path.n -= a->feedback ? sizeof("/feedback") - 1 : 0;
	return a->feedback && sv_str_eq(tail, path);
}

static bool
is_audience(const void *ctx, struct sv_str audience)
{
	const struct audience *a = ctx;
	struct place p = place_of(audience);

	for (size_t i = 0; i < a->conf->base.n; i++) {
		if (is_place(a, a->conf->base.at[i], &p))
			return true;
	}
	return ad_cds_listed(&a->client->audience, audience);
}

/* Issuers may be shared by tenants, each a client of its own. */
static const struct ad_cds_client *
client_of(const struct ad_cds_conf *conf, struct sv_str issuer,
    struct sv_str tenant)
{
	for (size_t i = 0; i < conf->n_clients; i++) {
		if (sv_str_eq(conf->client[i].issuer, issuer)
		    && (conf->client[i].tenants.n == 0
		    || ad_cds_listed(&conf->client[i].tenants, tenant)))
			return &conf->client[i];
	}
	return NULL;
}

static enum ad_cds_verdict
no(struct ad_cds_identity *ret, const char *why)
{
	ret->why = why;
	return AD_CDS_UNKNOWN;
}

/* What ad_jwt does not ask: the spec's typ, sub, and where the keys are. */
static const char *
complaint(const struct ad_cds_client *c, const struct ad_jwt *t)
{
	if (!sv_str_is(t->typ, "JWT"))
		return "type";
	if (c->subject.n > 0 && !sv_str_eq(c->subject, t->subject))
		return "subject";
	if (t->jku.n > 0 && c->jku.n > 0 && !sv_str_eq(t->jku, c->jku))
		return "jku";
	return NULL;
}

static enum ad_jwt_fault
verify(const struct ad_cds_setup *s, const struct ad_cds_claim *claim,
    const struct ad_jwt *t, const struct ad_cds_client *c, bool *ret_later)
{
	struct audience a = { s->o.conf, c, claim->path, claim->feedback };
	struct ad_jwt_policy p = { .algorithms = c->algorithms,
		.issuer = c->issuer, .is_audience = is_audience, .ctx = &a,
		.now_s = claim->now_s, .leeway_s = AD_JWT_LEEWAY_S,
		.max_life_s = c->max_life_s, .need_typ = true,
		.need_kid = true, .need_iat = true, .need_jti = true };

	return ad_jwks_verify(s->keys[c - s->o.conf->client], t, &p,
	    ret_later);
}

enum ad_cds_verdict
ad_cds_client_check(struct sv_arena *A, const struct ad_cds_setup *s,
    const struct ad_cds_claim *claim, struct ad_cds_identity *ret)
{
	enum ad_jwt_fault fault;
	bool later = false;
	struct ad_jwt t;
	const char *why;

	*ret = (struct ad_cds_identity){ .client = NULL };
	if ((fault = ad_jwt_read(A, claim->token, &t)) != AD_JWT_GOOD)
		return no(ret, ad_jwt_fault_name(fault));
	ret->issuer = t.issuer;
	ret->tenant = ad_jwt_claim(&t, "tenant");
	ret->jti = t.jti;
	ret->expires_s = t.expires_s;
	ret->client = client_of(s->o.conf, t.issuer, ret->tenant);
	if (ret->client == NULL)
		return no(ret, "issuer-or-tenant");
	if ((why = complaint(ret->client, &t)) != NULL)
		return no(ret, why);
	fault = verify(s, claim, &t, ret->client, &later);
	if (fault == AD_JWT_GOOD)
		return AD_CDS_KNOWN;
	ret->why = ad_jwt_fault_name(fault);
	return later ? AD_CDS_LATER : AD_CDS_UNKNOWN;
}

static enum ad_cds_verdict
unknown(struct ad_cds_call *k, const struct ad_cds_identity *id)
{
	k->C->unauthorised++;
	ad_log("cds-refused", "client=%s why=%s", id->client != NULL
	    ? id->client->name : "-", id->why);
	return AD_CDS_UNKNOWN;
}

/* Seen before [R61]: refused, or, of a client that signs once for several
 * calls, noted. */
static enum ad_cds_verdict
check_replay(struct ad_cds_call *k, struct ad_cds_identity *id)
{
	enum ad_replayed r = ad_replay_note(k->C->replay, id->issuer, id->jti,
	    id->expires_s + AD_JWT_LEEWAY_S, ad_now_ms() / 1000);

	if (r == AD_REPLAY_FRESH)
		return AD_CDS_KNOWN;
	id->why = r == AD_REPLAY_SEEN ? "replayed" : "replay-memory-full";
	if (!id->client->replay_log) {
		(void)unknown(k, id);
		return r == AD_REPLAY_SEEN ? AD_CDS_UNKNOWN : AD_CDS_LATER;
	}
	ad_log("cds-replayed", "client=%s why=%s", id->client->name, id->why);
	return AD_CDS_KNOWN;
}

/* The token of ${claim}, by itself and by what was seen of it before. */
static enum ad_cds_verdict
check(struct ad_cds_call *k, const struct ad_cds_claim *claim,
    struct ad_cds_identity *id)
{
	struct ad_cds_known *known = k->use.setup->known;
	enum ad_cds_verdict v;

	if (known != NULL && ad_cds_known_find(known, &k->A, claim, id)) {
		ad_log("cds-replayed", "client=%s why=replayed",
		    id->client->name);
		return AD_CDS_KNOWN;
	}
	v = ad_cds_client_check(&k->A, k->use.setup, claim, id);
	if (v == AD_CDS_UNKNOWN)
		return unknown(k, id);
	if (v == AD_CDS_KNOWN)
		v = check_replay(k, id);
	if (v == AD_CDS_KNOWN && id->client->replay_log)
		ad_cds_known_put(known, claim, id);
	return v;
}

enum ad_cds_verdict
ad_cds_authenticate(struct ad_cds_call *k)
{
	const struct ad_cds_conf *conf = k->use.setup->o.conf;
	struct ad_cds_claim claim = { .token = ad_http_bearer(k->http),
		.path = ad_http_path(k->http),
		.feedback = k->place == AD_CDS_FEEDBACK,
		.now_s = ad_now_ms() / 1000 };
	struct ad_cds_identity id = { .why = "no-token" };
	enum ad_cds_verdict v;

	if (conf->development && conf->n_clients == 0) {
		k->client = &ad_cds_anyone;
		return AD_CDS_KNOWN;
	}
	if (claim.token.p == NULL)
		return unknown(k, &id);
	v = check(k, &claim, &id);
	if (v == AD_CDS_KNOWN) {
		k->tenant = id.tenant;
		k->client = id.client;
	}
	return v;
}
