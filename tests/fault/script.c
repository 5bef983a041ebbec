#include "script.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_memory.h"
#include "ad_store_pack.h"
#include "messages.h"
#include "sv_limits.h"
#include "test_arena.h"
#include "vignette.h"

/* 2026-05-01T12:00:00Z */
#define NOW_MS ((int64_t)1777636800000)
#define UNIT 3
#define NONE { "", 0 }

static struct {
	const char *method, *type, *id;
	struct sv_str body;
	const char *file;
} sent[SCRIPT_N] = {
	{ "POST", "", "", NONE, "tests/cases/vignettes-fhir/V013.json" },
	{ "POST", "", "", SV_STATIC(PATIENT), NULL },
	{ "POST", "", "", SV_STATIC(CANCER), NULL },
	{ "POST", "", "", NONE, "tests/cases/vignettes-fhir/V049.json" },
	{ "POST", "", "", SV_STATIC(SURGERY), NULL },
	{ "POST", "", "", SV_STATIC(PSA("p1", "\"meta\":{\"versionId\":\"1\","
	    "\"lastUpdated\":\"2025-11-10T10:00:00Z\"},", "final",
	    "2025-11-10", "0.24")), NULL },
	{ "POST", "", "", SV_STATIC(PSA("p2", META("2"), "final", "2026-02-10",
	    "0.40")), NULL },
	{ "POST", "", "", SV_STATIC("{\"resourceType\":\"Observation\","), NULL },
	{ "POST", "", "", SV_STATIC("{\"resourceType\":\"Procedure\",\"id\":"
	    "\"x\",\"status\":\"completed\"}"), NULL },
	{ "PUT", "Observation", "p2", SV_STATIC(PSA("p2", META("3"),
	    "corrected", "2026-02-10", "0.55")), NULL },
	{ "POST", "", "", SV_STATIC(MESSAGE("m1", ",{\"resource\":" PATIENT
	    "}")), NULL },
	{ "POST", "", "", SV_STATIC(PSA("p3", META("1"), "final", "2026-03-10",
	    "0.80")), NULL },
	{ "DELETE", "Observation", "p1", NONE, NULL },
	{ "POST", "", "", SV_STATIC(PSA("p2", META("1"), "final", "2026-02-10",
	    "9.9")), NULL },
	{ "POST", "", "", NONE, "tests/cases/vignettes-fhir/V054.json" },
	{ "POST", "", "", SV_STATIC("{\"resourceType\":\"Bundle\",\"type\":"
	    "\"batch\",\"entry\":[{\"resource\":" PATIENT ",\"request\":{"
	    "\"method\":\"PUT\",\"url\":\"Patient/7\"}},{\"request\":{"
	    "\"method\":\"GET\",\"url\":\"Patient/7\"}}]}"), NULL },
	{ "POST", "", "", SV_STATIC(PSA("p3", META("2"), "entered-in-error",
	    "2026-03-10", "0.80")), NULL },
	{ "POST", "", "", SV_STATIC(PSA("p4", META("1"), "final", "2026-04-10",
	    "0.75")), NULL },
	{ "POST", "", "", NONE, "tests/cases/vignettes-fhir/V066.json" },
	{ "POST", "", "", NONE, "tests/cases/vignettes-fhir/V013.json" },
};

static struct sv_arena A;
static struct core_rulebook book;
static struct map_engine engine;
static const struct sv_str ehr[] = { SV_STATIC("ehr") };
static struct ad_intake_config cfg;
static char folder[] = "/tmp/salvor-fault-XXXXXX", file[64];

static void
remove_folder(void)
{
	char lock[80];

	(void)snprintf(lock, sizeof(lock), "%s.lock", file);
	(void)remove(lock);
	(void)remove(file);
	(void)remove(folder);
}

void
script_load(void)
{
	A = test_arena((size_t)512 << 20);
	book = test_rulebook(&A);
	engine = test_engine(&A, &book);
	cfg = (struct ad_intake_config){ .engine = &engine,
		.destinations = ehr, .n_destinations = 1,
		.software = SV_LIT("salvor test") };
	for (size_t i = 0; i < SCRIPT_N; i++) {
		if (sent[i].file != NULL)
			sent[i].body = test_read(&A, sent[i].file);
	}
	cr_assert(mkdtemp(folder) != NULL);
	(void)snprintf(file, sizeof(file), "%s/s.db", folder);
	(void)atexit(remove_folder);
}

struct ad_store *
script_open(void)
{
	struct sv_err err;

	return ad_store_open(file, AD_STORE_SERVICE, &err);
}

struct sv_status
script_apply(struct ad_store *S, size_t i, struct ad_intake **ret)
{
	/* The cases use the same ids: each is from a server of its own. */
	struct ad_request r = { .source = sv_str_of(sent[i].file != NULL
		? sent[i].file : "lab"),
		.method = sv_str_of(sent[i].method),
		.type = sv_str_of(sent[i].type), .id = sv_str_of(sent[i].id),
		.body = sent[i].body, .received_ms = NOW_MS };
	struct sv_status s;

	SV_TRY(ad_intake_read(&cfg, &r, ret));
	SV_TRY(ad_store_savepoint(S));
	s = ad_intake_apply(*ret, S);
	if (sv_is_ok(s))
		return ad_store_release(S);
	SV_ENSURE(s.code != SV_CODE_RETRY, s);
	SV_TRY(ad_store_undo(S));
	return s;
}

static bool
apply_unit(struct ad_store *S, const size_t *which, size_t n,
    struct ad_intake **I)
{
	if (!sv_is_ok(ad_store_begin(S)))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!sv_is_ok(script_apply(S, which[i], &I[i]))) {
			ad_store_rollback(S);
			return false;
		}
	}
	return sv_is_ok(ad_store_commit(S));
}

static bool
send_unit(struct ad_store *S, struct ledger *L, const size_t *which, size_t n)
{
	struct ad_intake *I[UNIT] = { NULL };
	bool ok = apply_unit(S, which, n, I);

	for (size_t i = 0; i < n; i++) {
		if (ok) {
			struct ad_answer a = ad_intake_answer(I[i]);

			L->message[which[i]].acked = true;
			L->message[which[i]].id = a.message;
			L->message[which[i]].fate = a.fate;
		}
		ad_intake_free(I[i]);
	}
	return ok;
}

static void
post(struct ad_store *S, struct ledger *L)
{
	struct sv_arena B = ad_arena(SV_LIMIT_OUTPUT * 2);
	struct ad_claim c = { .destination = ehr[0], .now_ms = NOW_MS,
		.max = 2 };

	if (sv_is_ok(ad_store_claim(S, &B, &c))) {
		for (size_t i = 0; i < c.n; i++) {
			c.rows[i].state = AD_ROW_DONE;
			c.rows[i].status = 200;
			c.rows[i].reason = SV_LIT("");
			if (sv_is_ok(ad_store_settle_row(S, &c.rows[i]))
			    && L->n_settled < 64)
				L->settled[L->n_settled++] = c.rows[i].id;
		}
	}
	sv_arena_free(&B);
}

bool
script_send(struct ad_store *S, struct ledger *L)
{
	size_t which[UNIT], n = 0;
	bool all = true;

	for (size_t i = 0; i < SCRIPT_N; i++) {
		if (!L->message[i].acked)
			which[n++] = i;
		if (n == UNIT || (i == SCRIPT_N - 1 && n > 0)) {
			all = send_unit(S, L, which, n) && all;
			post(S, L);
			n = 0;
		}
	}
	return all;
}

static bool
is_kept(struct ad_store *S, const struct ledger *L, size_t i)
{
	struct sv_arena B = ad_arena(SV_LIMIT_ARENA);
	struct ad_message m;
	struct sv_str body = { "", 0 };
	bool ok = sv_is_ok(ad_store_get_message(S, &B, L->message[i].id, &m));

	if (ok && sent[i].body.n > 0)
		ok = sv_is_ok(ad_store_unpack(&B, m.body, SV_LIMIT_DOCUMENT,
		    &body));
	ok = ok && sv_str_eq(body, sent[i].body)
	    && m.fate == L->message[i].fate && m.status != 0;
	sv_arena_free(&B);
	return ok;
}

bool
script_kept(struct ad_store *S, const struct ledger *L)
{
	struct sv_arena B = ad_arena(SV_LIMIT_ARENA);
	struct ad_row r;
	bool ok = true;

	for (size_t i = 0; ok && i < SCRIPT_N; i++)
		ok = !L->message[i].acked || is_kept(S, L, i);
	for (size_t i = 0; ok && i < L->n_settled; i++)
		ok = sv_is_ok(ad_store_get_row(S, &B, L->settled[i], &r))
		    && r.state == AD_ROW_DONE;
	sv_arena_free(&B);
	return ok;
}

void
script_check(struct ad_store *S, const struct ledger *L)
{
	cr_assert(sv_is_ok(ad_store_check(S)), "%s", ad_store_error(S));
	cr_assert(script_kept(S, L), "an acknowledged message is gone");
}

static int
in_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* In order of the decisions: patients are numbered as they come. */
const char *
script_guidance(struct ad_store *S)
{
	static char text[4096];
	struct sv_arena B = ad_arena(SV_LIMIT_ARENA);
	struct ad_guidance *g;
	char line[32][80];
	size_t n, lines = 0;

	for (int64_t patient = 1; patient <= 8; patient++) {
		cr_assert(sv_is_ok(ad_store_current(S, &B, patient, &g, &n)));
		for (size_t i = 0; i < n && lines < 32; i++)
			(void)snprintf(line[lines++], 80, "%.*s %d\n",
			    SV_FMT(g[i].decision), g[i].cancer);
	}
	sv_arena_free(&B);
	qsort(line, lines, sizeof(line[0]), in_order);
	text[0] = '\0';
	for (size_t i = 0, at = 0; i < lines; i++, at += strlen(line[i - 1]))
		(void)memcpy(text + at, line[i], strlen(line[i]) + 1);
	return text;
}
