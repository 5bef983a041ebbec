/*
 * Messages in, guidance and outbox rows out; over a store in a temporary
 * folder.
 */
#define _GNU_SOURCE	/* memmem */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ad_intake.h"
#include "messages.h"
#include "sv_limits.h"
#include "test_arena.h"
#include "vignette.h"

/* 2026-05-01T12:00:00Z */
#define NOW_MS ((int64_t)1777636800000)

static struct sv_arena A;
static struct core_rulebook book;
static struct map_engine engine;
static const struct sv_str ehr[] = { SV_STATIC("ehr") };
static struct ad_intake_config cfg;
static struct ad_store *S;
static char folder[] = "/tmp/salvor-intake-XXXXXX", file[64];

static void
setup(void)
{
	struct sv_err err = { .text = "" };

	A = test_arena((size_t)512 << 20);
	book = test_rulebook(&A);
	engine = test_engine(&A, &book);
	cfg = (struct ad_intake_config){ .engine = &engine,
		.destinations = ehr, .n_destinations = 1,
		.software = SV_LIT("salvor test") };
	cr_assert(mkdtemp(folder) != NULL);
	(void)snprintf(file, sizeof(file), "%s/s.db", folder);
	S = ad_store_open(file, AD_STORE_SERVICE, &err);
	cr_assert(S != NULL, "%s", err.text);
}

static void
teardown(void)
{
	char command[128];

	ad_store_close(S);
	sv_arena_free(&A);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert(system(command) == 0);
}

TestSuite(intake, .init = setup, .fini = teardown);

/* Send ${body}; the answer, its body copied. */
static struct ad_answer
send(const char *method, const char *type, const char *id, struct sv_str body)
{
	struct ad_request r = { .source = SV_LIT("lab"),
		.method = sv_str_of(method), .type = sv_str_of(type),
		.id = sv_str_of(id), .body = body, .received_ms = NOW_MS };
	struct ad_intake *I;
	struct ad_answer a;

	cr_assert(sv_is_ok(ad_intake_read(&cfg, &r, &I)));
	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_intake_apply(I, S)), "%s", ad_store_error(S));
	cr_assert(sv_is_ok(ad_store_commit(S)));
	a = ad_intake_answer(I);
	a.body = sv_arena_str(&A, a.body);
	ad_intake_free(I);
	return a;
}

static struct ad_answer
post(const char *text)
{
	return send("POST", "", "", sv_str_of(text));
}

static struct ad_answer
post_file(const char *path)
{
	return send("POST", "", "", test_read(&A, path));
}

static int64_t
count_rows(void)
{
	struct ad_store_counts c;

	cr_assert(sv_is_ok(ad_store_count(S, &c)));
	return c.rows[AD_ROW_WAITING];
}

/* The decisions that hold for the patient ${name}, joined. */
static struct sv_str
holds(const char *name)
{
	struct ad_guidance *g;
	struct sv_str all = { "", 0 };
	int64_t patient;
	size_t n;

	cr_assert(sv_is_ok(ad_store_find_patient(S, SV_LIT("lab"),
	    sv_str_of(name), &patient)));
	cr_assert(sv_is_ok(ad_store_current(S, &A, patient, &g, &n)));
	for (size_t i = 0; i < n; i++)
		all = sv_arena_printf(&A, "%.*s%.*s ", SV_FMT(all),
		    SV_FMT(g[i].decision));
	return all;
}

static bool
contains(struct sv_str text, const char *part)
{
	return text.n > 0 && memmem(text.p, text.n, part, strlen(part)) != NULL;
}

/* The newest row of the outbox. */
static struct sv_str
newest_row(void)
{
	struct ad_store_counts c;
	struct ad_row r;

	cr_assert(sv_is_ok(ad_store_count(S, &c)));
	cr_assert(sv_is_ok(ad_store_get_row(S, &A, c.rows[AD_ROW_WAITING],
	    &r)));
	return r.body;
}

static const char *const clean[] = { PATIENT, CANCER, SURGERY,
	PSA("p1", META("1"), "final", "2025-11-10", "0.24"),
	PSA("p2", META("2"), "corrected", "2026-02-10", "0.40") };

static void
send_clean(void)
{
	for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
		cr_assert_eq(post(clean[i]).status, 200);
}

Test(intake, one_resource_after_the_other_is_decided)
{
	send_clean();
	cr_assert_gt(holds("7").n, 0);
	cr_assert_gt(count_rows(), 0);
}

Test(intake, order_and_repetition_do_not_matter)
{
	static const char late[]
	    = PSA("p2", META("1"), "final", "2026-02-10", "9.9");
	struct sv_str expect, got;
	int64_t rows;

	send_clean();
	expect = holds("7");
	teardown();
	memcpy(folder, "/tmp/salvor-intake-XXXXXX", sizeof(folder));
	setup();
	send_clean();
	teardown();
	memcpy(folder, "/tmp/salvor-intake-XXXXXX", sizeof(folder));
	setup();
	for (size_t i = sizeof(clean) / sizeof(clean[0]); i-- > 0;) {
		cr_assert_eq(post(clean[i]).status, 200);
		cr_assert_eq(post(clean[i]).status, 200);
	}
	rows = count_rows();
	cr_assert_eq(post(late).status, 200);
	cr_assert_eq(count_rows(), rows, "a late version posts nothing");
	got = holds("7");
	cr_assert_gt(got.n, 0);
	cr_assert_eq(got.n, expect.n);
}

Test(intake, what_is_deleted_is_withdrawn_and_stays_deleted)
{
	int64_t rows;

	send_clean();
	rows = count_rows();
	cr_assert_eq(send("DELETE", "Observation", "p1",
	    (struct sv_str){ "", 0 }).status, 200);
	cr_assert_eq(count_rows(), rows + 1);
	cr_assert(contains(newest_row(), "\"status\":\"revoked\""));
	cr_assert(contains(newest_row(), "CarePlan?identifier="));
	/* The late create of what was deleted does not bring it back. */
	cr_assert_eq(post(PSA("p1", "\"meta\":{\"versionId\":\"1\","
	    "\"lastUpdated\":\"2025-11-10T10:00:00Z\"},", "final",
	    "2025-11-10", "0.24")).status, 200);
	cr_assert_eq(count_rows(), rows + 1);
}

Test(intake, entered_in_error_withdraws)
{
	int64_t rows;

	send_clean();
	rows = count_rows();
	cr_assert_eq(post(PSA("p2", META("3"), "entered-in-error", "2026-02-10",
	    "0.40")).status, 200);
	cr_assert_eq(count_rows(), rows + 1);
	cr_assert(contains(newest_row(), "\"replaces\""));
}

Test(intake, nothing_changed_posts_nothing)
{
	int64_t rows;

	send_clean();
	rows = count_rows();
	send_clean();
	cr_assert_eq(count_rows(), rows);
}

Test(intake, merged_patients_are_one)
{
	static const char other[] = "{\"resourceType\":\"Patient\",\"id\":\"8\","
	    "\"link\":[{\"other\":{\"reference\":\"Patient/7\"},\"type\":"
	    "\"replaced-by\"}]}";
	struct sv_str expect;
	int64_t seven, eight;
	char text[1024], *at;

	send_clean();
	expect = holds("7");
	/* The last PSA is taken back, and comes again under another name. */
	cr_assert_eq(send("DELETE", "Observation", "p2",
	    (struct sv_str){ "", 0 }).status, 200);
	cr_assert_neq(sv_str_cmp(holds("7"), expect), 0);
	(void)snprintf(text, sizeof(text), "%s",
	    PSA("p3", "", "final", "2026-02-10", "0.40"));
	at = strstr(text, "Patient/7");
	cr_assert(at != NULL);
	at[8] = '8';
	cr_assert_eq(post(text).status, 200);
	cr_assert_eq(post(other).status, 200);
	cr_assert(sv_is_ok(ad_store_find_patient(S, SV_LIT("lab"), SV_LIT("7"),
	    &seven)));
	cr_assert(sv_is_ok(ad_store_find_patient(S, SV_LIT("lab"), SV_LIT("8"),
	    &eight)));
	cr_assert_eq(seven, eight);
	cr_assert_gt(holds("8").n, 0);
}

Test(intake, a_result_that_moves_leaves_the_wrong_patient)
{
	char text[1024], *at;
	struct sv_str before;

	send_clean();
	before = holds("7");
	(void)snprintf(text, sizeof(text), "%s",
	    PSA("p2", META("3"), "corrected", "2026-02-10", "0.40"));
	at = strstr(text, "Patient/7");
	at[8] = '9';
	cr_assert_eq(post(text).status, 200);
	cr_assert_neq(sv_str_cmp(holds("7"), before), 0);
}

Test(intake, what_is_wrong_is_refused_and_changes_nothing)
{
	struct ad_store_counts c;
	struct ad_answer a = post("{\"resourceType\":\"Observation\",");

	cr_assert_eq(a.status, 400);
	cr_assert_eq(a.fate, AD_FATE_REFUSED);
	cr_assert(contains(a.body, "OperationOutcome"));
	a = post("{\"resourceType\":\"Bundle\",\"type\":\"transaction\","
	    "\"entry\":[{\"resource\":" PATIENT "},{\"resource\":"
	    "{\"resourceType\":\"Patient\",\"id\":\"8\"}}]}");
	cr_assert_eq(a.status, 422);
	cr_assert_eq(send("PUT", "Patient", "9", SV_LIT(PATIENT)).status, 400);
	cr_assert(sv_is_ok(ad_store_count(S, &c)));
	cr_assert_eq(c.patients, 0);
	cr_assert_eq(c.messages[AD_FATE_REFUSED], 3);
}

Test(intake, what_names_no_patient_is_held)
{
	struct ad_answer a = post("{\"resourceType\":\"Procedure\",\"id\":\"x\","
	    "\"status\":\"completed\"}");

	cr_assert_eq(a.status, 202);
	cr_assert_eq(a.fate, AD_FATE_HELD);
}

Test(intake, a_batch_answers_entry_by_entry)
{
	struct ad_answer a = post("{\"resourceType\":\"Bundle\",\"type\":\"batch\","
	    "\"entry\":[{\"resource\":" PATIENT ",\"request\":{\"method\":"
	    "\"PUT\",\"url\":\"Patient/7\"}},{\"request\":{\"method\":\"GET\","
	    "\"url\":\"Patient/7\"}},{\"resource\":" CANCER ",\"request\":{"
	    "\"method\":\"POST\",\"url\":\"Condition\"}}]}");

	cr_assert_eq(a.status, 200);
	cr_assert_eq(a.fate, AD_FATE_APPLIED);
	cr_assert(contains(a.body, "batch-response"));
	cr_assert(contains(a.body, "422 "));
	cr_assert(contains(a.body, "200 OK"));
}

Test(intake, a_message_that_comes_twice_is_answered_as_the_first_time)
{
	static const char text[] = MESSAGE("m1", ",{\"resource\":" PATIENT "}");
	struct ad_answer a = post(text), b = post(text);
	struct ad_store_counts c;

	cr_assert_eq(a.status, 200);
	cr_assert(!a.duplicate);
	cr_assert(b.duplicate);
	cr_assert_eq(b.message, a.message);
	cr_assert(sv_str_eq(a.body, b.body));
	cr_assert(contains(a.body, "\"identifier\":\"m1\""));
	cr_assert(sv_is_ok(ad_store_count(S, &c)));
	cr_assert_eq(c.messages[AD_FATE_APPLIED], 1);
}

Test(intake, all_vignettes_are_applied_and_stay_apart)
{
	struct ad_store_counts c;
	char path[128];

	for (int i = 1; i <= 125; i++) {
		(void)snprintf(path, sizeof(path),
		    "tests/cases/vignettes-fhir/V%03d.json", i);
		if (test_exists(path))
			cr_assert_eq(post_file(path).fate, AD_FATE_APPLIED,
			    "%s", path);
	}
	cr_assert(sv_is_ok(ad_store_count(S, &c)));
	cr_assert_gt(c.patients, 100);
}

Test(intake, rows_are_claimed_in_order_per_patient)
{
	struct ad_claim c = { .destination = ehr[0], .now_ms = NOW_MS,
		.max = 10 };
	int64_t first;

	send_clean();
	cr_assert(sv_is_ok(ad_store_claim(S, &A, &c)));
	cr_assert_eq(c.n, 1, "one at a time");
	cr_assert(contains(c.rows[0].body, "GuidanceResponse"));
	first = c.rows[0].id;
	cr_assert(sv_is_ok(ad_store_claim(S, &A, &c)));
	cr_assert_eq(c.n, 0, "the first is under way");
	c.rows[0] = (struct ad_row){ .id = first, .state = AD_ROW_DONE,
		.status = 200 };
	cr_assert(sv_is_ok(ad_store_settle_row(S, &c.rows[0])));
	cr_assert(sv_is_ok(ad_store_claim(S, &A, &c)));
	cr_assert_eq(c.n, 1);
	cr_assert_gt(c.rows[0].id, first);
}

Test(intake, a_store_has_one_service)
{
	struct sv_err err;

	cr_assert(ad_store_open(file, AD_STORE_SERVICE, &err) == NULL);
	cr_assert(sv_is_ok(ad_store_check(S)));
}
