/*
 * Patients who turn out to be one, and results that were another's.
 */
#define _GNU_SOURCE	/* memmem */
#include "intake_fixture.h"

TestSuite(merge, .init = setup, .fini = remove_store);

Test(merge, merged_patients_are_one)
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

/* ${text} of another patient, whose resources have other ids. */
static const char *
of_eight(const char *text)
{
	struct sv_buf b;

	sv_buf_init(&b, &A, 4096);
	for (; *text != '\0'; text++) {
		sv_buf_addc(&b, *text);
		if (strncmp(text, "Patient/7", 9) == 0) {
			sv_buf_add(&b, SV_LIT("atient/8"));
			text += 8;
		} else if (strncmp(text, "\"id\":\"", 6) == 0) {
			sv_buf_add(&b, SV_LIT("id\":\"x"));
			text += 5;
		}
	}
	sv_buf_addc(&b, '\0');
	return sv_buf_str(&b).p;
}

static size_t
claim_all(struct sv_str *ret_body)
{
	struct ad_claim c = { .destination = ehr[0], .now_ms = NOW_MS + 1000,
		.max = 10 };

	cr_assert(sv_is_ok(ad_store_claim(S, &A, &c)));
	for (size_t i = 0; i < c.n; i++) {
		struct ad_row done = c.rows[i];

		done.state = AD_ROW_DONE;
		*ret_body = c.rows[i].body;
		cr_assert(sv_is_ok(ad_store_settle_row(S, &done)));
	}
	return c.n;
}

/* What is taken back of a patient that another replaced must not overtake what
 * was said of it. */
Test(merge, what_was_said_of_a_merged_patient_is_taken_back_behind_it)
{
	static const char other[] = "{\"resourceType\":\"Patient\",\"id\":\"8\","
	    "\"link\":[{\"other\":{\"reference\":\"Patient/7\"},\"type\":"
	    "\"replaced-by\"}]}";
	struct ad_claim c = { .destination = ehr[0], .now_ms = NOW_MS + 1000,
		.max = 1 };
	struct sv_str eight, body = { "", 0 }, both;
	struct ad_guidance g;

	post(PATIENT);
	post(of_eight(CANCER));
	post(of_eight(SURGERY));
	post(of_eight(PSA("p1", META("1"), "final", "2025-11-10", "0.24")));
	post(of_eight(PSA("p2", META("2"), "final", "2026-02-10", "0.40")));
	eight = holds("8");
	cr_assert_gt(eight.n, 0);
	/* All but the last post of it are done; that one is under way. */
	while (count_rows() > 1)
		cr_assert_eq(claim_all(&body), 1);
	cr_assert(sv_is_ok(ad_store_claim(S, &A, &c)));
	cr_assert_eq(c.n, 1);
	cr_assert_eq(post(other).status, 200);
	both = holds("7");
	cr_assert(sv_str_eq(both, holds("8")));
	cr_assert_neq(sv_str_cmp(both, eight), 0);
	cr_assert_eq(claim_all(&body), 0, "it overtakes what is being sent");
	c.rows[0].state = AD_ROW_DONE;
	cr_assert(sv_is_ok(ad_store_settle_row(S, &c.rows[0])));
	cr_assert_eq(claim_all(&body), 1);
	cr_assert(contains(body, "\"revoked\""));
	eight.n = 64;
	cr_assert(sv_is_ok(ad_store_find_guidance(S, &A, eight, &g)));
	cr_assert_gt(g.ended.n, 0);
}

Test(merge, a_result_that_moves_leaves_the_wrong_patient)
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
