/*
 * A resource is found by a number, and is known by its name.
 */
#include <sqlite3.h>

#include "ad_store_key.h"
#include "store_fixture.h"

TestSuite(key, .init = make_store, .fini = remove_store);

/* Stores hold these numbers. */
Test(key, stays_what_it_is)
{
	struct sv_str lab = SV_LIT("lab");

	cr_assert_eq(ad_store_name_key(lab, SV_LIT("Observation/e4")),
	    UINT64_C(0x275a146ad93f6534));
	cr_assert_eq(ad_store_name_key(lab, SV_LIT("urn:uuid:0c3151bd")),
	    UINT64_C(0x5ed152914a80954d));
	cr_assert_eq(ad_store_key(ad_store_source_key(lab),
	    SV_LIT("Observation"), SV_LIT("e4")), ad_store_name_key(lab,
	    SV_LIT("Observation/e4")));
}

/* As a server counts, so do the numbers; but not from one type to another. */
Test(key, of_ids_that_are_counted_lie_together)
{
	struct sv_str lab = SV_LIT("lab");
	uint64_t a = ad_store_name_key(lab, SV_LIT("Condition/104217"));

	cr_assert_eq(ad_store_name_key(lab, SV_LIT("Condition/104218")),
	    a + 1);
	cr_assert_eq(ad_store_name_key(lab, SV_LIT("Condition/104219")),
	    a + 2);
	cr_assert_neq(ad_store_name_key(lab, SV_LIT("Condition/105218")),
	    a + 1);
	cr_assert_neq(ad_store_name_key(lab, SV_LIT("Condition/7")),
	    ad_store_name_key(lab, SV_LIT("Procedure/7")));
}

Test(key, tells_source_type_and_id_apart)
{
	uint64_t k = ad_store_name_key(SV_LIT("lab"), SV_LIT("Condition/17"));

	cr_assert_neq(k, ad_store_name_key(SV_LIT("ehr"),
	    SV_LIT("Condition/17")));
	cr_assert_neq(k, ad_store_name_key(SV_LIT("lab"),
	    SV_LIT("Procedure/17")));
	cr_assert_neq(k, ad_store_name_key(SV_LIT("lab"),
	    SV_LIT("Condition/18")));
}

static struct ad_kept
kept(const char *source, const char *name, const char *version)
{
	return (struct ad_kept){ .source = sv_str_of(source),
		.name = sv_str_of(name), .patient = 1, .full_url = { "", 0 },
		.version = { sv_str_of(version), { "", 0 } },
		.refers = { "", 0 }, .text = SV_LIT("{}"), .message = 1 };
}

static void
check_version(const char *source, const char *name, const char *version)
{
	struct ad_kept k;

	cr_assert(sv_is_ok(ad_store_find_resource(S, &A, sv_str_of(source),
	    sv_str_of(name), &k)), "%s %s", source, name);
	cr_assert(sv_str_is(k.version.id, version), "%s %s: %.*s", source,
	    name, SV_FMT(k.version.id));
}

/* All resources have one number, as if a sender had seen to it. */
static void
make_one_number(void)
{
	sqlite3 *db;
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "UPDATE resource SET key = %lld",
	    (long long)ad_store_name_key(SV_LIT("lab"), SV_LIT("Condition/1")));
	cr_assert(sqlite3_open(file, &db) == SQLITE_OK);
	cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	(void)sqlite3_close(db);
}

Test(key, two_names_may_have_one_number)
{
	struct ad_kept a = kept("ehr", "Condition/1", "of ehr"),
	    b = kept("lab", "Condition/2", "of 2"),
	    c = kept("lab", "Condition/1", "new"),
	    d = kept("lab", "Condition/1", "newer"), none;

	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_store_add_resource(S, &A, &a)));
	cr_assert(sv_is_ok(ad_store_add_resource(S, &A, &b)));
	cr_assert(sv_is_ok(ad_store_commit(S)));
	make_one_number();
	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert_eq(ad_store_find_resource(S, &A, c.source, c.name,
	    &none).code, SV_CODE_SKIP);
	cr_assert(sv_is_ok(ad_store_add_resource(S, &A, &c)));
	check_version("lab", "Condition/1", "new");
	cr_assert_eq(ad_store_add_resource(S, &A, &d).code, SV_CODE_SKIP);
	cr_assert(sv_is_ok(ad_store_put_resource(S, &A, &d)));
	check_version("lab", "Condition/1", "newer");
	cr_assert(sv_is_ok(ad_store_commit(S)));
}

Test(key, what_is_put_is_there_once)
{
	struct ad_kept a = kept("lab", "Condition/1", "1");
	struct ad_store_counts c;

	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_store_put_resource(S, &A, &a)));
	a.version.id = SV_LIT("2");
	cr_assert(sv_is_ok(ad_store_put_resource(S, &A, &a)));
	check_version("lab", "Condition/1", "2");
	cr_assert(sv_is_ok(ad_store_commit(S)));
	cr_assert(sv_is_ok(ad_store_count(S, &c)));
	cr_assert_eq(c.resources, 1);
}
