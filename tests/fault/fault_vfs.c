#include "fault_node.h"

#include <stdlib.h>
#include <string.h>

struct file {
	sqlite3_file base;
	struct node *node;
	bool temporary;
};

static sqlite3_vfs *real;

static int
disk_close(sqlite3_file *f)
{
	struct file *x = (struct file *)f;

	if (x->temporary)
		fault_node_remove(x->node);
	return SQLITE_OK;
}

static int
disk_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	const struct image *m = &((struct file *)f)->node->seen;
	size_t from = (size_t)at, want = (size_t)n;
	int code = fault_node_fails(FAULT_READ, SQLITE_IOERR_READ);

	if (code != SQLITE_OK)
		return code;
	if (from + want <= m->n) {
		memcpy(p, m->p + from, want);
		return SQLITE_OK;
	}
	memset(p, 0, want);
	if (from < m->n)
		memcpy(p, m->p + from, m->n - from);
	return SQLITE_IOERR_SHORT_READ;
}

static int
disk_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	return fault_node_write(((struct file *)f)->node, (size_t)at, p,
	    (size_t)n);
}

static int
disk_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	struct node *d = ((struct file *)f)->node;
	int code = fault_node_fails(FAULT_TRUNCATE, SQLITE_IOERR_TRUNCATE);

	if (code == SQLITE_OK)
		fault_node_remember(d, (size_t)n, NULL, 0);
	return code;
}

static int
disk_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	return fault_node_sync(((struct file *)f)->node);
}

static int
disk_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)((struct file *)f)->node->seen.n;
	return SQLITE_OK;
}

static int
disk_lock(sqlite3_file *f, int level)
{
	(void)f, (void)level;
	return SQLITE_OK;
}

static int
disk_is_reserved(sqlite3_file *f, int *ret)
{
	(void)f;
	*ret = 0;
	return SQLITE_OK;
}

static int
disk_control(sqlite3_file *f, int op, void *p)
{
	(void)f, (void)op, (void)p;
	return SQLITE_NOTFOUND;
}

static int
disk_sector(sqlite3_file *f)
{
	(void)f;
	return 4096;
}

static int
disk_character(sqlite3_file *f)
{
	(void)f;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
disk_shm_map(sqlite3_file *f, int i, int n, int extend, void volatile **ret)
{
	struct node *d = ((struct file *)f)->node;

	if (i >= REGIONS)
		return SQLITE_NOMEM;
	if (d->region[i] == NULL && extend != 0)
		d->region[i] = calloc(1, (size_t)n);
	*ret = d->region[i];
	return SQLITE_OK;
}

static int
disk_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	(void)f, (void)at, (void)n, (void)flags;
	return SQLITE_OK;
}

static void
disk_shm_barrier(sqlite3_file *f)
{
	(void)f;
}

static int
disk_shm_unmap(sqlite3_file *f, int delete)
{
	(void)delete;
	fault_node_forget_regions(((struct file *)f)->node);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = { .iVersion = 2,
	.xClose = disk_close, .xRead = disk_read, .xWrite = disk_write,
	.xTruncate = disk_truncate, .xSync = disk_sync,
	.xFileSize = disk_size, .xLock = disk_lock, .xUnlock = disk_lock,
	.xCheckReservedLock = disk_is_reserved, .xFileControl = disk_control,
	.xSectorSize = disk_sector, .xDeviceCharacteristics = disk_character,
	.xShmMap = disk_shm_map, .xShmLock = disk_shm_lock,
	.xShmBarrier = disk_shm_barrier, .xShmUnmap = disk_shm_unmap };

static int
disk_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
    int *ret_flags)
{
	struct file *x = (struct file *)f;
	struct node *d;
	int code = fault_node_fails(FAULT_OPEN, SQLITE_CANTOPEN);

	(void)v;
	f->pMethods = NULL;
	if (code != SQLITE_OK)
		return code;
	d = fault_node_find(name != NULL ? name : "temporary",
	    (flags & SQLITE_OPEN_CREATE) != 0);
	if (d == NULL)
		return SQLITE_CANTOPEN;
	*x = (struct file){ .base = { &methods }, .node = d,
		.temporary = name == NULL };
	if (ret_flags != NULL)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int
disk_delete(sqlite3_vfs *v, const char *name, int sync)
{
	struct node *d = fault_node_find(name, false);
	int code = fault_node_fails(FAULT_DELETE, SQLITE_IOERR_DELETE);

	(void)v, (void)sync;
	if (code == SQLITE_OK && d != NULL)
		fault_node_remove(d);
	return code;
}

static int
disk_access(sqlite3_vfs *v, const char *name, int flags, int *ret)
{
	const struct node *d = fault_node_find(name, false);

	(void)v, (void)flags;
	*ret = d != NULL && d->seen.n > 0;
	return SQLITE_OK;
}

static int
disk_full_name(sqlite3_vfs *v, const char *name, int n, char *ret)
{
	(void)v;
	return real->xFullPathname(real, name, n, ret);
}

static int
disk_random(sqlite3_vfs *v, int n, char *ret)
{
	(void)v;
	return real->xRandomness(real, n, ret);
}

static int
disk_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return us;
}

static int
disk_time(sqlite3_vfs *v, double *ret)
{
	(void)v;
	return real->xCurrentTime(real, ret);
}

static sqlite3_vfs vfs = { .iVersion = 1, .szOsFile = sizeof(struct file),
	.mxPathname = 512, .zName = "fault", .xOpen = disk_open,
	.xDelete = disk_delete, .xAccess = disk_access,
	.xFullPathname = disk_full_name, .xRandomness = disk_random,
	.xSleep = disk_sleep, .xCurrentTime = disk_time };

void
fault_disk_install(void)
{
	real = sqlite3_vfs_find(NULL);
	if (real == NULL || sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
	fault_disk_wipe();
}

