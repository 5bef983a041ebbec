/**
 * ad_store_checkpoint.h: the log of a store taken over into its database, by a
 * thread and a connection of its own; internal to adapter/store.
 *
 * Who writes much has to wait for that otherwise, and for two syncs each time
 * (sqlite.org/wal.html#avoiding_excessively_large_wal_files).  Here only for
 * what was committed since it was woken last, and not before the log is as long
 * as "wal_autocheckpoint" of the writer says; then it begins anew.
 */
#ifndef AD_STORE_CHECKPOINT_H
#define AD_STORE_CHECKPOINT_H

struct ad_checkpointer;

/** Begin for the database ${path}, which is open.  NULL: it cannot; the writer
 * does without it. */
struct ad_checkpointer *ad_checkpointer_start(const char *path);

/** Take over what has been committed.  NULL is allowed. */
void ad_checkpointer_wake(struct ad_checkpointer *C);

/** End it; what it has begun is done.  NULL is allowed. */
void ad_checkpointer_stop(struct ad_checkpointer *C);

#endif
