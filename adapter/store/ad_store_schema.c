/*
 * The layouts of the database, each as a change of the one before.
 */
#include "ad_sql.h"
#include "ad_store_key.h"

#define SCHEMA_1							\
	"CREATE TABLE message(id INTEGER PRIMARY KEY, received INTEGER"	\
	" NOT NULL, source TEXT NOT NULL, key TEXT, method TEXT, target TEXT," \
	" media TEXT, correlation TEXT, body BLOB, size INTEGER, fate INTEGER" \
	" NOT NULL, status INTEGER NOT NULL, answer BLOB, reason TEXT)"	\
	" STRICT;"							\
	"CREATE UNIQUE INDEX message_key ON message(source, key)"	\
	" WHERE key IS NOT NULL;"					\
	"CREATE INDEX message_open ON message(fate) WHERE fate <> 0;"	\
	"CREATE TABLE patient(id INTEGER PRIMARY KEY, merged_into INTEGER)" \
	" STRICT;"							\
	"CREATE TABLE patient_name(source TEXT, name TEXT, patient INTEGER" \
	" NOT NULL, PRIMARY KEY(source, name)) STRICT, WITHOUT ROWID;"	\
	"CREATE INDEX name_patient ON patient_name(patient);"		\
	"CREATE TABLE patient_identifier(system TEXT, value TEXT, patient" \
	" INTEGER NOT NULL, PRIMARY KEY(system, value)) STRICT,"	\
	" WITHOUT ROWID;"						\
	"CREATE INDEX identifier_patient ON patient_identifier(patient);" \
	"CREATE TABLE resource(id INTEGER PRIMARY KEY, source TEXT NOT NULL," \
	" name TEXT NOT NULL, patient INTEGER, full_url TEXT, version TEXT," \
	" updated TEXT, refers TEXT, deleted INTEGER NOT NULL, text BLOB," \
	" message INTEGER NOT NULL, UNIQUE(source, name)) STRICT;"	\
	"CREATE INDEX resource_patient ON resource(patient);"		\
	"CREATE INDEX resource_refers ON resource(refers)"		\
	" WHERE refers IS NOT NULL;"					\
	"CREATE TABLE guidance(id INTEGER PRIMARY KEY, patient INTEGER NOT" \
	" NULL, message INTEGER, cancer INTEGER NOT NULL, decision TEXT NOT" \
	" NULL, as_of TEXT, recorded TEXT, bundle BLOB, size INTEGER, ended" \
	" INTEGER NOT NULL DEFAULT 0, reason TEXT) STRICT;"		\
	"CREATE INDEX guidance_patient ON guidance(patient, ended);"	\
	"CREATE TABLE outbox(id INTEGER PRIMARY KEY, destination TEXT NOT" \
	" NULL, patient INTEGER NOT NULL, message INTEGER, decision TEXT," \
	" correlation TEXT, body BLOB, size INTEGER, state INTEGER NOT NULL" \
	" DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, status INTEGER NOT" \
	" NULL DEFAULT 0, created INTEGER NOT NULL, due INTEGER NOT NULL," \
	" reason TEXT) STRICT;"						\
	"CREATE INDEX outbox_due ON outbox(destination, due)"		\
	" WHERE state = 0;"						\
	"CREATE INDEX outbox_patient ON outbox(patient, destination, state);" \
	"CREATE INDEX outbox_state ON outbox(state);"			\
	"PRAGMA application_id = 0x536c7672; PRAGMA user_version = 1;"

/* Which rule set each patient was decided by; guidance by its id. */
#define SCHEMA_2							\
	"ALTER TABLE patient ADD COLUMN rules TEXT;"			\
	"CREATE INDEX guidance_decision ON guidance(decision);"		\
	"CREATE TABLE probe(id INTEGER PRIMARY KEY, at INTEGER) STRICT;" \
	"PRAGMA user_version = 2;"

/* What the receiver of a post said of it. */
#define SCHEMA_3							\
	"ALTER TABLE outbox ADD COLUMN said TEXT;"			\
	"PRAGMA user_version = 3;"

/* CDS Hooks: which cards were shown, and what became of them. */
#define SCHEMA_4							\
	"CREATE TABLE cds_card(card TEXT PRIMARY KEY, client TEXT NOT NULL," \
	" service TEXT NOT NULL, patient TEXT NOT NULL, user TEXT NOT NULL," \
	" topic TEXT NOT NULL, rules TEXT NOT NULL, content TEXT NOT NULL," \
	" urgency TEXT NOT NULL, shown INTEGER NOT NULL) STRICT,"	\
	" WITHOUT ROWID;"						\
	"CREATE INDEX cds_card_shown ON cds_card(shown);"		\
	"CREATE TABLE cds_feedback(card TEXT, outcome TEXT, stamp TEXT,"	\
	" client TEXT NOT NULL, service TEXT NOT NULL, suggestions TEXT,"	\
	" reason_system TEXT, reason_code TEXT, reason_display TEXT,"	\
	" comment TEXT, received INTEGER NOT NULL, PRIMARY KEY(client, card," \
	" outcome, stamp)) STRICT, WITHOUT ROWID;"			\
	"CREATE INDEX cds_feedback_received ON cds_feedback(received);"	\
	"PRAGMA user_version = 4;"

/* Bulk synchronisation: when each patient is to be decided again, where it
 * stands, and how far the runs of each registry are.  Patients decided before
 * are decided once more, to learn when time alone may change their answer. */
#define SCHEMA_5							\
	"ALTER TABLE patient ADD COLUMN due INTEGER;"			\
	"ALTER TABLE patient ADD COLUMN standing INTEGER;"		\
	"ALTER TABLE patient ADD COLUMN failed_from INTEGER;"		\
	"ALTER TABLE patient ADD COLUMN failed_to INTEGER;"		\
	"ALTER TABLE patient ADD COLUMN window_to INTEGER;"		\
	"CREATE INDEX patient_due ON patient(due) WHERE due IS NOT NULL;" \
	"UPDATE patient SET due = 1 WHERE merged_into IS NULL;"		\
	"ALTER TABLE patient_name ADD COLUMN seen INTEGER;"		\
	"CREATE TABLE registry(name TEXT PRIMARY KEY, watermark TEXT, base" \
	" TEXT, run INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER" \
	" NOT NULL, counts TEXT) STRICT;"				\
	"CREATE TABLE registry_file(registry TEXT, run INTEGER, name TEXT," \
	" size INTEGER NOT NULL, modified INTEGER NOT NULL, digest TEXT," \
	" rules TEXT, done INTEGER NOT NULL, offset INTEGER NOT NULL, line" \
	" INTEGER NOT NULL, patients INTEGER NOT NULL, counts TEXT,"	\
	" PRIMARY KEY(registry, run, name)) STRICT, WITHOUT ROWID;"	\
	"PRAGMA user_version = 5;"

/* The server whose ids are those of a source. */
#define SCHEMA_6							\
	"CREATE TABLE source(name TEXT PRIMARY KEY, base TEXT NOT NULL)"	\
	" STRICT, WITHOUT ROWID;"					\
	"PRAGMA user_version = 6;"

/* Guidance is packed with ad_store_sample.h, and outbox rows need no body of
 * their own: earlier programs could not read them. */
#define SCHEMA_7 "PRAGMA user_version = 7;"

/* An export may have many thousand files, each of which is looked for. */
#define SCHEMA_8							\
	"CREATE INDEX registry_file_size ON registry_file(registry, size,"	\
	" digest);"							\
	"PRAGMA user_version = 8;"

/* Resources are packed; earlier programs could not read them. */
#define SCHEMA_9 "PRAGMA user_version = 9;"

/* Resources are found by a number (ad_store_key.h), no longer by an index of
 * their names; resource_key() is ad_store_name_key.  What the exports of a
 * registry are asked for is kept. */
#define SCHEMA_10							\
	"CREATE TABLE resource_10(id INTEGER PRIMARY KEY, key INTEGER NOT NULL," \
	" source TEXT NOT NULL, name TEXT NOT NULL, patient INTEGER,"	\
	" full_url TEXT, version TEXT, updated TEXT, refers TEXT, deleted" \
	" INTEGER NOT NULL, text BLOB, message INTEGER NOT NULL) STRICT;" \
	"INSERT INTO resource_10 SELECT id, resource_key(source, name),"	\
	" source, name, patient, full_url, version, updated, refers, deleted," \
	" text, message FROM resource;"					\
	"DROP TABLE resource; ALTER TABLE resource_10 RENAME TO resource;" \
	"CREATE INDEX resource_key ON resource(key);"			\
	"CREATE INDEX resource_patient ON resource(patient);"		\
	"CREATE INDEX resource_refers ON resource(refers)"		\
	" WHERE refers IS NOT NULL;"					\
	"ALTER TABLE registry ADD COLUMN asked TEXT;"			\
	"PRAGMA user_version = 10;"

/* Resources are packed with a dictionary; earlier programs could not read
 * them. */
#define SCHEMA_11 "PRAGMA user_version = 11;"

/* What came together is in one row: ad_store_sheaf.h. */
#define SCHEMA_12							\
	"CREATE TABLE sheaf(id INTEGER PRIMARY KEY, source TEXT NOT NULL,"	\
	" patient INTEGER NOT NULL, text BLOB NOT NULL, message INTEGER NOT" \
	" NULL) STRICT;"						\
	"CREATE INDEX sheaf_patient ON sheaf(patient);"			\
	"CREATE TABLE sheaf_key(key INTEGER, sheaf INTEGER, PRIMARY KEY(key," \
	" sheaf)) STRICT, WITHOUT ROWID;"				\
	"PRAGMA user_version = 12;"

static const char *const layouts[AD_STORE_SCHEMA] = { SCHEMA_1, SCHEMA_2,
	SCHEMA_3, SCHEMA_4, SCHEMA_5, SCHEMA_6, SCHEMA_7, SCHEMA_8, SCHEMA_9,
	SCHEMA_10, SCHEMA_11, SCHEMA_12 };

/* The SQL function resource_key(source, name) of layout 10. */
static void
key_of_row(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct sv_str part[2];

	for (int i = 0; i < n; i++) {
		const void *p = sqlite3_value_blob(v[i]);

		part[i] = (struct sv_str){ p != NULL ? p : "",
			(size_t)sqlite3_value_bytes(v[i]) };
	}
	sqlite3_result_int64(c, (int64_t)ad_store_name_key(part[0], part[1]));
}

/* All changes of the layout since ${version}, in a transaction that ${begin}
 * begins: nothing is changed unless all of it can be. */
static bool
change_layout(struct ad_store *S, int64_t version, const char *begin)
{
	bool ok = sqlite3_exec(S->db, begin, NULL, NULL, NULL) == SQLITE_OK;

	for (; ok && version < AD_STORE_SCHEMA; version++)
		ok = sqlite3_exec(S->db, layouts[version], NULL, NULL,
		    NULL) == SQLITE_OK;
	if (ok && sqlite3_exec(S->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
		return true;
	(void)ad_sql_failed(S);
	if (sqlite3_get_autocommit(S->db) == 0)
		(void)sqlite3_exec(S->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

/* What a statement may have to take back is held in a file, for a table may be
 * larger than the memory; or in memory, if there is no folder for files. */
bool
ad_sql_migrate(struct ad_store *S, int64_t version)
{
	bool ok = sqlite3_create_function(S->db, "resource_key", 2,
	    SQLITE_UTF8, NULL, key_of_row, NULL, NULL) == SQLITE_OK
	    && (change_layout(S, version, "PRAGMA temp_store = FILE;"
	    "BEGIN IMMEDIATE") || change_layout(S, version,
	    "PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE"));

	(void)sqlite3_exec(S->db, "PRAGMA temp_store = MEMORY", NULL, NULL,
	    NULL);
	return ok;
}
