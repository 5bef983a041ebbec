/**
 * ad_sql_sheaf.h: the statements of sheaves; internal to adapter/store.
 */
#ifndef AD_SQL_SHEAF_H
#define AD_SQL_SHEAF_H

/* PUT_SHEAF_KEYS puts so many, for a step costs as much as the row it puts. */
#define AD_SQL_SHEAF_KEYS 16
#define AD_SQL_4 "(?,?),(?,?),(?,?),(?,?)"

#define AD_SQL_SHEAF(X)							\
	X(PUT_SHEAF, "INSERT INTO sheaf(source, patient, text, message)"	\
	    " VALUES(?,?,?,?)")						\
	X(PUT_SHEAF_KEY, "INSERT OR IGNORE INTO sheaf_key VALUES(?,?)")	\
	X(PUT_SHEAF_KEYS, "INSERT OR IGNORE INTO sheaf_key VALUES"	\
	    AD_SQL_4 "," AD_SQL_4 "," AD_SQL_4 "," AD_SQL_4)		\
	X(FIND_SHEAF, "SELECT s.text, s.id, s.patient, s.message"	\
	    " FROM sheaf_key k JOIN sheaf s ON s.id = k.sheaf"		\
	    " WHERE k.key = ? AND s.source = ?")			\
	X(LOAD_SHEAVES, "SELECT text, source, message FROM sheaf"	\
	    " WHERE patient = ?")					\
	X(FIRST_SHEAF, "SELECT text, id FROM sheaf WHERE patient = ?"	\
	    " AND source = ? LIMIT 1")					\
	X(MERGE_SHEAVES, "UPDATE sheaf SET patient = ? WHERE patient = ?") \
	X(DROP_SHEAF, "DELETE FROM sheaf WHERE id = ?")			\
	X(DROP_SHEAF_KEY, "DELETE FROM sheaf_key WHERE key = ?"		\
	    " AND sheaf = ?")						\
	X(DROP_SHEAF_KEYS, "DELETE FROM sheaf_key WHERE sheaf = ?")	\
	X(ANY_SHEAF_KEY, "SELECT 1 FROM sheaf_key WHERE sheaf = ? LIMIT 1")

#endif
