/**
 * ad_sql_sync.h: the statements of ad_store_sync.c; internal to adapter/store.
 */
#ifndef AD_SQL_SYNC_H
#define AD_SQL_SYNC_H

#define AD_SQL_SYNC(X)							\
	X(NOTE_DECIDED, "UPDATE patient SET rules = ?, due ="\
	    " nullif(?,-1), standing = ?, failed_from = ?,"\
	    " failed_to = ?, window_to = ? WHERE id = ?") \
	X(NOTE_IF_DUE, "UPDATE patient SET rules = ?, due = nullif(?,-1),"\
	    " standing = ?, failed_from = ?, failed_to = ?,"\
	    " window_to = ? WHERE id = ? AND due = ?") \
	X(NEW_DUE, "INSERT INTO patient(due) VALUES(0)") \
	X(MAKE_DUE, "UPDATE patient SET due = 0 WHERE id = ? AND due IS"\
	    " NOT 0") \
	X(MAKE_STALE_DUE, "UPDATE patient SET due = 0 WHERE id IN (SELECT"\
	    " id FROM patient WHERE merged_into IS NULL AND rules IS"\
	    " NOT ? AND due IS NOT 0 LIMIT ?)") \
	X(WHEN_DUE, "SELECT ifnull(due, -1), rules IS NOT ?, rules IS"\
	    " NULL FROM patient WHERE id = ?") \
	/* Not (due, id) > (?1, ?2): of that the index serves due alone. */ \
	X(LIST_DUE, "SELECT due, id FROM patient WHERE due = ?1 AND id > ?2"\
	    " UNION ALL SELECT due, id FROM patient WHERE due > ?1"\
	    " AND due <= ?3 ORDER BY due, id LIMIT ?4") \
	X(COUNT_DUE, "SELECT count(*) FROM patient WHERE due <= ?") \
	X(LIST_STANDING, "SELECT n.name, p.standing, p.failed_from,"\
	    " p.failed_to, p.window_to FROM patient p JOIN patient_name"\
	    " n ON n.patient = p.id WHERE p.standing IS NOT NULL AND"\
	    " n.source = ? GROUP BY p.id ORDER BY n.name") \
	X(SAME_RESOURCE, "SELECT text FROM resource" AD_SQL_NAMED\
	    " AND deleted = 0") \
	X(CHANGED_BY_OTHERS, "PRAGMA data_version") \
	X(LAST_RESOURCE, "SELECT ifnull(max(id), 0) + (SELECT count(*)"\
	    " FROM sheaf_key) FROM resource") \
	X(LIST_KEYS, "SELECT key FROM resource UNION ALL SELECT key"\
	    " FROM sheaf_key") \
	X(SEE_PATIENT, "UPDATE patient_name SET seen = ? WHERE source = ?"\
	    " AND name = ?") \
	X(LAST_SEEN, "SELECT max(seen) FROM patient_name WHERE source = ?") \
	X(WAS_SEEN, "SELECT seen IS ? FROM patient_name WHERE source = ?"\
	    " AND name = ?") \
	X(LIST_LEFT, "SELECT name, patient FROM patient_name WHERE source"\
	    " = ? AND seen IS NOT ? LIMIT ?") \
	X(PURGE_RESOURCES, "DELETE FROM resource WHERE source = ? AND"\
	    " patient = ?") \
	X(PURGE_NAME, "DELETE FROM patient_name WHERE source = ? AND name"\
	    " = ?") \
	X(PURGE_IDENTIFIERS, "DELETE FROM patient_identifier WHERE"\
	    " patient = ?1 AND NOT EXISTS(SELECT 1 FROM patient_name"\
	    " WHERE patient = ?1)") \
	X(GET_REGISTRY, "SELECT watermark, base, run, started, ended,"\
	    " counts, asked FROM registry WHERE name = ?") \
	X(PUT_REGISTRY, "INSERT OR REPLACE INTO registry(name, watermark,"\
	    " base, run, started, ended, counts, asked)"\
	    " VALUES(?,?,?,?,?,?,?,?)") \
	X(PUT_FILE, "INSERT OR REPLACE INTO registry_file(registry, run,"\
	    " name, size, modified, digest, rules, done, offset, line,"\
	    " patients, counts) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)") \
	X(GET_FILE, "SELECT digest, done, offset, line, patients, counts"\
	    " FROM registry_file WHERE registry = ? AND run = ? AND"\
	    " name = ? AND size = ? AND modified = ? AND rules = ?") \
	X(FIND_FILE, "SELECT digest, done, offset, line, patients, counts"\
	    " FROM registry_file INDEXED BY registry_file_size WHERE"\
	    " registry = ? AND size = ? AND rules = ? AND done = 1 AND"\
	    " (digest = ?4 OR ?4 = '') LIMIT 1") \
	X(ANY_FILE, "SELECT 1 FROM registry_file WHERE registry = ? AND" \
	    " rules = ? LIMIT 1") \
	X(COUNT_FILES, "SELECT count(*) FROM registry_file WHERE registry"\
	    " = ? AND run = ?") \
	X(DROP_RUN, "DELETE FROM registry_file WHERE registry = ? AND"\
	    " run = ?") \
	X(DROP_FILES, "DELETE FROM registry_file WHERE registry = ? AND"\
	    " run <> ?")

#endif
