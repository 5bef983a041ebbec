/*
 * What came together is remembered as if it had come one by one.
 */
#include <sqlite3.h>

#include "ad_store_key.h"
#include "ad_store_load.h"
#include "ad_store_pack.h"
#include "ad_store_sheaf.h"
#include "ad_store_sync.h"
#include "store_fixture.h"

#define PATIENT 7
#define RUN 3

TestSuite(sheaf, .init = make_store, .fini = remove_store);

static const struct sv_str lab = SV_STATIC("lab");

static struct sv_str
name_of(int i)
{
	return sv_arena_printf(&A, "Observation/o%d", i);
}

static struct sv_str
line_of(int i)
{
	return sv_arena_printf(&A, "{\"resourceType\":\"Observation\","
	    "\"id\":\"o%d\",\"meta\":{\"versionId\":\"v%d\",\"lastUpdated\":"
	    "\"2026-01-02T00:00:00Z\"},\"status\":\"final\"}", i, i);
}

/* Observations ${from} to ${to}, less one, of PATIENT. */
static void
put(int from, int to)
{
	struct sv_buf text;
	uint64_t keys[64];
	struct ad_sheaf h = { .source = lab, .patient = PATIENT,
		.message = RUN, .keys = keys };

	sv_buf_init(&text, &A, SIZE_MAX);
	for (int i = from; i < to; i++) {
		ad_sheaf_add(&text, name_of(i), line_of(i));
		keys[h.n++] = ad_store_name_key(lab, name_of(i));
	}
	h.packed = ad_store_pack(&A, AD_PACK_RESOURCE, sv_buf_str(&text));
	cr_assert(sv_is_ok(ad_store_put_sheaf(S, &h)));
}

static void
begin(void)
{
	cr_assert(sv_is_ok(ad_store_begin(S)), "%s", ad_store_error(S));
}

static void
commit(void)
{
	cr_assert(sv_is_ok(ad_store_commit(S)), "%s", ad_store_error(S));
}

static int64_t
number(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t n;

	cr_assert(sqlite3_open(file, &db) == SQLITE_OK);
	cr_assert(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK,
	    "%s", sqlite3_errmsg(db));
	(void)sqlite3_step(s);
	n = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
	return n;
}

static void
check_counts(int64_t sheaves, int64_t keys, int64_t rows)
{
	cr_assert_eq(number("SELECT count(*) FROM sheaf"), sheaves);
	cr_assert_eq(number("SELECT count(*) FROM sheaf_key"), keys);
	cr_assert_eq(number("SELECT count(*) FROM resource"), rows);
}

static struct ad_kept
kept(int i, const char *version)
{
	return (struct ad_kept){ .source = lab, .name = name_of(i),
		.patient = PATIENT, .full_url = { "", 0 },
		.version = { sv_str_of(version), { "", 0 } },
		.refers = { "", 0 }, .text = ad_store_pack(&A,
		AD_PACK_RESOURCE, line_of(i)), .message = RUN + 1 };
}

static size_t
load(struct fhir_entry **ret)
{
	struct sv_status s;
	size_t n = 0;

	begin();
	s = ad_store_load_patient(S, &A, &(struct ad_load){
	    .patient = PATIENT }, ret, &n);
	ad_store_rollback(S);
	cr_assert(sv_is_ok(s), "%d", (int)s.code);
	return n;
}

static bool
is_same(int i, struct sv_str text)
{
	bool same = false;

	cr_assert(sv_is_ok(ad_store_same_resource(S, &A, &(struct ad_said){
	    lab, name_of(i), text }, &same)));
	return same;
}

static void
add_up(void *ctx, uint64_t key)
{
	*(uint64_t *)ctx += key;
}

Test(sheaf, is_read_as_what_it_holds)
{
	struct fhir_entry *e;
	struct ad_store_counts c;
	uint64_t keys = 0, expected = 0;
	int64_t last;

	begin();
	put(0, 5);
	put(5, 6);
	commit();
	check_counts(2, 6, 0);
	cr_assert_eq(load(&e), 6);
	for (int i = 0; i < 6; i++) {
		cr_assert(sv_str_eq(e[i].json, line_of(i)));
		cr_assert(sv_str_is(e[i].resource_type, "Observation"));
		expected += ad_store_name_key(lab, name_of(i));
	}
	begin();
	cr_assert(is_same(4, line_of(4)));
	cr_assert(!is_same(4, line_of(3)));
	cr_assert(!is_same(9, line_of(9)));
	cr_assert(sv_is_ok(ad_store_list_keys(S, add_up, &keys)));
	cr_assert_eq(keys, expected);
	cr_assert(sv_is_ok(ad_store_last_resource(S, &last)));
	cr_assert_eq(last, 6);
	commit();
	cr_assert(sv_is_ok(ad_store_count(S, &c)));
	cr_assert_eq(c.resources, 6);
	check_counts(2, 6, 0);
}

Test(sheaf, is_untied_when_one_of_it_changes)
{
	struct ad_kept new = kept(3, "v99"), found;
	struct fhir_entry *e;

	new.text = ad_store_pack(&A, AD_PACK_RESOURCE, SV_LIT(
	    "{\"resourceType\":\"Observation\",\"id\":\"o3\"}"));
	begin();
	put(0, 5);
	put(5, 8);
	commit();
	begin();
	cr_assert_eq(ad_store_add_resource(S, &A, &new).code, SV_CODE_SKIP);
	cr_assert(sv_is_ok(ad_store_put_resource(S, &A, &new)));
	commit();
	check_counts(1, 3, 5);
	cr_assert_eq(load(&e), 8);
	cr_assert_eq(e[3].json.n, 40);
	cr_assert(sv_str_eq(e[4].json, line_of(4)));
	begin();
	cr_assert(sv_is_ok(ad_store_find_resource(S, &A, lab, name_of(2),
	    &found)));
	cr_assert(sv_str_is(found.version.id, "v2"));
	cr_assert(sv_str_is(found.version.updated, "2026-01-02T00:00:00Z"));
	cr_assert_eq(found.patient, PATIENT);
	cr_assert(!found.deleted);
	cr_assert(sv_is_ok(ad_store_find_resource(S, &A, lab, name_of(3),
	    &found)));
	cr_assert(sv_str_is(found.version.id, "v99"));
	commit();
	cr_assert_eq(number("SELECT count(*) FROM resource WHERE message = 3"),
	    4);
}

/* As for a DELETE of one. */
Test(sheaf, is_untied_when_one_of_it_is_looked_for)
{
	struct ad_kept found;

	begin();
	put(0, 4);
	cr_assert(sv_is_ok(ad_store_find_resource(S, &A, lab, name_of(1),
	    &found)));
	cr_assert(sv_str_is(found.version.id, "v1"));
	cr_assert_eq(ad_store_find_resource(S, &A, lab, name_of(4),
	    &found).code, SV_CODE_SKIP);
	commit();
	check_counts(0, 0, 4);
}

Test(sheaf, of_another_source_is_another)
{
	struct ad_kept other = kept(1, "v1"), found;

	other.source = SV_LIT("ehr");
	begin();
	put(0, 4);
	cr_assert_eq(ad_store_find_resource(S, &A, other.source, name_of(1),
	    &found).code, SV_CODE_SKIP);
	cr_assert(sv_is_ok(ad_store_add_resource(S, &A, &other)));
	commit();
	check_counts(1, 4, 1);
}

/* Two names may have one number: it leads to both. */
Test(sheaf, is_known_by_names)
{
	struct ad_kept other = kept(9, "v9"), found;
	char sql[128];

	begin();
	put(0, 4);
	commit();
	(void)snprintf(sql, sizeof(sql), "UPDATE sheaf_key SET key = %lld"
	    " WHERE key = %lld", (long long)ad_store_name_key(lab, other.name),
	    (long long)ad_store_name_key(lab, name_of(0)));
	(void)number(sql);
	begin();
	cr_assert_eq(ad_store_find_resource(S, &A, lab, other.name,
	    &found).code, SV_CODE_SKIP);
	cr_assert(sv_is_ok(ad_store_add_resource(S, &A, &other)));
	commit();
	check_counts(1, 4, 1);
}

Test(sheaf, of_a_unit_that_is_taken_back_never_was)
{
	struct ad_kept found;

	begin();
	put(0, 4);
	ad_store_rollback(S);
	begin();
	put(4, 6);
	cr_assert(sv_is_ok(ad_store_savepoint(S)));
	put(6, 9);
	cr_assert(sv_is_ok(ad_store_undo(S)));
	cr_assert_eq(ad_store_find_resource(S, &A, lab, name_of(7),
	    &found).code, SV_CODE_SKIP);
	commit();
	check_counts(1, 2, 0);
}

/* More than are held back at once. */
Test(sheaf, numbers_all_arrive)
{
	bool same;

	begin();
	for (int i = 0; i < 40000; i += 50)
		put(i, i + 50);
	same = is_same(39999, line_of(39999));
	commit();
	cr_assert(same);
	check_counts(800, 40000, 0);
}

/* Its numbers were half put when there were too many to hold. */
Test(sheaf, leaves_no_number_behind)
{
	struct ad_kept found;

	begin();
	for (int i = 0; i < 32800; i += 50)
		put(i, i + 50);
	cr_assert(sv_is_ok(ad_store_find_resource(S, &A, lab,
	    name_of(32750), &found)));
	commit();
	check_counts(655, 32750, 50);
}

Test(sheaf, goes_where_its_patient_goes)
{
	int64_t n = 0;

	begin();
	put(0, 4);
	cr_assert(sv_is_ok(ad_store_merge_patients(S, PATIENT, 5)));
	commit();
	cr_assert_eq(number("SELECT count(*) FROM sheaf WHERE patient = 5"), 1);
	begin();
	cr_assert(sv_is_ok(ad_store_name_patient(S, 5, lab, SV_LIT("p"))));
	put(4, 6);
	cr_assert(sv_is_ok(ad_store_merge_patients(S, PATIENT, 5)));
	cr_assert(sv_is_ok(ad_store_purge_left(S, &A, &(struct ad_purge){
	    lab, RUN, 10 }, &n)));
	commit();
	cr_assert_eq(n, 1);
	check_counts(0, 0, 0);
}

/* Its patient is not decided as if there had been nothing; a full run, which
 * says all of it again, mends it. */
Test(sheaf, that_is_damaged_holds_its_patient_up_until_all_is_said_again)
{
	struct fhir_entry *e;
	struct ad_kept k;
	struct sv_status s;
	size_t n;

	begin();
	put(0, 3);
	commit();
	(void)number("UPDATE sheaf SET text = x'0300'");
	for (int i = 0; i < 3; i++) {
		begin();
		s = ad_store_load_patient(S, &A, &(struct ad_load){
		    .patient = PATIENT }, &e, &n);
		cr_assert_eq(s.code, SV_CODE_BAD);
		cr_assert(!is_same(i, line_of(i)));
		k = kept(i, "v1");
		cr_assert(sv_is_ok(ad_store_add_resource(S, &A, &k)));
		commit();
	}
	cr_assert_eq(load(&e), 3);
	check_counts(0, 0, 3);
}

Test(sheaf, names_that_cannot_be_told_from_what_is_behind_them)
{
	cr_assert(ad_sheaf_can_hold(SV_LIT("Observation/1")));
	cr_assert(!ad_sheaf_can_hold(SV_LIT("Observation/1\n{}")));
	cr_assert(!ad_sheaf_can_hold(SV_LIT("")));
}
