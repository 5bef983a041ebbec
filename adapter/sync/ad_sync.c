#include "ad_sync_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_output.h"
#include "ad_stop.h"
#include "sv_date.h"


/* One sync at a time on a store; the lock is the kernel's, and ends with the
 * process.  -1 after a line on standard error. */
static int
lock_store(const char *store)
{
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s.sync", store);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	fprintf(stderr, "salvor: %s: %s\n", path, errno == EWOULDBLOCK
	    ? "another salvor sync is under way; try again when it has ended"
	    : strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* For tests: the day that it is, YYYY-MM-DD. */
static void
set_clock(struct ad_sync *Y)
{
	const char *text = getenv("SALVOR_TEST_TODAY");
	struct sv_date d;

	Y->now_ms = ad_now_ms();
	if (text != NULL && sv_is_ok(sv_date_parse(sv_str_of(text), &d)))
		Y->now_ms = d.lo * (int64_t)86400000 + 43200000;
	Y->today = (int32_t)(Y->now_ms / 86400000);
}

/* --dry-run: everything is done to a private copy, which goes. */
static enum ad_exit
run_dry(struct ad_sync *Y)
{
	const char *tmp = getenv("TMPDIR"), *real = Y->store_path;
	char folder[4000], copy[4096], more[4200];
	struct sv_err err = { .text = "" };
	struct ad_store *S;
	enum ad_exit e = AD_EXIT_TEMPORARY;
	bool ok;

	(void)snprintf(folder, sizeof(folder), "%s/salvor-XXXXXX", tmp != NULL
	    && tmp[0] != '\0' ? tmp : "/var/tmp");
	if (mkdtemp(folder) == NULL) {
		fprintf(stderr, "salvor: %s: %s\n", folder, strerror(errno));
		return AD_EXIT_TEMPORARY;
	}
	(void)snprintf(copy, sizeof(copy), "%s/store.db", folder);
	ok = access(real, F_OK) != 0;
	if (!ok && (S = ad_store_open(real, AD_STORE_READ, &err)) != NULL) {
		ok = sv_is_ok(ad_store_backup(S, copy));
		if (!ok)
			sv_err_set(&err, "", "%s", ad_store_error(S));
		ad_store_close(S);
	}
	Y->store_path = copy;
	if (ok)
		e = ad_sync_run(Y);
	else
		fprintf(stderr, "salvor: %s\n", err.text);
	(void)unlink(copy);
	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = { "-wal", "-shm", ".lock" };

		(void)snprintf(more, sizeof(more), "%s%s", copy, ends[i]);
		(void)unlink(more);
	}
	(void)rmdir(folder);
	return e;
}

/* Is it the time of this registry, and was it not done in it yet? */
static bool
is_its_time(const struct ad_conf_registry *r, const struct ad_registry *last)
{
	time_t now = time(NULL), from;
	struct tm tm;
	int minute;

	if (r->window_from == r->window_to)
		return true;
	(void)localtime_r(&now, &tm);
	minute = tm.tm_hour * 60 + tm.tm_min;
	if (r->window_from < r->window_to ? minute < r->window_from
	    || minute >= r->window_to : minute < r->window_from
	    && minute >= r->window_to)
		return false;
	tm.tm_mday -= minute < r->window_from ? 1 : 0;
	tm.tm_hour = r->window_from / 60;
	tm.tm_min = r->window_from % 60;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	from = mktime(&tm);
	return last->ended_ms < (int64_t)from * 1000;
}

/* When the registry was last done; nothing if there is no store yet. */
static void
read_last(const struct ad_setup *u, const char *name, struct ad_registry *ret)
{
	struct sv_arena A = ad_arena((size_t)1 << 20);
	struct sv_err err;
	struct ad_store *S = access(u->conf.store, F_OK) != 0 ? NULL
	    : ad_store_open(u->conf.store, AD_STORE_READ, &err);

	*ret = (struct ad_registry){ .run = 0 };
	if (S != NULL && sv_is_ok(ad_store_begin(S))) {
		(void)!sv_is_ok(ad_store_get_registry(S, &A,
		    sv_str_of(name), ret));
		ad_store_rollback(S);
	}
	ad_store_close(S);
	sv_arena_free(&A);
}

/* For tests: how often a run is told in a journal. */
static int64_t
tell_ms(void)
{
	const char *text = getenv("SALVOR_TEST_TELL_MS");

	return text != NULL ? strtoll(text, NULL, 10) : 60000;
}

static enum ad_exit
sync_one(const struct ad_options *o, struct ad_setup *u,
    const struct ad_conf_registry *r)
{
	struct ad_sync *Y = calloc(1, sizeof(*Y));
	struct ad_progress P;
	enum ad_exit e;

	if (Y == NULL) {
		fprintf(stderr, "salvor: not enough memory\n");
		return AD_EXIT_TEMPORARY;
	}
	ad_progress_start(&P, true);
	ad_progress_tell(&P, r->name, tell_ms());
	Y->o = o;
	Y->u = u;
	Y->conf = r;
	Y->store_path = u->conf.store;
	Y->P = &P;
	set_clock(Y);
	e = o->dry_run ? run_dry(Y) : ad_sync_run(Y);
	ad_progress_clear(&P);
	free(Y);
	return e;
}

/* Is it the turn of ${r}: because it is named, or because it is its time? */
static bool
is_its_turn(const struct ad_setup *u, const struct ad_conf_registry *r,
    const char *name)
{
	struct ad_registry last;

	if (name != NULL)
		return strcmp(name, r->name) == 0;
	read_last(u, r->name, &last);
	return is_its_time(r, &last);
}

/* A failure weighs more than a part that was refused. */
static enum ad_exit
worse(enum ad_exit a, enum ad_exit b)
{
	return b == AD_EXIT_OK || (a != AD_EXIT_OK && b == (enum ad_exit)
	    AD_EXIT_PARTIAL) ? a : b;
}

static bool
is_configured(const struct ad_conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_registries; i++) {
		if (name == NULL || strcmp(c->registry[i].name, name) == 0)
			return true;
	}
	fprintf(stderr, "salvor: %s%s\n", name != NULL ? "no such registry in "
	    "the configuration: " : "the configuration has no registry: add a "
	    "section registry \"name\" { folder = … }", name != NULL ? name
	    : "");
	return false;
}

static enum ad_exit
sync_all(const struct ad_options *o, struct ad_setup *u)
{
	const char *name = o->n_files > 0 ? o->files[0] : NULL;
	enum ad_exit e = AD_EXIT_OK;

	if (!is_configured(&u->conf, name))
		return AD_EXIT_CONFIG;
	for (size_t i = 0; i < u->conf.n_registries && !ad_stop_asked(); i++) {
		if (is_its_turn(u, &u->conf.registry[i], name))
			e = worse(e, sync_one(o, u, &u->conf.registry[i]));
	}
	return e;
}

enum ad_exit
ad_sync(const struct ad_options *o)
{
	struct ad_setup *u = ad_setup_load(o->conf != NULL ? o->conf
	    : AD_CONF_USUAL);
	enum ad_exit e = AD_EXIT_TEMPORARY;
	int lock;

	if (u == NULL)
		return AD_EXIT_CONFIG;
	ad_memory_keep();
	(void)umask(077);	/* all that is written speaks of patients */
	ad_stop_install();
	lock = lock_store(u->conf.store);
	if (lock >= 0) {
		e = sync_all(o, u);
		(void)close(lock);
	}
	if (!ad_output_end() && e == AD_EXIT_OK)
		e = AD_EXIT_TEMPORARY;
	ad_setup_drop(u);
	ad_stop_die();
	return e;
}
