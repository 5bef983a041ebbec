/**
 * ad_writer.h: the thread that puts messages on disk.
 *
 * All messages that wait go into one unit of the store, so that they share one
 * fsync; none is answered before it (group commit).  A message that cannot be
 * applied does not disturb the others; if the store itself fails, none of the
 * unit is accepted and all senders are told to try again.
 */
#ifndef AD_WRITER_H
#define AD_WRITER_H

#include "ad_intake.h"

struct ad_writer;

/**
 * Called in the writer's thread when the fate of ${I} is on disk (OK), or it
 * was not accepted (RETRY with ${why}, NOMEM).  ${I} now belongs to the callee.
 */
typedef void (*ad_writer_done)(void *ctx, struct ad_intake *I,
    struct sv_status s, const char *why);

struct ad_writer_counts {
	int64_t units, messages, failed;
	int64_t waiting;	/* now */
};

/** A writer on ${S}, which it alone writes messages to; at most ${max_waiting}
 * messages wait.  NULL with ${err}. */
struct ad_writer *ad_writer_start(struct ad_store *S, size_t max_waiting,
    struct sv_err *err);

/** Hand ${I} over.  False if too many wait, or the writer is stopping: ${I} is
 * still the caller's, and ${done} is not called. */
bool ad_writer_submit(struct ad_writer *W, struct ad_intake *I,
    ad_writer_done done, void *ctx);

/**
 * ad_writer_run(W, I, why):
 * Hand ${I} over and wait for its fate; ${I} stays the caller's.  RETRY with
 * ${why}: not accepted, or too many wait.  NOMEM.
 */
#define AD_WRITER_WHY 200
struct sv_status ad_writer_run(struct ad_writer *W, struct ad_intake *I,
    char why[AD_WRITER_WHY]) SV_CHECK;

/**
 * ad_writer_healthy(W):
 * True unless the last thing that was to be written could not be.  Asks the
 * writer to try again, if it is idle, when that was a while ago; so whoever
 * asks from time to time gets to know.
 */
bool ad_writer_healthy(struct ad_writer *W);

struct ad_writer_counts ad_writer_counted(struct ad_writer *W);

/** Finish what waits, end the thread and free ${W}.  NULL is allowed. */
void ad_writer_stop(struct ad_writer *W);

#endif
