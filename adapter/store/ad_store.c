#include "ad_sheaf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/* "Slvr": says whose file it is (sqlite.org/pragma.html#pragma_application_id). */
#define APPLICATION_ID 0x536c7672

const char *
ad_store_error(const struct ad_store *S)
{
	(void)S;
	return ad_sql_error;
}

static bool
pragma_number(struct ad_store *S, const char *sql, int64_t *ret)
{
	sqlite3_stmt *s = NULL;
	bool ok = sqlite3_prepare_v2(S->db, sql, -1, &s, NULL) == SQLITE_OK
	    && sqlite3_step(s) == SQLITE_ROW;

	if (ok)
		*ret = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	return ok;
}

/* Is it a store that this program understands? */
static bool
check_layout(struct ad_store *S, int64_t *ret_version, struct sv_err *err)
{
	int64_t id = 0, tables = 0;

	if (!pragma_number(S, "PRAGMA user_version", ret_version)
	    || !pragma_number(S, "PRAGMA application_id", &id)
	    || !pragma_number(S, "SELECT count(*) FROM sqlite_schema", &tables)) {
		(void)ad_sql_failed(S);
		sv_err_set(err, "", "%s", ad_sql_error);
		return false;
	}
	if (tables > 0 && id != APPLICATION_ID) {
		sv_err_set(err, "", "the file is not a store of Salvor");
		S->alien = true;
		return false;
	}
	if (*ret_version > AD_STORE_SCHEMA) {
		sv_err_set(err, "", "the store was written by a newer Salvor "
		    "(layout %lld, this one knows %d)",
		    (long long)*ret_version, AD_STORE_SCHEMA);
		S->alien = true;
		return false;
	}
	return true;
}

static bool
migrate(struct ad_store *S, enum ad_store_mode mode, struct sv_err *err)
{
	int64_t version = 0;

	if (!check_layout(S, &version, err))
		return false;
	if (version == AD_STORE_SCHEMA)
		return true;
	if (mode != AD_STORE_SERVICE) {
		sv_err_set(err, "", "the store is empty or of an older layout; "
		    "start the service once");
		return false;
	}
	if (ad_sql_migrate(S, version))
		return true;
	sv_err_set(err, "", "%s", ad_sql_error);
	return false;
}

/* Two services on one store would post everything twice.  The lock is the
 * kernel's: it ends with the process, however that ends. */
static bool
lock_service(struct ad_store *S, const char *path, struct sv_err *err)
{
	char name[4096];

	(void)snprintf(name, sizeof(name), "%s.lock", path);
	S->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (S->lock_fd < 0) {
		sv_err_set(err, name, "%s", strerror(errno));
		return false;
	}
	if (flock(S->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		sv_err_set(err, path, errno == EWOULDBLOCK ? "another service "
		    "uses this store%s" : "%s", errno == EWOULDBLOCK ? ""
		    : strerror(errno));
		return false;
	}
	return true;
}

static bool
open_database(struct ad_store *S, const char *path, enum ad_store_mode mode,
    struct sv_err *err)
{
	/* Pages are larger than a disk's, since what is stored of a message or
	 * a patient is: half as many calls for the same bytes. */
	static const char settings[] =
	    "PRAGMA page_size = 8192;"
	    "PRAGMA journal_mode = WAL;"
	    "PRAGMA cache_size = -32768;"
	    "PRAGMA temp_store = MEMORY;" AD_SQL_DURABLE;
	int flags = mode == AD_STORE_READ ? SQLITE_OPEN_READONLY
	    : mode == AD_STORE_OPERATOR ? SQLITE_OPEN_READWRITE
	    : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int threads = mode == AD_STORE_OPERATOR ? SQLITE_OPEN_NOMUTEX
	    : SQLITE_OPEN_FULLMUTEX;
	mode_t mask = umask(077);
	bool ok;

	ok = sqlite3_open_v2(path, &S->db, flags | threads, NULL)
	    == SQLITE_OK && sqlite3_busy_timeout(S->db, 10000) == SQLITE_OK
	    && (mode == AD_STORE_READ
	    || sqlite3_exec(S->db, settings, NULL, NULL, NULL) == SQLITE_OK);
	if (!ok) {
		(void)ad_sql_failed(S);
		sv_err_set(err, path, "%s", ad_sql_error);
	}
	ok = ok && migrate(S, mode, err);
	(void)umask(mask);
	return ok;
}

/*
 * What recovery found in the log is in the page cache, but perhaps not on the
 * disk: the process before us may have died of a sync that failed, after which
 * the kernel takes the pages for clean (LWN 752063).  So it is written into the
 * database and synced there, and the log begins anew, before anything that we
 * acknowledge rests on it.
 */
static bool
settle_log(struct ad_store *S, const char *path, struct sv_err *err)
{
	int64_t busy = 1;

	if (pragma_number(S, "PRAGMA wal_checkpoint(TRUNCATE)", &busy)
	    && busy == 0)
		return true;
	(void)ad_sql_failed(S);
	sv_err_set(err, path, "%s", busy != 0 && sqlite3_errcode(S->db)
	    == SQLITE_OK ? "another process reads the store; try again when "
	    "it has ended" : ad_sql_error);
	return false;
}

/* Nobody asks SQLite how much memory it holds; counting it takes a lock at
 * every allocation (sqlite.org/c3ref/c_config_covering_index_scan.html). */
static void
configure_sqlite(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct ad_store *
ad_store_open(const char *path, enum ad_store_mode mode, struct sv_err *err)
{
	static once_flag once = ONCE_FLAG_INIT;
	struct ad_store *S = calloc(1, sizeof(*S));
	bool alien;

	call_once(&once, configure_sqlite);
	if (S == NULL) {
		sv_err_set(err, path, "not enough memory");
		return NULL;
	}
	S->lock_fd = -1;
	S->mode = mode;
	(void)pthread_mutex_init(&S->lock, NULL);
	if ((mode == AD_STORE_SERVICE && !lock_service(S, path, err))
	    || !open_database(S, path, mode, err)
	    || (mode == AD_STORE_SERVICE && !settle_log(S, path, err))) {
		if (err != NULL && err->where[0] == '\0')
			(void)snprintf(err->where, sizeof(err->where), "%.200s",
			    path);
		alien = S->alien;
		ad_store_close(S);
		errno = alien ? EINVAL : EIO;
		return NULL;
	}
	return S;
}

void
ad_store_close(struct ad_store *S)
{
	if (S == NULL)
		return;
	ad_checkpointer_stop(S->checkpointer);
	for (int i = 0; i < AD_SQL_MAX; i++)
		(void)sqlite3_finalize(S->stmt[i]);
	(void)sqlite3_close(S->db);
	ad_sheaf_keys_free(S);
	if (S->lock_fd >= 0)
		(void)close(S->lock_fd);
	(void)pthread_mutex_destroy(&S->lock);
	free(S);
}

struct sv_status
ad_store_begin(struct ad_store *S)
{
	struct sv_status s;

	(void)pthread_mutex_lock(&S->lock);
	s = ad_sql_run(S, S->mode == AD_STORE_READ ? AD_SQL_BEGIN_READ
	    : AD_SQL_BEGIN, "");
	if (!sv_is_ok(s))
		(void)pthread_mutex_unlock(&S->lock);
	return s;
}

/* A statement that was left in the middle would hold its state of the store
 * beyond the unit: the log could not be taken over, and the next unit not
 * write. */
static void
end_statements(struct ad_store *S)
{
	for (int i = 0; i < AD_SQL_MAX; i++)
		(void)sqlite3_reset(S->stmt[i]);
}

struct sv_status
ad_store_commit(struct ad_store *S)
{
	struct sv_status s;

	end_statements(S);
	/* For what was committed before: while this thread commits, others
	 * soon wait for it, and have a core to spare. */
	ad_checkpointer_wake(S->checkpointer);
	s = ad_sheaf_keys_put(S);
	if (sv_is_ok(s))
		s = ad_sql_run(S, AD_SQL_COMMIT, "");
	if (!sv_is_ok(s)) {
		ad_store_rollback(S);
		return s;
	}
	(void)pthread_mutex_unlock(&S->lock);
	return SV_OK;
}

/* After some failures SQLite has rolled back by itself. */
void
ad_store_rollback(struct ad_store *S)
{
	char why[sizeof(ad_sql_error)];

	memcpy(why, ad_sql_error, sizeof(why));
	end_statements(S);
	ad_sheaf_keys_forget(S);
	if (sqlite3_get_autocommit(S->db) == 0)
		(void)!sv_is_ok(ad_sql_run(S, AD_SQL_ROLLBACK, ""));
	memcpy(ad_sql_error, why, sizeof(why));
	(void)pthread_mutex_unlock(&S->lock);
}

struct sv_status
ad_store_end(struct ad_store *S, struct sv_status s)
{
	if (sv_is_ok(s))
		return ad_store_commit(S);
	ad_store_rollback(S);
	return s;
}

struct sv_status
ad_store_probe(struct ad_store *S)
{
	struct sv_status s;

	SV_TRY(ad_store_begin(S));
	s = ad_sql_run(S, AD_SQL_PROBE, "i", (int64_t)time(NULL));
	return ad_store_end(S, s);
}

struct sv_status
ad_store_savepoint(struct ad_store *S)
{
	SV_TRY(ad_sheaf_keys_put(S));
	return ad_sql_run(S, AD_SQL_SAVEPOINT, "");
}

struct sv_status
ad_store_release(struct ad_store *S)
{
	return ad_sql_run(S, AD_SQL_RELEASE, "");
}

struct sv_status
ad_store_undo(struct ad_store *S)
{
	ad_sheaf_keys_forget(S);
	SV_TRY(ad_sql_run(S, AD_SQL_UNDO, ""));
	return ad_sql_run(S, AD_SQL_RELEASE, "");
}

struct sv_status
ad_store_end_savepoint(struct ad_store *S, struct sv_status s)
{
	SV_TRY(sv_is_ok(s) ? ad_store_release(S) : ad_store_undo(S));
	return s;
}

struct sv_status
ad_store_check(struct ad_store *S)
{
	sqlite3_stmt *s = NULL;
	bool good = false;

	if (sqlite3_prepare_v2(S->db, "PRAGMA integrity_check(1)", -1, &s, NULL)
	    != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW) {
		(void)ad_sql_failed(S);
	} else {
		struct sv_str text = ad_sql_peek(s, 0);

		good = sv_str_is(text, "ok");
		(void)snprintf(ad_sql_error, sizeof(ad_sql_error), "%.*s",
		    SV_FMT(text));
	}
	(void)sqlite3_finalize(s);
	return good ? SV_OK : SV_BAD;
}

/* Copy all pages while others write; SQLite starts anew when they do. */
static bool
copy_pages(struct ad_store *S, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", S->db, "main");
	int r = SQLITE_OK;

	while (b != NULL && r != SQLITE_DONE && (r == SQLITE_OK
	    || r == SQLITE_BUSY || r == SQLITE_LOCKED))
		r = sqlite3_backup_step(b, 1024);
	return sqlite3_backup_finish(b) == SQLITE_OK && r == SQLITE_DONE;
}

struct sv_status
ad_store_backup(struct ad_store *S, const char *path)
{
	mode_t mask = umask(077);
	sqlite3 *to = NULL;
	bool ok = sqlite3_open(path, &to) == SQLITE_OK && copy_pages(S, to);

	(void)umask(mask);
	if (!ok)
		(void)snprintf(ad_sql_error, sizeof(ad_sql_error), "%.200s: %s", path,
		    to != NULL ? sqlite3_errmsg(to) : "not enough memory");
	(void)sqlite3_close(to);
	return ok ? SV_OK : SV_RETRY;
}
