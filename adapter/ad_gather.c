#include "ad_gather_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sorted into "rows": key, name, base, text. */
#define SQL_SCHEMA							\
	"PRAGMA page_size = 16384;"					\
	"PRAGMA journal_mode = OFF;"					\
	"PRAGMA synchronous = OFF;"					\
	"PRAGMA temp_store = FILE;"					\
	"CREATE TABLE resource(key TEXT, name TEXT, base TEXT, text BLOB);" \
	"CREATE TABLE shared(name TEXT, text BLOB);"			\
	"CREATE TABLE successor(key TEXT PRIMARY KEY, next TEXT)"	\
	"    WITHOUT ROWID;"						\
	"CREATE TABLE root(key TEXT PRIMARY KEY, root TEXT) WITHOUT ROWID;" \
	"BEGIN"

/* A patient replaced by one that was replaced itself belongs to the last; a
 * circle leads nowhere and is left as it is. */
#define SQL_ROOTS							\
	"CREATE INDEX shared_name ON shared(name);"			\
	"WITH RECURSIVE w(key, root, n) AS ("				\
	"    SELECT key, next, 1 FROM successor UNION ALL"		\
	"    SELECT w.key, s.next, n + 1 FROM w JOIN successor s"	\
	"    ON s.key = w.root WHERE n < 16) "				\
	"INSERT OR REPLACE INTO root SELECT key, root FROM w"		\
	"    WHERE root NOT IN (SELECT key FROM successor)"

#define SQL_ROWS							\
	"SELECT coalesce(t.root, r.key) AS k, r.name, r.base, r.text"	\
	" FROM resource r LEFT JOIN root t ON t.key = r.key"		\
	" ORDER BY k, r.name, r.rowid"

static const char *
temporary_folder(void)
{
	const char *t = getenv("TMPDIR");

	return t != NULL && t[0] != '\0' ? t : "/var/tmp";
}

struct sv_status
ad_gather_failed(struct ad_gather *G)
{
	int code = G->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(G->db);
	int e = G->db == NULL ? 0 : sqlite3_system_errno(G->db);

	if (code == SQLITE_NOMEM)
		(void)snprintf(G->error, sizeof(G->error), "not enough memory "
		    "to gather the resources by patient");
	else if (code == SQLITE_FULL || e == ENOSPC || e == EFBIG
	    || e == EDQUOT)
		(void)snprintf(G->error, sizeof(G->error), "no space left in "
		    "the temporary folder %s; set TMPDIR to one with room for "
		    "three times the input", temporary_folder());
	else
		(void)snprintf(G->error, sizeof(G->error), "temporary store in "
		    "%s: %s%s%s", temporary_folder(), sqlite3_errmsg(G->db),
		    e != 0 ? ": " : "", e != 0 ? strerror(e) : "");
	return SV_RETRY;
}

/* The private database: an empty name (sqlite.org/inmemorydb.html). */
static bool
open_store(struct ad_gather *G)
{
	char cache[64];

	(void)snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%zu",
	    AD_GATHER_CACHE >> 10);
	return sqlite3_open("", &G->db) == SQLITE_OK
	    && sqlite3_exec(G->db, SQL_SCHEMA, NULL, NULL, NULL) == SQLITE_OK
	    && sqlite3_exec(G->db, cache, NULL, NULL, NULL) == SQLITE_OK
	    && sqlite3_prepare_v2(G->db, "INSERT INTO resource VALUES"
	    "(?, ?, ?, ?)", -1, &G->add, NULL) == SQLITE_OK
	    && sqlite3_prepare_v2(G->db, "INSERT INTO shared VALUES(?, ?)",
	    -1, &G->add_shared, NULL) == SQLITE_OK
	    && sqlite3_prepare_v2(G->db, "INSERT OR REPLACE INTO successor "
	    "VALUES(?, ?)", -1, &G->add_successor, NULL) == SQLITE_OK;
}

struct ad_gather *
ad_gather_open(struct sv_err *err)
{
	struct ad_gather *G;

	/* SQLite would silently take another folder than the one asked for. */
	if (access(temporary_folder(), W_OK | X_OK) != 0) {
		sv_err_set(err, temporary_folder(), "the temporary folder "
		    "cannot be written to: %s; set TMPDIR", strerror(errno));
		return NULL;
	}
	/* Mapped files would count as memory of the process.  Refused, and
	 * harmless, if SQLite is in use already. */
	(void)sqlite3_config(SQLITE_CONFIG_MMAP_SIZE, (sqlite3_int64)0,
	    (sqlite3_int64)0);
	if ((G = calloc(1, sizeof(*G))) == NULL) {
		sv_err_set(err, "", "not enough memory");
		return NULL;
	}
	if (!open_store(G)) {
		(void)ad_gather_failed(G);
		sv_err_set(err, "", "%s", G->error);
		ad_gather_close(G);
		return NULL;
	}
	return G;
}

bool
ad_gather_bind(sqlite3_stmt *s, int i, struct sv_str v)
{
	return sqlite3_bind_text64(s, i, v.p != NULL ? v.p : "", v.n,
	    SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
}

/* Run an INSERT of ${n} strings. */
static struct sv_status
insert(struct ad_gather *G, sqlite3_stmt *s, const struct sv_str *v, int n)
{
	bool ok = true;

	for (int i = 0; i < n; i++)
		ok = ok && ad_gather_bind(s, i + 1, v[i]);
	ok = ok && sqlite3_step(s) == SQLITE_DONE;
	SV_ENSURE(ok, ad_gather_failed(G));
	(void)sqlite3_reset(s);
	return SV_OK;
}

static struct sv_status
no_subject(struct fhir_entry *e, const struct map_subject *m,
    struct fhir_issues *is)
{
	bool patient = sv_str_is(e->resource_type, "Patient")
	    || sv_str_is(e->resource_type, "Medication");

	fhir_issue_add(is, &(struct fhir_issue){ .severity = FHIR_FATAL,
	    .code = FHIR_CODE_REQUIRED,
	    .detail = patient ? SV_LIT("id-missing")
	    : SV_LIT("subject-missing"),
	    .expression = sv_str_of(e->path), .source = m->name,
	    .text = patient ? SV_LIT("The resource has no id, so nothing can "
	    "refer to it; it was not used.") : SV_LIT("The resource does not "
	    "say which patient it is about; it was not used. Send "
	    "subject.reference as Patient/<id>.") });
	return SV_BAD;
}

struct sv_status
ad_gather_add(struct ad_gather *G, struct sv_arena *A, struct fhir_entry *e,
    struct fhir_issues *is)
{
	struct map_subject m;

	SV_TRY(map_subject(A, e, &m));
	if (m.belongs == MAP_BELONGS_UNKNOWN)
		return no_subject(e, &m, is);
	if (m.belongs == MAP_BELONGS_NOWHERE) {
		G->count.passed_over++;
		return SV_OK;
	}
	G->count.kept++;
	G->count.bytes += (int64_t)e->json.n;
	if (m.belongs == MAP_BELONGS_SHARED)
		return insert(G, G->add_shared, (struct sv_str[]){ m.name,
		    e->json }, 2);
	if (m.successor.n > 0)
		SV_TRY(insert(G, G->add_successor, (struct sv_str[]){ m.key,
		    m.successor }, 2));
	return insert(G, G->add, (struct sv_str[]){ m.key, m.name, m.base,
	    e->json }, 4);
}

struct sv_status
ad_gather_advance(struct ad_gather *G)
{
	int r = sqlite3_step(G->rows);

	SV_ENSURE(r == SQLITE_ROW || r == SQLITE_DONE, ad_gather_failed(G));
	G->at_end = r == SQLITE_DONE;
	return SV_OK;
}

struct sv_status
ad_gather_sort(struct ad_gather *G)
{
	SV_ENSURE(sqlite3_exec(G->db, SQL_ROOTS, NULL, NULL, NULL) == SQLITE_OK
	    && sqlite3_prepare_v2(G->db, SQL_ROWS, -1, &G->rows, NULL)
	    == SQLITE_OK && sqlite3_prepare_v2(G->db, "SELECT name, text FROM "
	    "shared WHERE name = ? ORDER BY rowid", -1, &G->find_shared, NULL)
	    == SQLITE_OK, ad_gather_failed(G));
	return ad_gather_advance(G);
}

struct ad_gather_count
ad_gather_counted(const struct ad_gather *G)
{
	return G->count;
}

const char *
ad_gather_error(const struct ad_gather *G)
{
	return G->error;
}

void
ad_gather_close(struct ad_gather *G)
{
	if (G == NULL)
		return;
	(void)sqlite3_finalize(G->add);
	(void)sqlite3_finalize(G->add_shared);
	(void)sqlite3_finalize(G->add_successor);
	(void)sqlite3_finalize(G->rows);
	(void)sqlite3_finalize(G->find_shared);
	(void)sqlite3_close(G->db);
	free(G);
}
