/**
 * fault_node.h: the files of the disk of fault_disk.h; internal to it.
 */
#ifndef FAULT_NODE_H
#define FAULT_NODE_H

#include <sqlite3.h>
#include <stddef.h>

#include "fault_disk.h"

#define REGIONS 16

/* A write that is not on the disk, in the order of writing; ${n} of 0 cuts
 * the file at ${at}. */
struct pending {
	struct pending *next;
	size_t at, n;
	bool doomed;		/* a sync failed: the kernel forgot it */
	unsigned char bytes[];
};

struct image {
	unsigned char *p;
	size_t n, cap;
};

struct node {
	char name[128];		/* "": no such file */
	struct image seen;	/* by the process */
	struct image disk;	/* what is certain */
	struct pending *first, **last;
	bool on_disk;		/* its name was synced */
	void *region[REGIONS];	/* shared memory, lost with the process */
};

/** The file ${name}; made if ${make}, else NULL if there is none. */
struct node *fault_node_find(const char *name, bool make);
void fault_node_remove(struct node *d);
void fault_node_forget_regions(struct node *d);

/** The code with which operation ${op} fails now, or SQLITE_OK; without power
 * ${code_when_dead}. */
int fault_node_fails(enum fault_op op, int code_when_dead);

int fault_node_write(struct node *d, size_t at, const void *p, size_t n);
int fault_node_sync(struct node *d);

/** Note a write of ${n} bytes; none: that the file ends at ${at}. */
void fault_node_remember(struct node *d, size_t at, const void *p, size_t n);

#endif
