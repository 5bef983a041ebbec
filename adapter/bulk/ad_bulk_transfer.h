/**
 * ad_bulk_transfer.h: the files of an export under way; internal to
 * adapter/bulk.
 *
 * A server that is busy (429, 503) gets less to do: fewer files at once, and if
 * that was not enough, nothing for a while.  Each file that comes whole lets it
 * have a little more again.
 */
#ifndef AD_BULK_TRANSFER_H
#define AD_BULK_TRANSFER_H

#include "ad_bulk_course.h"
#include "ad_bulk_part.h"
#include "ad_bulk_sink.h"

struct ad_bulk_loading;

/* One file under way. */
struct ad_bulk_transfer {
	struct ad_bulk_loading *L;
	struct ad_client *client;
	size_t page, i, got;		/* which one; its place in L->ret */
	struct ad_bulk_sink sink;
	struct ad_bulk_part part;
	int64_t begun_ms;
	int64_t total;			/* bytes, as Content-Range says; or -1 */
	bool busy, begun;
	int redirects;
	struct sv_str url;		/* after redirects */
	char token[AD_SMART_MAX];
};

/* What has to be fetched, and when. */
struct ad_bulk_todo {
	size_t page, i, got;
	int64_t size;			/* the largest first */
	int tries;
	int64_t at_ms;
	bool token_tried;
};

struct ad_bulk_loading {
	struct ad_bulk_job *J;
	struct ad_bulk_fetched *ret;
	struct ad_bulk_todo *todo;
	size_t *due;			/* a heap of those that wait, by time */
	size_t n, n_due, left;
	CURLM *multi;
	struct ad_bulk_transfer *t;
	int parallel, running;
	int easy;			/* files since it was made smaller */
	int busy_in_row;
	int64_t hold_until_ms;		/* nothing begins before */
	int64_t renewed_ms, told_ms;
	struct sv_status failed;	/* ends everything */
};

/** Begin to fetch ${d}.  RETRY, REFUSED, NOMEM. */
struct sv_status ad_bulk_transfer_start(struct ad_bulk_transfer *t,
    const struct ad_bulk_todo *d) SV_CHECK;

/** Ask for ${t}->url, from where its part ends.  As above. */
struct sv_status ad_bulk_transfer_send(struct ad_bulk_transfer *t, bool token)
    SV_CHECK;

/** A body comes, or all of it did and it was empty.  False: its coding is none
 * of ours, or the disk failed. */
bool ad_bulk_transfer_body(struct ad_bulk_transfer *t);

/** The bytes that are there, of whole files and of those under way. */
int64_t ad_bulk_loading_bytes(const struct ad_bulk_loading *L);

/** libcurl has done with ${t}: the file is whole, is put off, or is given up;
 * or ${t} goes on elsewhere. */
void ad_bulk_transfer_settle(struct ad_bulk_transfer *t, CURLcode code);

/** Try it another time, after ${retry_after_s} if the server named a time, or
 * give it up. */
void ad_bulk_put_off(struct ad_bulk_transfer *t, const char *why,
    int64_t retry_after_s);

/** The file of the manifest that ${t} fetches. */
const struct ad_bulk_file *ad_bulk_transfer_file(
    const struct ad_bulk_transfer *t);

/** Put the file ${got} among those that wait. */
void ad_bulk_due_push(struct ad_bulk_loading *L, size_t got);

/** The next one that is due, taken out; NULL: none is. */
struct ad_bulk_todo *ad_bulk_due_pop(struct ad_bulk_loading *L, int64_t now_ms);

#endif
