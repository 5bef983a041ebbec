/*
 * Requests: the files of others replayed, what is refused, and the states of
 * prefetched data.  The numbers are those of tests/cases/cds-requirements.tsv.
 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map_card.h"
#include "test_arena.h"

static struct sv_arena A;
static struct map_hook_request q;
static struct fhir_issues is;

static bool
reads(struct sv_str text, enum map_hook hook, bool wrapped)
{
	struct map_hook_options o = { .hook = hook, .plain = true,
		.wrapped = wrapped };

	fhir_issues_init(&is, &A);
	return sv_is_ok(map_hook_read(&A, text, &o, &q, &is));
}

static struct sv_str
file(const char *name)
{
	char path[1024];
	char *p = sv_arena_alloc(&A, 1 << 20);
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/cdshooks/%s",
	    getenv("SALVOR_TEST_DATA"), name);
	f = fopen(path, "rb");
	cr_assert(f != NULL && p != NULL, "%s", path);
	n = fread(p, 1, 1 << 20, f);
	(void)fclose(f);
	return (struct sv_str){ p, n };
}

static void
start(void)
{
	A = test_arena((size_t)64 << 20);
}

static void
finish(void)
{
	sv_arena_free(&A);
}

TestSuite(hook, .init = start, .fini = finish);

/* R12 R16 R17 R28: requests of the specification, HAPI, cqf-ruler and the
 * sandbox, and whether they are good.  The extension example of the
 * specification lacks patientId. */
Test(hook, files_of_others)
{
	static const struct {
		const char *name;
		enum map_hook hook;
		bool good, wrapped;
	} rows[] = {
		{ "spec-2.0.1/02-example.json", MAP_HOOK_PATIENT_VIEW, true, 0 },
		{ "spec-2.0.1/28-extensions.json", MAP_HOOK_PATIENT_VIEW,
		    false, 0 },
		{ "spec-3.0-ballot-head/02-example.json",
		    MAP_HOOK_PATIENT_VIEW, true, 0 },
		{ "sandbox/captured-patient-view.json", MAP_HOOK_PATIENT_VIEW,
		    true, 0 },
		{ "sandbox/captured-order-select.json", MAP_HOOK_ORDER_SELECT,
		    true, 0 },
		{ "sandbox/captured-order-sign.json", MAP_HOOK_ORDER_SIGN,
		    true, 0 },
		{ "quirks/request-epic-like-patient-view.json",
		    MAP_HOOK_PATIENT_VIEW, true, 0 },
		{ "quirks/request-prefetch-mix.json", MAP_HOOK_PATIENT_VIEW,
		    true, 0 },
		{ "quirks/request-truncated-total.json",
		    MAP_HOOK_PATIENT_VIEW, true, 0 },
		{ "cqf-ruler/opioidcds-01-request-prefetch.json",
		    MAP_HOOK_ORDER_SELECT, true, true },
		{ "cqf-ruler/opioidcds-04-request-prefetch.json",
		    MAP_HOOK_ORDER_SELECT, true, true },
		{ "cqf-ruler/opioidcds-08-request-prefetch.json",
		    MAP_HOOK_ORDER_SIGN, true, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(reads(file(rows[i].name), rows[i].hook,
		    rows[i].wrapped) == rows[i].good, "%s: %.*s",
		    rows[i].name, SV_FMT(is.n > 0 ? is.at[0].text
		    : SV_LIT("good")));
}

/* R15 R19: everything else in the folder is read or refused, never more. */
Test(hook, every_file)
{
	static const char *const folders[] = { "spec-2.0.1",
		"spec-3.0-ballot-head", "hook-library", "cqf-ruler", "hapi",
		"quirks", "sandbox" };
	size_t seen = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[1024];
		struct dirent *e;
		DIR *d;

		(void)snprintf(path, sizeof(path), "%s/cdshooks/%s",
		    getenv("SALVOR_TEST_DATA"), folders[i]);
		d = opendir(path);
		cr_assert(d != NULL);
		while ((e = readdir(d)) != NULL) {
			if (e->d_name[0] == '.')
				continue;
			(void)snprintf(path, sizeof(path), "%s/%s",
			    folders[i], e->d_name);
			for (int h = 0; h < MAP_HOOK_MAX; h++) {
				bool good = reads(file(path),
				    (enum map_hook)h, false);

				cr_expect(good || is.n > 0, "%s", path);
				sv_arena_reset(&A);
			}
			seen++;
		}
		(void)closedir(d);
	}
	cr_assert(seen > 80, "%zu", seen);
}

/* R20 R21 R22: null, a Bundle with a next page, an OperationOutcome, a key
 * that nobody asked for. */
Test(hook, prefetch_mix)
{
	struct sv_str text = file("quirks/request-prefetch-mix.json");
	struct sv_str rest = text;
	char *p = sv_arena_alloc(&A, text.n + 64);
	const char *at = memmem(text.p, text.n, "\"psa\"", 5);

	cr_assert(p != NULL && at != NULL);
	/* Its key "psa" is our "observations". */
	rest = sv_str_from(text, (size_t)(at - text.p) + 5);
	memcpy(p, text.p, (size_t)(at - text.p));
	memcpy(p + (at - text.p), "\"observations\"", 14);
	memcpy(p + (at - text.p) + 14, rest.p, rest.n);
	cr_assert(reads((struct sv_str){ p, text.n + 9 },
	    MAP_HOOK_PATIENT_VIEW, false));
	cr_expect(q.key[MAP_KEY_PATIENT].state == MAP_SUPPLY_WHOLE);
	cr_expect(q.key[MAP_KEY_CONDITIONS].state == MAP_SUPPLY_EMPTY);
	cr_expect(q.key[MAP_KEY_OBSERVATIONS].state == MAP_SUPPLY_PART);
	cr_expect(q.key[MAP_KEY_PROCEDURES].state == MAP_SUPPLY_FAILED);
	cr_expect(q.key[MAP_KEY_MEDICATIONS].state == MAP_SUPPLY_ABSENT);
	cr_expect(map_hook_wants(&q, MAP_KEY_OBSERVATIONS), "its next page");
	cr_expect(map_hook_wants(&q, MAP_KEY_MEDICATIONS));
	cr_expect(!map_hook_wants(&q, MAP_KEY_CONDITIONS), "known empty");
	cr_expect(!map_hook_wants(&q, MAP_KEY_PROCEDURES), "no re-query");
	cr_expect(map_hook_ability(&q, false) == MAP_BLIND);
	/* R32: its Observation does not say whose it is. */
	cr_expect_eq(q.n_foreign, 1);
	cr_expect_eq(q.key[MAP_KEY_OBSERVATIONS].unclear, 1);
}

/* R21: a warning beside no matches is no error; R17: ids of 194 characters;
 * R14: a scope that is no SMART scope. */
Test(hook, epic_like)
{
	cr_assert(reads(file("quirks/request-epic-like-patient-view.json"),
	    MAP_HOOK_PATIENT_VIEW, false));
	cr_expect(q.key[MAP_KEY_CONDITIONS].state == MAP_SUPPLY_EMPTY);
	cr_expect(q.key[MAP_KEY_MEDICATIONS].state == MAP_SUPPLY_WHOLE);
	cr_expect_eq(q.n_entries, 2);
	cr_expect(sv_str_is(q.token, "opaque-token-never-log-me"));
}

#define HEAD "{\"hook\":\"patient-view\",\"hookInstance\":"		\
	"\"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\","
#define CONTEXT "\"context\":{\"userId\":\"Practitioner/p\","		\
	"\"patientId\":\"Patient/1\"}"
#define AUTH(type, expires) "\"fhirAuthorization\":{\"access_token\":\"t\"," \
	"\"token_type\":" type ",\"expires_in\":" expires ",\"scope\":\"s\"," \
	"\"subject\":\"x\"}"

/* R4 R12 R13 R14 R15 R16: each with what is wrong, or good. */
Test(hook, members)
{
	static const struct { const char *text; bool good; } rows[] = {
		{ HEAD CONTEXT "}", true },
		{ HEAD CONTEXT ",\"more\":[1,{\"x\":null}]}", true },
		{ HEAD CONTEXT ",\"extension\":{\"a\":{}}}", true },
		{ HEAD CONTEXT ",\"extension\":[1]}", false },
		{ HEAD CONTEXT ",\"fhirServer\":\"https://x/\"," AUTH(
		    "\"Bearer\"", "300") "}", true },
		{ HEAD CONTEXT ",\"fhirServer\":\"https://x/\"," AUTH(
		    "\"Bearer\"", "\"300\"") "}", true },
		{ HEAD CONTEXT ",\"fhirServer\":\"https://x/\"," AUTH(
		    "\"bearer\"", "300") "}", false },
		{ HEAD CONTEXT ",\"fhirServer\":\"https://x/\"," AUTH(
		    "\"Bearer\"", "\"soon\"") "}", false },
		{ HEAD CONTEXT "," AUTH("\"Bearer\"", "300") "}", false },
		{ HEAD CONTEXT ",\"fhirServer\":\"ftp://x\"}", false },
		{ HEAD CONTEXT ",\"fhirServer\":5}", false },
		{ HEAD CONTEXT ",\"prefetch\":[]}", true },
		{ HEAD CONTEXT ",\"prefetch\":[{}]}", false },
		{ HEAD CONTEXT ",\"prefetch\":{\"conditions\":5}}", false },
		{ HEAD CONTEXT ",\"prefetch\":{\"conditions\":{}}}", false },
		{ HEAD CONTEXT ",\"prefetch\":{\"-user\":5}}", true },
		{ HEAD CONTEXT ",\"prefetch\":{\"patient\":{\"resourceType\":"
		    "\"Patient\",\"id\":\"2\"}}}", false },
		{ HEAD CONTEXT ",\"prefetch\":{\"patient\":{\"resourceType\":"
		    "\"Patient\",\"id\":\"1\"}}}", true },
		{ HEAD "\"context\":{}}", false },
		{ HEAD "\"context\":\"x\"}", false },
		{ HEAD "\"x\":1}", false },
		{ HEAD "\"context\":{\"userId\":\"Device/1\",\"patientId\":"
		    "\"1\"}}", false },
		{ HEAD "\"context\":{\"userId\":\"Patient/1\",\"patientId\":"
		    "1}}", false },
		{ HEAD CONTEXT "," CONTEXT "}", false },
		{ HEAD CONTEXT ",}", false },
		{ HEAD CONTEXT "} x", false },
		{ "{\"hook\":\"patient-view\",\"hookInstance\":\"1\"," CONTEXT
		    "}", false },
		{ "{\"hook\":\"order-sign\",\"hookInstance\":\"d1577c69-dfbe-"
		    "44ad-ba6d-3e05e953b2ea\"," CONTEXT "}", false },
		{ "{\"hookInstance\":\"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\","
		    CONTEXT "}", false },
		{ HEAD CONTEXT ",\"s\":\"\xff\"}", false },
		{ "[]", false }, { "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(reads(sv_str_of(rows[i].text),
		    MAP_HOOK_PATIENT_VIEW, false) == rows[i].good, "%s",
		    rows[i].text);
	cr_expect(!reads(SV_LIT(HEAD CONTEXT "}"), MAP_HOOK_ORDER_SIGN, 0));
}

#define OBSERVATION(subject) "{\"resource\":{\"resourceType\":"		\
	"\"Observation\",\"id\":\"o\",\"subject\":{\"reference\":\"" subject \
	"\"}}}"

/* R32: other patients, other servers. */
Test(hook, never_mixes)
{
	static const char text[] = HEAD CONTEXT ",\"fhirServer\":"
	    "\"https://ehr/fhir\",\"prefetch\":{\"observations\":{"
	    "\"resourceType\":\"Bundle\",\"entry\":["
	    OBSERVATION("Patient/1") "," OBSERVATION("Patient/2") ","
	    OBSERVATION("https://ehr/fhir/Patient/1") ","
	    OBSERVATION("https://other/fhir/Patient/1") ","
	    OBSERVATION("Group/1") "]}}}";

	cr_assert(reads(SV_LIT(text), MAP_HOOK_PATIENT_VIEW, false));
	cr_expect_eq(q.n_entries, 2);
	cr_expect_eq(q.n_foreign, 3);
	/* The same id elsewhere may be the same patient: not the whole. */
	cr_expect_eq(q.key[MAP_KEY_OBSERVATIONS].unclear, 1);
	cr_expect(!map_hook_has(&q, MAP_KEY_OBSERVATIONS));
}

/* R22: a total that is higher than what came. */
Test(hook, truncated)
{
	static const char text[] = HEAD CONTEXT ",\"prefetch\":{"
	    "\"observations\":{\"resourceType\":\"Bundle\",\"total\":40,"
	    "\"entry\":[" OBSERVATION("Patient/1") "]}}}";

	cr_assert(reads(SV_LIT(text), MAP_HOOK_PATIENT_VIEW, false));
	cr_expect(q.key[MAP_KEY_OBSERVATIONS].state == MAP_SUPPLY_PART);
	cr_expect(!map_hook_wants(&q, MAP_KEY_OBSERVATIONS), "no next page");
	cr_expect(!map_hook_has(&q, MAP_KEY_OBSERVATIONS));
}

/* R24 R25 R26 R27: tokens of 2.0.1, no parameter twice, no _include, at most
 * six keys; ids are encoded. */
Test(hook, templates)
{
	struct sv_str s;

	cr_assert(MAP_KEY_MAX <= 6);
	for (int k = 0; k < MAP_KEY_MAX; k++) {
		const char *t = map_template((enum map_key)k)->query;
		const char *token = strstr(t, "{{context.patientId}}");

		cr_expect(token != NULL);
		cr_expect(strstr(token + 1, "{{") == NULL);
		cr_expect(strstr(t, "_include") == NULL);
	}
	s = map_template_fill(&A, SV_LIT("X?patient={{context.patientId}}&code="
	    "a|b"), SV_LIT("1&x=/ y"));
	cr_expect(sv_str_is(s, "X?patient=1%26x%3D%2F%20y&code=a%7Cb"),
	    "%.*s", SV_FMT(s));
}
