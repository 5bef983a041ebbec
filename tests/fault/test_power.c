/*
 * Power is lost at every sync, and the disk fails at every operation; what was
 * acknowledged is there, and nothing is there by half.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "ad_sql.h"
#include "fault_disk.h"
#include "script.h"

static char clean[4096];	/* the guidance when nothing fails */
static long total[FAULT_OP_MAX];

static long
setting(const char *name, long usual)
{
	const char *v = getenv(name);

	return v != NULL ? strtol(v, NULL, 10) : usual;
}

/* A small log, so that checkpoints happen amid the messages. */
static struct ad_store *
open_small(const char *more)
{
	struct ad_store *S = script_open();

	if (S == NULL)
		return NULL;
	if (sqlite3_exec(S->db, "PRAGMA wal_autocheckpoint = 24", NULL, NULL,
	    NULL) == SQLITE_OK && sqlite3_exec(S->db, more, NULL, NULL, NULL)
	    == SQLITE_OK)
		return S;
	ad_store_close(S);
	return NULL;
}

static void
setup(void)
{
	struct ledger L = { .n_settled = 0 };
	struct ad_store *S;

	script_load();
	fault_disk_install();
	S = open_small("");
	cr_assert(S != NULL && script_send(S, &L));
	script_check(S, &L);
	(void)snprintf(clean, sizeof(clean), "%s", script_guidance(S));
	ad_store_close(S);
	for (int op = 0; op < FAULT_OP_MAX; op++)
		total[op] = fault_disk_count((enum fault_op)op);
}

TestSuite(fault, .init = setup, .timeout = 3600);

/* Everything is sent again until it is acknowledged: the end is the same. */
static void
finish(struct ledger *L)
{
	struct ad_store *S = open_small("");

	cr_assert(S != NULL, "the store does not open again");
	script_check(S, L);
	cr_assert(script_send(S, L));
	script_check(S, L);
	cr_assert_str_eq(script_guidance(S), clean);
	ad_store_close(S);
}

/* Send until power is lost at sync ${at}; what is acknowledged is in ${L}. */
static void
lose_power(long at, const char *settings, struct ledger *L)
{
	struct ad_store *S;

	*L = (struct ledger){ .n_settled = 0 };
	fault_disk_wipe();
	fault_disk_plan(&(struct fault_plan){ .op = FAULT_SYNC, .at = at,
		.code = SQLITE_IOERR_FSYNC, .power = true });
	S = open_small(settings);
	if (S != NULL)
		(void)script_send(S, L);
	ad_store_close(S);
}

Test(fault, power_loss_at_every_sync)
{
	long seeds = setting("SALVOR_FAULT_SEEDS", 3);
	struct ledger L;

	cr_assert_gt(total[FAULT_SYNC], 20);
	for (long at = 1; at <= total[FAULT_SYNC]; at++) {
		for (long seed = 1; seed <= seeds; seed++) {
			lose_power(at, "", &L);
			fault_disk_power_back((unsigned)(seed * 1000 + at));
			finish(&L);
		}
	}
}

/* The test itself: a store that does not sync is found out. */
Test(fault, a_store_that_does_not_sync_is_found_out)
{
	int lost = 0;
	struct ledger L;

	for (unsigned seed = 1; seed <= 20; seed++) {
		struct ad_store *S;

		fault_disk_wipe();
		L = (struct ledger){ .n_settled = 0 };
		S = open_small("PRAGMA synchronous = OFF");
		cr_assert(S != NULL && script_send(S, &L));
		fault_disk_plan(&(struct fault_plan){ .op = FAULT_WRITE,
			.at = 1, .code = SQLITE_IOERR_WRITE, .power = true });
		ad_store_close(S);
		fault_disk_power_back(seed);
		S = script_open();
		lost += S == NULL || !sv_is_ok(ad_store_check(S))
		    || !script_kept(S, &L);
		ad_store_close(S);
	}
	cr_assert_gt(lost, 10);
}

static const struct {
	enum fault_op op;
	int code;
} failures[] = {
	{ FAULT_OPEN, SQLITE_CANTOPEN }, { FAULT_READ, SQLITE_IOERR_READ },
	{ FAULT_WRITE, SQLITE_FULL }, { FAULT_WRITE, SQLITE_IOERR_WRITE },
	{ FAULT_SYNC, SQLITE_IOERR_FSYNC },
	{ FAULT_TRUNCATE, SQLITE_IOERR_TRUNCATE },
	{ FAULT_DELETE, SQLITE_IOERR_DELETE },
};

/* The disk fails, recovers, and the same open store goes on; then power is
 * lost. */
static void
fail_and_go_on(const struct fault_plan *p, unsigned seed)
{
	struct ledger L = { .n_settled = 0 };
	struct ad_store *S;

	fault_disk_wipe();
	fault_disk_plan(p);
	S = seed % 5 == 0 ? script_open() : open_small("");
	if (S != NULL)
		(void)script_send(S, &L);
	fault_disk_plan(&(struct fault_plan){ .at = 0 });
	if (S != NULL) {
		script_check(S, &L);
		if (seed % 2 == 0)
			cr_assert(script_send(S, &L), "the store does not "
			    "recover");
	}
	/* As when the process is killed: nothing more reaches the disk. */
	if (seed % 3 == 0)
		fault_disk_plan(&(struct fault_plan){ .op = FAULT_WRITE,
			.at = 1, .code = SQLITE_IOERR_WRITE, .power = true });
	ad_store_close(S);
	if (seed % 3 == 0)
		fault_disk_power_back(seed);
	finish(&L);
}

Test(fault, disk_failure_at_every_operation)
{
	long step = setting("SALVOR_FAULT_STEP", 31);
	unsigned seed = 0;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		long each = failures[i].op == FAULT_READ
		    || failures[i].op == FAULT_WRITE ? step : 1;

		for (long at = 1; at <= total[failures[i].op]; at += each) {
			struct fault_plan p = { .op = failures[i].op, .at = at,
				.code = failures[i].code };

			fail_and_go_on(&p, seed++);
			p.persistent = true;
			fail_and_go_on(&p, seed++);
		}
	}
}

/*
 * A sync fails; the process is killed and starts again: what recovery finds
 * in the log may be in the page cache alone.  Nothing that is acknowledged
 * later may rest on it.
 */
Test(fault, a_failed_sync_and_a_restart_before_power_is_lost)
{
	for (long at = 1; at <= total[FAULT_SYNC]; at++) {
		for (unsigned seed = 1; seed <= 4; seed++) {
			struct ledger L;
			struct ad_store *S;

			L = (struct ledger){ .n_settled = 0 };
			fault_disk_wipe();
			fault_disk_plan(&(struct fault_plan){ .op = FAULT_SYNC,
				.at = at, .code = SQLITE_IOERR_FSYNC,
				.persistent = true });
			S = open_small("");
			if (S != NULL)
				(void)script_send(S, &L);
			ad_store_close(S);
			fault_disk_plan(&(struct fault_plan){ .at = 0 });
			S = script_open();
			cr_assert(S != NULL && script_send(S, &L));
			fault_disk_plan(&(struct fault_plan){ .op = FAULT_WRITE,
				.at = 1, .code = SQLITE_IOERR_WRITE,
				.power = true });
			ad_store_close(S);
			fault_disk_power_back(seed);
			finish(&L);
		}
	}
}
