/*
 * Messages in, guidance and outbox rows out; over a store in a temporary
 * folder.
 */
#define _GNU_SOURCE	/* memmem */
#include "intake_fixture.h"
#include "sv_limits.h"

TestSuite(intake, .init = setup, .fini = remove_store);

static struct ad_answer
post_file(const char *path)
{
	return send("POST", "", "", test_read(&A, path));
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
	remove_store();
	setup();
	send_clean();
	remove_store();
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
