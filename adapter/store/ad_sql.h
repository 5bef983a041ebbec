/**
 * ad_sql.h: the statements of the store; internal to adapter/store.
 *
 * Each is prepared when it is first used and kept.  A statement is bound with
 * a format string: 's' text (struct sv_str), 'b' blob (struct sv_str), 'i'
 * int64_t; in capitals, NULL is bound if it is empty, or 0.  Bound slices must
 * outlive the last step.
 */
#ifndef AD_SQL_H
#define AD_SQL_H

#include <pthread.h>
#include <sqlite3.h>

#include "ad_sql_sheaf.h"
#include "ad_sql_sync.h"
#include "ad_store.h"
#include "ad_store_checkpoint.h"

#define AD_SQL_STATEMENTS(X)						\
	X(BEGIN, "BEGIN IMMEDIATE")					\
	X(BEGIN_READ, "BEGIN")						\
	X(COMMIT, "COMMIT")						\
	X(ROLLBACK, "ROLLBACK")						\
	X(SAVEPOINT, "SAVEPOINT m")					\
	X(RELEASE, "RELEASE m")						\
	X(UNDO, "ROLLBACK TO m")					\
	X(NEXT_MESSAGE, "SELECT coalesce(max(id), 0) + 1 FROM message")	\
	X(PUT_MESSAGE, "INSERT INTO message(id, received, source, key,"	\
	    " method, target, media, correlation, body, size, fate, status," \
	    " answer, reason) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)") \
	X(SETTLE_MESSAGE, "UPDATE message SET fate = ?, status = ?,"	\
	    " answer = ?, reason = ?, key = ? WHERE id = ?")	\
	X(FIND_MESSAGE, AD_SQL_MESSAGE ", body, answer FROM message"	\
	    " WHERE source = ? AND key = ?")				\
	X(GET_MESSAGE, AD_SQL_MESSAGE ", body, answer FROM message"	\
	    " WHERE id = ?")						\
	X(LIST_MESSAGES, AD_SQL_MESSAGE " FROM message ORDER BY id DESC"	\
	    " LIMIT ?")							\
	X(LIST_FATE, AD_SQL_MESSAGE " FROM message WHERE fate = ?"	\
	    " ORDER BY id DESC LIMIT ?")				\
	X(FIND_NAME, "SELECT patient FROM patient_name WHERE source = ?"	\
	    " AND name = ?")						\
	X(FIND_IDENTIFIER, "SELECT patient FROM patient_identifier"	\
	    " WHERE system = ? AND value = ?")				\
	X(NEW_PATIENT, "INSERT INTO patient(merged_into) VALUES(NULL)")	\
	X(PUT_NAME, "INSERT INTO patient_name(source, name, patient)"	\
	    " VALUES(?,?,?) ON CONFLICT DO UPDATE SET patient ="	\
	    " excluded.patient WHERE patient <> excluded.patient")	\
	X(PUT_IDENTIFIER, "INSERT INTO patient_identifier VALUES(?,?,?)" \
	    " ON CONFLICT DO UPDATE SET patient = excluded.patient"	\
	    " WHERE patient <> excluded.patient")			\
	X(MERGE_PATIENT, "UPDATE patient SET merged_into = ? WHERE id = ?") \
	X(MERGE_NAMES, "UPDATE patient_name SET patient = ?"		\
	    " WHERE patient = ?")					\
	X(MERGE_IDENTIFIERS, "UPDATE patient_identifier SET patient = ?"	\
	    " WHERE patient = ?")					\
	X(MERGE_RESOURCES, "UPDATE resource SET patient = ?"		\
	    " WHERE patient = ?")					\
	X(FIND_HOME, "SELECT base FROM source WHERE name = ?")		\
	X(PUT_HOME, "INSERT INTO source(name, base) VALUES(?,?)")	\
	X(FIND_RESOURCE, "SELECT patient, full_url, version, updated,"	\
	    " refers, deleted FROM resource" AD_SQL_NAMED)		\
	X(HAS_RESOURCE, "SELECT id FROM resource" AD_SQL_NAMED)		\
	X(ADD_RESOURCE, "INSERT INTO resource(key, source, name, patient," \
	    " full_url, version, updated, refers, deleted, text, message)" \
	    " VALUES(?,?,?,?,?,?,?,?,?,?,?)")	\
	X(REPLACE_RESOURCE, "UPDATE resource SET patient = ?4," \
	    " full_url = ?5, version = ?6, updated = ?7,"		\
	    " refers = ?8, deleted = ?9, text = ?10,"		\
	    " message = ?11" AD_SQL_NAMED)				\
	X(LOAD_PATIENT, "SELECT source, name, refers, message, full_url,"	\
	    " text FROM resource WHERE patient = ? AND deleted = 0"	\
	    " AND message <> ?")						\
	X(LOAD_SHARED, "SELECT source, name, refers, message, full_url,"	\
	    " text FROM resource" AD_SQL_NAMED " AND deleted = 0")	\
	X(USERS_OF, "SELECT DISTINCT patient FROM resource"		\
	    " WHERE refers = ? AND source = ? AND patient IS NOT NULL")	\
	X(CURRENT, "SELECT id, message, cancer, decision, as_of, recorded," \
	    " bundle, size FROM guidance WHERE patient = ? AND ended = 0" \
	    " ORDER BY cancer")						\
	X(FIND_GUIDANCE, "SELECT id, message, cancer, decision, as_of,"	\
	    " recorded, bundle, size, patient, ended, reason FROM guidance" \
	    " WHERE decision = ? ORDER BY id DESC LIMIT 1")		\
	X(STALE, "SELECT id FROM patient WHERE id > ? AND merged_into"	\
	    " IS NULL AND rules IS NOT ? ORDER BY id LIMIT ?")		\
	X(COUNT_STALE, "SELECT count(*) FROM patient WHERE merged_into"	\
	    " IS NULL AND rules IS NOT ?")				\
	X(PROBE, "INSERT OR REPLACE INTO probe VALUES(1, ?)")		\
	X(WAS_SAID, "SELECT 1 FROM guidance WHERE patient = ?"		\
	    " AND decision = ? LIMIT 1")				\
	X(PUT_GUIDANCE, "INSERT INTO guidance(patient, message, cancer,"	\
	    " decision, as_of, recorded, bundle, size)"			\
	    " VALUES(?,?,?,?,?,?,?,?)")					\
	X(END_GUIDANCE, "UPDATE guidance SET ended = ?, reason = ?"	\
	    " WHERE id = ?")						\
	X(PUT_ROW, "INSERT INTO outbox(destination, patient, message,"	\
	    " decision, correlation, body, size, created, due)"		\
	    " VALUES(?,?,?,?,?,?,?,?,?)")				\
	X(CLAIM, "SELECT id, patient, message, decision, correlation,"	\
	    " attempts, created, " AD_SQL_BODY ", size FROM outbox o"		\
	    " WHERE destination = ? AND state = 0 AND due <= ? AND"	\
	    AD_SQL_FIRST " ORDER BY due, id LIMIT ?")			\
	X(MARK_SENDING, "UPDATE outbox SET state = 1,"			\
	    " attempts = attempts + 1 WHERE id = ?")			\
	X(SETTLE_ROW, "UPDATE outbox SET state = ?, attempts = ?, due = ?," \
	    " status = ?, reason = ?, said = ? WHERE id = ?"	\
	    " AND state <> 4")						\
	X(RECOVER_ROWS, "UPDATE outbox SET state = 0 WHERE state = 1")	\
	X(NEXT_DUE, "SELECT due FROM outbox o WHERE destination = ?"	\
	    " AND state = 0 AND" AD_SQL_FIRST " ORDER BY due LIMIT 1")	\
	X(BACKLOG, "SELECT destination, sum(state <> 3), sum(state = 3)"	\
	    " FROM outbox WHERE state IN (0, 1, 3)"			\
	    " GROUP BY destination ORDER BY destination")		\
	X(RETRY_DEAD, "UPDATE outbox SET state = 0, attempts = 0, due = ?" \
	    " WHERE state = 3 AND (destination = ? OR ? = '')")		\
	X(MERGE_GUIDANCE, "UPDATE guidance SET patient = ?"		\
	    " WHERE patient = ?")					\
	X(MERGE_ROWS, "UPDATE outbox SET patient = ? WHERE patient = ?"	\
	    " AND state IN (0, 1, 3)")					\
	X(GET_ROW, AD_SQL_ROW ", " AD_SQL_BODY ", size FROM outbox o"	\
	    " WHERE id = ?")	\
	X(LIST_ROWS, AD_SQL_ROW " FROM outbox ORDER BY id LIMIT ?")	\
	X(LIST_STATE, AD_SQL_ROW " FROM outbox WHERE state = ?"		\
	    " ORDER BY id LIMIT ?")					\
	X(COUNT_MESSAGES, "SELECT fate, count(*) FROM message GROUP BY fate") \
	X(COUNT_ROWS, "SELECT state, count(*), min(created) FROM outbox" \
	    " GROUP BY state")						\
	X(COUNT_REST, "SELECT (SELECT count(*) FROM patient WHERE"	\
	    " merged_into IS NULL), (SELECT count(*) FROM resource WHERE" \
	    " deleted = 0) + (SELECT count(*) FROM sheaf_key),"		\
	    " (SELECT count(*) FROM guidance WHERE ended = 0),"		\
	    " (SELECT page_count * page_size FROM pragma_page_count,"	\
	    " pragma_page_size)")					\
	X(PUT_CARD, "INSERT OR IGNORE INTO cds_card"			\
	    " VALUES(?,?,?,?,?,?,?,?,?,?)")				\
	X(PUT_FEEDBACK, "INSERT OR IGNORE INTO cds_feedback"		\
	    " VALUES(?,?,?,?,?,?,?,?,?,?,?)")				\
	X(GET_CARD, "SELECT client, service, patient, user, topic, rules," \
	    " content, urgency, shown, card FROM cds_card WHERE card = ?") \
	X(LIST_OVERRIDES, "SELECT c.client, c.service, c.patient, c.user," \
	    " c.topic, c.rules, c.content, c.urgency, f.received, c.card"	\
	    " FROM cds_feedback f JOIN cds_card c ON c.card = f.card AND" \
	    " c.client = f.client WHERE f.outcome = 'overridden' AND"	\
	    " f.received >= ? ORDER BY f.received")			\
	X(COUNT_FEEDBACK, "SELECT topic, service, sum(shown), sum(accepted)," \
	    " sum(overridden) FROM (SELECT topic, service, 1 AS shown,"	\
	    " 0 AS accepted, 0 AS overridden FROM cds_card UNION ALL"	\
	    " SELECT coalesce(c.topic, 'unknown card'), f.service, 0,"	\
	    " f.outcome = 'accepted', f.outcome = 'overridden'"		\
	    " FROM cds_feedback f LEFT JOIN cds_card c ON c.card = f.card" \
	    " AND c.client = f.client) GROUP BY topic, service"		\
	    " ORDER BY topic, service")					\
	X(COUNT_REASONS, "SELECT coalesce(c.topic, 'unknown card'),"	\
	    " coalesce(f.reason_display, f.reason_code, CASE WHEN f.comment" \
	    " IS NULL THEN 'no reason given' ELSE 'in words only' END),"	\
	    " count(*) FROM cds_feedback f LEFT JOIN cds_card c ON c.card ="	\
	    " f.card AND c.client = f.client WHERE f.outcome = 'overridden'"	\
	    " GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2")			\
	X(EXPIRE_CARDS, "DELETE FROM cds_card WHERE shown < ? AND card NOT"	\
	    " IN (SELECT card FROM cds_feedback)")			\
	X(EXPIRE_MESSAGES, "UPDATE message SET body = NULL, answer = NULL" \
	    " WHERE received < ? AND fate = 0 AND body IS NOT NULL")	\
	X(EXPIRE_ROWS, "UPDATE outbox SET body = NULL WHERE created < ?" \
	    " AND state IN (2, 4) AND body IS NOT NULL")

#define AD_SQL_MESSAGE "SELECT id, received, source, key, method, target," \
	" media, correlation, size, fate, status, reason"
/* A resource is found by its number (ad_store_key.h), but is known by its name. */
#define AD_SQL_NAMED " WHERE key = ?1 AND source = ?2 AND name = ?3"
#define AD_SQL_ROW "SELECT id, patient, message, destination, decision," \
	" correlation, state, attempts, status, created, due, reason, said"
/* What is posted as it is kept is there once: a row without a body has that of
 * its guidance. */
#define AD_SQL_BODY "ifnull(o.body, (SELECT bundle FROM guidance g WHERE"	\
	" g.decision = o.decision AND g.message IS o.message ORDER BY g.id"	\
	" DESC LIMIT 1))"
/* The outbox row o is the oldest unsettled one of its patient. */
#define AD_SQL_FIRST " NOT EXISTS(SELECT 1 FROM outbox p WHERE p.patient =" \
	" o.patient AND p.destination = o.destination AND p.state IN (0, 1)" \
	" AND p.id < o.id)"

/* A commit is on the disk when it returns.  A night of much makes a long log,
 * which is cut afterwards. */
#define AD_SQL_DURABLE "PRAGMA synchronous = FULL;"			\
	"PRAGMA journal_size_limit = 67108864;"				\
	"PRAGMA wal_autocheckpoint = 2000;"

#define AD_SQL_X(id, text) AD_SQL_##id,
enum ad_sql {
	AD_SQL_STATEMENTS(AD_SQL_X)
	AD_SQL_SHEAF(AD_SQL_X)
	AD_SQL_SYNC(AD_SQL_X)
	AD_SQL_MAX
};
#undef AD_SQL_X

struct ad_store {
	sqlite3 *db;
	sqlite3_stmt *stmt[AD_SQL_MAX];
	pthread_mutex_t lock;		/* held from begin to the end of a unit */
	enum ad_store_mode mode;
	int lock_fd;			/* of a service: path.lock; -1 */
	struct ad_checkpointer *checkpointer;	/* or NULL */
	struct ad_sheaf_keys *keys;	/* held back, or NULL */
	bool alien;			/* no store that this program can use */
};

/** Make a store of layout ${version} into one of AD_STORE_SCHEMA, or change
 * nothing; false: ad_sql_error. */
bool ad_sql_migrate(struct ad_store *S, int64_t version);

/* Why the last call of this thread failed: threads share a store. */
extern _Thread_local char ad_sql_error[512];

/** Statement ${q}, which ends with AD_SQL_NAMED, for ${name} of ${source}. */
sqlite3_stmt *ad_sql_named(struct ad_store *S, enum ad_sql q,
    struct sv_str source, struct sv_str name);

/** Statement ${q}, ready, with its parameters bound; NULL on failure. */
sqlite3_stmt *ad_sql(struct ad_store *S, enum ad_sql q, const char *format,
    ...);

/** Run ${s}, which returns no rows.  RETRY. */
struct sv_status ad_sql_do(struct ad_store *S, sqlite3_stmt *s) SV_CHECK;

/** Bind and run ${q}, which returns no rows.  RETRY. */
struct sv_status ad_sql_run(struct ad_store *S, enum ad_sql q,
    const char *format, ...) SV_CHECK;

/** The next row of ${s}: OK, SKIP at the end (then it is reset), RETRY. */
struct sv_status ad_sql_step(struct ad_store *S, sqlite3_stmt *s) SV_CHECK;

/** One row with one number: OK, SKIP, RETRY. */
struct sv_status ad_sql_number(struct ad_store *S, sqlite3_stmt *s,
    int64_t *ret) SV_CHECK;

/** Column ${i} copied into ${A}; .p is never NULL unless memory ran out. */
struct sv_str ad_sql_text(struct sv_arena *A, sqlite3_stmt *s, int i);

/** Column ${i} in place, valid until the next step. */
struct sv_str ad_sql_peek(sqlite3_stmt *s, int i);

/** Note why SQLite failed.  Always RETRY. */
struct sv_status ad_sql_failed(struct ad_store *S);

#endif
