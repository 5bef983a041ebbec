/**
 * ad_bulk_transfer.h: one file of an export under way; internal to
 * adapter/bulk.
 */
#ifndef AD_BULK_TRANSFER_H
#define AD_BULK_TRANSFER_H

#include "ad_bulk_job.h"
#include "ad_bulk_sink.h"

struct ad_bulk_loading;

/* One file under way. */
struct ad_bulk_transfer {
	struct ad_bulk_loading *L;
	struct ad_client *client;
	size_t page, i, got;		/* which one; its place in L->ret */
	struct ad_bulk_sink sink;
	int fd;
	bool busy, begun;
	int redirects;
	struct sv_str url;		/* after redirects */
	char token[AD_SMART_MAX];
};

/* What has to be fetched, and when. */
struct ad_bulk_todo {
	size_t page, i, got;
	int tries;
	int64_t at_ms;
	bool done, token_tried;
};

struct ad_bulk_loading {
	struct ad_bulk_job *J;
	struct ad_bulk_fetched *ret;
	struct ad_bulk_todo *todo;
	size_t n, left;
	CURLM *multi;
	struct ad_bulk_transfer *t;
	int parallel, running;
	bool renewed;
	struct sv_status failed;	/* ends everything */
};

/** Begin to fetch ${d}.  RETRY, REFUSED, NOMEM. */
struct sv_status ad_bulk_transfer_start(struct ad_bulk_transfer *t,
    const struct ad_bulk_todo *d) SV_CHECK;

/** libcurl has done with ${t}: the file is whole, is put off, or is given up;
 * or ${t} goes on elsewhere. */
void ad_bulk_transfer_settle(struct ad_bulk_transfer *t, CURLcode code);

#endif
