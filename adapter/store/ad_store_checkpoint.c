#include "ad_store_checkpoint.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

struct ad_checkpointer {
	sqlite3 *db;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool asked, stop;
};

static bool
wait_for_work(struct ad_checkpointer *C)
{
	bool work;

	(void)pthread_mutex_lock(&C->lock);
	while (!C->asked && !C->stop)
		(void)pthread_cond_wait(&C->change, &C->lock);
	work = !C->stop;
	C->asked = false;
	(void)pthread_mutex_unlock(&C->lock);
	return work;
}

/* What fails here is tried again by the writer, who says so. */
static void *
work(void *arg)
{
	struct ad_checkpointer *C = arg;

	/* The thread that writes goes first: see setpriority(2) on threads. */
	(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 9);
	while (wait_for_work(C))
		(void)sqlite3_wal_checkpoint_v2(C->db, NULL,
		    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return NULL;
}

/* NORMAL is enough to sync the log before it is taken over, and the database
 * before the log begins anew (sqlite.org/pragma.html#pragma_synchronous). */
static bool
open_database(struct ad_checkpointer *C, const char *path)
{
	return sqlite3_open_v2(path, &C->db, SQLITE_OPEN_READWRITE
	    | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK && sqlite3_exec(C->db,
	    "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0", NULL,
	    NULL, NULL) == SQLITE_OK;
}

struct ad_checkpointer *
ad_checkpointer_start(const char *path)
{
	struct ad_checkpointer *C = calloc(1, sizeof(*C));

	if (C == NULL)
		return NULL;
	(void)pthread_mutex_init(&C->lock, NULL);
	(void)pthread_cond_init(&C->change, NULL);
	if (open_database(C, path) && pthread_create(&C->thread, NULL, work, C)
	    == 0)
		return C;
	(void)sqlite3_close(C->db);
	(void)pthread_cond_destroy(&C->change);
	(void)pthread_mutex_destroy(&C->lock);
	free(C);
	return NULL;
}

void
ad_checkpointer_wake(struct ad_checkpointer *C)
{
	if (C == NULL)
		return;
	(void)pthread_mutex_lock(&C->lock);
	C->asked = true;
	(void)pthread_cond_signal(&C->change);
	(void)pthread_mutex_unlock(&C->lock);
}

void
ad_checkpointer_stop(struct ad_checkpointer *C)
{
	if (C == NULL)
		return;
	(void)pthread_mutex_lock(&C->lock);
	C->stop = true;
	(void)pthread_cond_signal(&C->change);
	(void)pthread_mutex_unlock(&C->lock);
	(void)pthread_join(C->thread, NULL);
	(void)sqlite3_close(C->db);
	(void)pthread_cond_destroy(&C->change);
	(void)pthread_mutex_destroy(&C->lock);
	free(C);
}
