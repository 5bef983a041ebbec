/*
 * The token that the CDS Hooks specification prints, with the clock stopped at
 * its time (R63), and what each rule of the client's section does to it.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_cds_known.h"
#include "ad_jwt.h"
#include "ad_memory.h"
#include "vignette.h"

/* Its claims: iat 1311280970, exp 1422568860. */
#define THEN 1422568800
#define TODAY 1795564800

static struct sv_arena A;
static struct core_rulebook book;
static struct map_engine engine;
static struct ad_cds_conf conf;
static char keys[1024];

static struct sv_str
token(void)
{
	char path[1024];
	char *p = sv_arena_zalloc(&A, 1, 4096);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/cdshooks/jwt/spec-es384.jwt",
	    getenv("SALVOR_TEST_DATA"));
	f = fopen(path, "r");
	cr_assert(f != NULL && p != NULL, "%s", path);
	cr_assert(fread(p, 1, 4095, f) > 0);
	(void)fclose(f);
	return sv_str_trim(sv_str_of(p));
}

static void
start(void)
{
	A = ad_arena((size_t)256 << 20);
	book = test_rulebook(&A);
	engine = test_engine(&A, &book);
	(void)snprintf(keys, sizeof(keys), "%s/cdshooks/jwt/"
	    "spec-es384-jwks.json", getenv("SALVOR_TEST_DATA"));
	conf = (struct ad_cds_conf){ .on = true, .n_clients = 1,
		.base = { .at = { SV_LIT("https://cds.example.org") },
		    .n = 1 } };
	conf.client[0] = (struct ad_cds_client){ .name = "spec",
		.issuer = SV_LIT("https://fhir-ehr.example.com/"),
		.jwks = keys, .algorithms = AD_JWA_SMART,
		.max_life_s = 200000000 };
}

static void
finish(void)
{
	sv_arena_free(&A);
}

static enum ad_cds_verdict
check(const char *path, int64_t now_s, struct ad_cds_identity *id)
{
	struct ad_cds_origin o = { &conf, &engine, SV_LIT("test") };
	struct sv_err err;
	struct ad_cds_setup *s = ad_cds_setup_new(&o, &err);
	struct ad_cds_claim claim = { .token = token(),
		.path = sv_str_of(path), .now_s = now_s };
	enum ad_cds_verdict v;

	cr_assert(s != NULL, "%s: %s", err.where, err.text);
	v = ad_cds_client_check(&A, s, &claim, id);
	ad_cds_setup_free(s);
	return v;
}

TestSuite(cds_client, .init = start, .fini = finish);

/* R63 R56 R58 R59 R60 */
Test(cds_client, vector_of_the_specification)
{
	static const char path[] = "/cds-services/some-service";
	struct ad_cds_identity id;

	cr_expect(check(path, THEN, &id) == AD_CDS_KNOWN, "%s", id.why);
	cr_expect(check(path, TODAY, &id) == AD_CDS_UNKNOWN);
	cr_expect_str_eq(id.why, "expired");
	cr_expect(check("/cds-services/another", THEN, &id)
	    == AD_CDS_UNKNOWN);
	cr_expect_str_eq(id.why, "audience");
	conf.client[0].max_life_s = 3600;
	cr_expect(check(path, THEN, &id) == AD_CDS_UNKNOWN);
	conf.client[0].max_life_s = 200000000;
	conf.client[0].jku = SV_LIT("https://other.example/keys");
	cr_expect(check(path, THEN, &id) == AD_CDS_UNKNOWN);
	cr_expect_str_eq(id.why, "jku");
	conf.client[0].jku = (struct sv_str){ NULL, 0 };
	conf.client[0].algorithms = AD_JWA_RS384;
	cr_expect(check(path, THEN, &id) == AD_CDS_UNKNOWN);
	conf.client[0].algorithms = AD_JWA_SMART;
	conf.client[0].issuer = SV_LIT("https://fhir-ehr.example.com");
	cr_expect(check(path, THEN, &id) == AD_CDS_UNKNOWN);
}

/* R66: until it expires, for where it was good, and nothing but it */
Test(cds_client, good_token_is_remembered)
{
	struct ad_cds_known *K = ad_cds_known_new();
	struct ad_cds_claim c = { .token = SV_LIT("h.c.s"),
		.path = SV_LIT("/cds-services/a"), .now_s = 1000 };
	struct ad_cds_identity id = { .client = &conf.client[0],
		.tenant = SV_LIT("t1"), .expires_s = 1300 }, found;

	cr_assert(K != NULL);
	cr_expect(!ad_cds_known_find(K, &A, &c, &found));
	ad_cds_known_put(K, &c, &id);
	cr_assert(ad_cds_known_find(K, &A, &c, &found));
	cr_expect(found.client == &conf.client[0]);
	cr_expect(sv_str_is(found.tenant, "t1"));
	c.now_s = 1300 + AD_JWT_LEEWAY_S - 1;
	cr_expect(ad_cds_known_find(K, &A, &c, &found));
	c.now_s++;
	cr_expect(!ad_cds_known_find(K, &A, &c, &found));
	c.now_s = 1000;
	c.path = SV_LIT("/cds-services/b");
	cr_expect(!ad_cds_known_find(K, &A, &c, &found));
	c.path = SV_LIT("/cds-services/a");
	c.token = SV_LIT("h.c.S");
	cr_expect(!ad_cds_known_find(K, &A, &c, &found));
	ad_cds_known_free(K);
}
