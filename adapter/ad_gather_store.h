/**
 * ad_gather_store.h: what the two halves of ad_gather share; internal to it.
 */
#ifndef AD_GATHER_STORE_H
#define AD_GATHER_STORE_H

#include <sqlite3.h>

#include "ad_gather.h"

struct ad_gather {
	sqlite3 *db;
	sqlite3_stmt *add, *add_shared, *add_successor;
	sqlite3_stmt *rows;		/* at the first row not yet returned */
	sqlite3_stmt *find_shared;
	bool at_end;
	struct ad_gather_count count;
	char error[512];
};

/** Say in ${G}->error why SQLite failed.  Always RETRY. */
struct sv_status ad_gather_failed(struct ad_gather *G);

/** Go to the next row of ${G}->rows.  RETRY. */
struct sv_status ad_gather_advance(struct ad_gather *G) SV_CHECK;

/** Set parameter ${i} of ${s}; ${v} must outlive the step. */
bool ad_gather_bind(sqlite3_stmt *s, int i, struct sv_str v);

#endif
