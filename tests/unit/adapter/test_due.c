/*
 * Patients that are decided again because time has passed; and stores of older
 * layouts.
 */
#include <sqlite3.h>

#include "ad_intake.h"
#include "ad_store_sync.h"
#include "messages.h"
#include "store_fixture.h"
#include "sv_date.h"
#include "vignette.h"

#define DAY_MS ((int64_t)86400000)

static struct core_rulebook book;
static struct map_engine engine;
static const struct sv_str ehr[] = { SV_STATIC("ehr") };
static struct ad_intake_config cfg;
static struct ad_store *R;
static int32_t today;

static void
setup(void)
{
	make_store();
	R = open_store(AD_STORE_READ);
	book = test_rulebook(&A);
	engine = test_engine(&A, &book);
	cfg = (struct ad_intake_config){ .engine = &engine,
		.destinations = ehr, .n_destinations = 1,
		.sha256 = SV_LIT("0123456789abcdef"),
		.software = SV_LIT("salvor test") };
	today = sv_date_day((struct sv_ymd){ 2026, 5, 1 });
}

static void
teardown(void)
{
	ad_store_close(R);
	remove_store();
}

TestSuite(due, .init = setup, .fini = teardown);

static void
apply(struct ad_intake *I)
{
	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_intake_apply(I, S)), "%s", ad_store_error(S));
	cr_assert(sv_is_ok(ad_store_commit(S)));
}

static void
send(const char *text, int32_t day)
{
	struct ad_request r = { .source = SV_LIT("lab"),
		.method = SV_LIT("POST"), .body = sv_str_of(text),
		.received_ms = day * DAY_MS };
	struct ad_intake *I;

	cr_assert(sv_is_ok(ad_intake_read(&cfg, &r, &I)));
	apply(I);
	cr_assert_eq(ad_intake_answer(I).status, 200);
	ad_intake_free(I);
}

static void
send_history(int32_t day)
{
	send(PATIENT, day);
	send(CANCER, day);
	send(SURGERY, day);
	send(PSA("p1", META("1"), "final", "2025-11-10", "0.24"), day);
	send(PSA("p2", META("1"), "final", "2026-02-10", "0.40"), day);
}

static struct ad_when
when(void)
{
	struct ad_when w = { .due = -2 };

	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_store_when_due(S, 1, cfg.sha256, &w)));
	ad_store_rollback(S);
	return w;
}

/* Decide patient 1 as of ${day}, worked out ahead; before it is written,
 * ${meanwhile} is sent unless it is NULL. */
static struct ad_answer
review(int32_t day, const char *meanwhile)
{
	int64_t one[] = { 1 };
	struct ad_patient_ids ids = { .at = one, .n = 1, .cap = 1 };
	struct ad_intake *I;
	struct ad_answer a;

	cr_assert(sv_is_ok(ad_intake_review(&cfg, day * DAY_MS, &ids, &I)));
	cr_assert(sv_is_ok(ad_store_begin(R)));
	cr_assert(sv_is_ok(ad_intake_ahead(I, R)));
	ad_store_rollback(R);
	if (meanwhile != NULL)
		send(meanwhile, day);
	apply(I);
	a = ad_intake_answer(I);
	ad_intake_free(I);
	return a;
}

Test(due, a_message_says_when_time_alone_may_change_the_answer)
{
	send_history(today);
	cr_assert_gt(when().due, today);
	cr_assert(!when().stale);
}

Test(due, time_supersedes_what_grew_stale)
{
	struct ad_answer a;
	int32_t day;

	send_history(today);
	for (int i = 0; i < 40; i++) {
		day = when().due;
		cr_assert_gt(day, today);
		a = review(day, NULL);
		cr_assert_eq(a.change.decided, 1);
		if (a.change.changed > 0)
			break;
	}
	cr_assert_eq(a.change.changed, 1);
	cr_assert_eq(a.n_posts, 1);
}

Test(due, who_was_decided_in_the_meantime_is_left_alone)
{
	struct ad_answer a;

	send_history(today);
	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_store_make_due(S, 1)));
	cr_assert(sv_is_ok(ad_store_commit(S)));
	a = review(today, PSA("p3", META("1"), "final", "2026-04-10", "0.90"));
	cr_assert_eq(a.change.decided, 0);
	cr_assert_eq(a.n_posts, 0);
	cr_assert_gt(when().due, today);
}

Test(due, patients_of_other_rules_become_due)
{
	int64_t n = 0;
	struct sv_str other = SV_LIT("fedcba9876543210");

	send_history(today);
	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_store_make_stale_due(S, cfg.sha256, 9, &n)));
	cr_assert_eq(n, 0);
	cr_assert(sv_is_ok(ad_store_make_stale_due(S, other, 9, &n)));
	cr_assert_eq(n, 1);
	cr_assert(sv_is_ok(ad_store_commit(S)));
	cr_assert_eq(when().due, AD_DUE_NOW);
}

/* A store from before patients were due: all are decided once more. */
Test(due, an_older_store_is_brought_up_to_date)
{
	static const char older[] = "DROP INDEX patient_due;"
	    "ALTER TABLE patient DROP COLUMN due;"
	    "ALTER TABLE patient DROP COLUMN standing;"
	    "ALTER TABLE patient DROP COLUMN failed_from;"
	    "ALTER TABLE patient DROP COLUMN failed_to;"
	    "ALTER TABLE patient DROP COLUMN window_to;"
	    "ALTER TABLE patient_name DROP COLUMN seen;"
	    "DROP TABLE registry; DROP TABLE registry_file; DROP TABLE source;"
	    "DROP TABLE sheaf; DROP TABLE sheaf_key;"
	    "PRAGMA user_version = 4;";
	sqlite3 *db;

	send_history(today);
	ad_store_close(R);
	ad_store_close(S);
	cr_assert(sqlite3_open(file, &db) == SQLITE_OK);
	cr_assert(sqlite3_exec(db, older, NULL, NULL, NULL) == SQLITE_OK, "%s",
	    sqlite3_errmsg(db));
	(void)sqlite3_close(db);
	S = open_store(AD_STORE_SERVICE);
	R = open_store(AD_STORE_READ);
	cr_assert_eq(when().due, 1);
	cr_assert_eq(review(today, NULL).change.kept, 1);
	cr_assert_gt(when().due, today);
}
