/**
 * fault_disk.h: a disk in memory, under SQLite, that fails and loses power.
 *
 * What a process writes it reads back, as from the page cache; what it has
 * synced survives a loss of power.  Of what it has not, each sector of 512
 * bytes is kept, dropped or turned to garbage.  After a sync that failed, the
 * kernel takes the pages for clean though they may never have reached the disk
 * (LWN 752063): a later sync does not bring them there.
 *
 * For one process, one connection to a database.  After sqlite's test6.c.
 */
#ifndef FAULT_DISK_H
#define FAULT_DISK_H

#include <stdbool.h>

enum fault_op {
	FAULT_OPEN,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_TRUNCATE,
	FAULT_DELETE,
	FAULT_OP_MAX
};

struct fault_plan {
	enum fault_op op;
	long at;		/* the first operation that fails, from 1; 0: none */
	bool persistent;	/* and all after it */
	int code;		/* SQLITE_FULL, SQLITE_IOERR_FSYNC ... */
	bool power;		/* power is lost: from then on nothing works */
};

/** Make it the default VFS of SQLite.  Once. */
void fault_disk_install(void);

/** An empty disk, without a plan. */
void fault_disk_wipe(void);

/** Fail as ${p} says; the operations are counted anew. */
void fault_disk_plan(const struct fault_plan *p);

/** How many operations ${op} there were since the last plan. */
long fault_disk_count(enum fault_op op);

/** Power comes back; ${seed} chooses what became of what was not synced. */
void fault_disk_power_back(unsigned seed);

#endif
