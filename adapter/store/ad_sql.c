#include "ad_sql.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ad_store_key.h"

#define AD_SQL_X(id, text) text,
static const char *const sql_text[AD_SQL_MAX] = {
	AD_SQL_STATEMENTS(AD_SQL_X)
	AD_SQL_SHEAF(AD_SQL_X)
	AD_SQL_SYNC(AD_SQL_X)
};
#undef AD_SQL_X

_Thread_local char ad_sql_error[512];

struct sv_status
ad_sql_failed(struct ad_store *S)
{
	int code = sqlite3_errcode(S->db), e = sqlite3_system_errno(S->db);

	if (code == SQLITE_FULL || e == ENOSPC || e == EDQUOT)
		(void)snprintf(ad_sql_error, sizeof(ad_sql_error), "no space left for "
		    "the store; make room, nothing else has to be done");
	else
		(void)snprintf(ad_sql_error, sizeof(ad_sql_error), "store: %s%s%s",
		    sqlite3_errmsg(S->db), e != 0 ? ": " : "",
		    e != 0 ? strerror(e) : "");
	return SV_RETRY;
}

static int
bind_number(sqlite3_stmt *s, int i, char format, int64_t v)
{
	return format == 'I' && v == 0 ? sqlite3_bind_null(s, i)
	    : sqlite3_bind_int64(s, i, v);
}

static int
bind_slice(sqlite3_stmt *s, int i, char format, struct sv_str v)
{
	const char *p = v.p != NULL ? v.p : "";

	if (v.n == 0 && (format == 'S' || format == 'B'))
		return sqlite3_bind_null(s, i);
	return format == 'b' || format == 'B' ? sqlite3_bind_blob64(s, i, p,
	    v.n, SQLITE_STATIC) : sqlite3_bind_text64(s, i, p, v.n,
	    SQLITE_STATIC, SQLITE_UTF8);
}

static bool
bind_all(sqlite3_stmt *s, const char *format, va_list ap)
{
	bool ok = true;

	for (int i = 1; *format != '\0'; format++, i++) {
		int r = *format == 'i' || *format == 'I'
		    ? bind_number(s, i, *format, va_arg(ap, int64_t))
		    : bind_slice(s, i, *format, va_arg(ap, struct sv_str));

		ok = ok && r == SQLITE_OK;
	}
	return ok;
}

static sqlite3_stmt *
ready(struct ad_store *S, enum ad_sql q, const char *format, va_list ap)
{
	sqlite3_stmt *s = S->stmt[q];

	if (s == NULL && sqlite3_prepare_v3(S->db, sql_text[q], -1,
	    SQLITE_PREPARE_PERSISTENT, &S->stmt[q], NULL) != SQLITE_OK) {
		(void)ad_sql_failed(S);
		return NULL;
	}
	s = S->stmt[q];
	(void)sqlite3_reset(s);
	if (!bind_all(s, format, ap)) {
		(void)ad_sql_failed(S);
		return NULL;
	}
	return s;
}

sqlite3_stmt *
ad_sql_named(struct ad_store *S, enum ad_sql q, struct sv_str source,
    struct sv_str name)
{
	return ad_sql(S, q, "iss", (int64_t)ad_store_name_key(source, name),
	    source, name);
}

sqlite3_stmt *
ad_sql(struct ad_store *S, enum ad_sql q, const char *format, ...)
{
	sqlite3_stmt *s;
	va_list ap;

	va_start(ap, format);
	s = ready(S, q, format, ap);
	va_end(ap);
	return s;
}

struct sv_status
ad_sql_step(struct ad_store *S, sqlite3_stmt *s)
{
	int r;

	SV_ENSURE(s != NULL, SV_RETRY);
	r = sqlite3_step(s);
	if (r == SQLITE_ROW)
		return SV_OK;
	if (r != SQLITE_DONE)
		(void)ad_sql_failed(S);
	(void)sqlite3_reset(s);
	return r == SQLITE_DONE ? SV_SKIP : SV_RETRY;
}

struct sv_status
ad_sql_do(struct ad_store *S, sqlite3_stmt *s)
{
	struct sv_status st = ad_sql_step(S, s);

	return st.code == SV_CODE_SKIP ? SV_OK : SV_RETRY;
}

struct sv_status
ad_sql_run(struct ad_store *S, enum ad_sql q, const char *format, ...)
{
	sqlite3_stmt *s;
	va_list ap;

	va_start(ap, format);
	s = ready(S, q, format, ap);
	va_end(ap);
	return ad_sql_do(S, s);
}

struct sv_status
ad_sql_number(struct ad_store *S, sqlite3_stmt *s, int64_t *ret)
{
	bool null;

	SV_TRY(ad_sql_step(S, s));
	null = sqlite3_column_type(s, 0) == SQLITE_NULL;
	*ret = sqlite3_column_int64(s, 0);
	(void)sqlite3_reset(s);
	return null ? SV_SKIP : SV_OK;
}

struct sv_str
ad_sql_peek(sqlite3_stmt *s, int i)
{
	const void *p = sqlite3_column_blob(s, i);

	return (struct sv_str){ p != NULL ? p : "",
		(size_t)sqlite3_column_bytes(s, i) };
}

struct sv_str
ad_sql_text(struct sv_arena *A, sqlite3_stmt *s, int i)
{
	return sv_arena_str(A, ad_sql_peek(s, i));
}
