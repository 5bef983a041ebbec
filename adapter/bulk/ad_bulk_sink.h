/**
 * ad_bulk_sink.h: the bytes of one file on their way to disk, inflated and
 * counted.
 *
 * That a file is whole is proven, never assumed: by its gzip trailers, by the
 * number of its lines, or by the length that HTTP gave (which the caller
 * knows).  Bytes are kept exactly as the server wrote them; lines are split on
 * LF, so that no piece boundary can fall inside a character.
 */
#ifndef AD_BULK_SINK_H
#define AD_BULK_SINK_H

#include <zlib.h>

#include "sv_status.h"
#include "sv_str.h"

struct ad_bulk_sink {
	int fd;
	bool gzip, inflating, between;	/* between two members of gzip */
	z_stream z;
	int64_t taken;			/* as they came */
	int64_t bytes, lines;		/* written, after inflation */
	int64_t max_bytes;
	bool in_line;			/* there is text since the last LF */
	char last;			/* the last byte that is no space */
	bool too_large;			/* more than ${max_bytes} */
	bool disk_full;
	bool miscounted;		/* whole, but not as many as were said */
	struct sv_err err;		/* set once something failed */
};

/* What was said of a file; -1: nothing. */
struct ad_bulk_said {
	int64_t count;			/* lines */
	int64_t size;			/* bytes, before or after compression */
};

/** Begin to write to ${fd}, which stays the caller's; at most ${max_bytes}. */
void ad_bulk_sink_begin(struct ad_bulk_sink *k, int fd, bool gzip,
    int64_t max_bytes);

/** Go on with a file of which ${fd} holds a beginning, by reading that; nothing
 * is written.  False if it cannot be read. */
bool ad_bulk_sink_reread(struct ad_bulk_sink *k);

/** The next piece.  False, with k->err: not gzip, a full disk, too large. */
bool ad_bulk_sink_add(struct ad_bulk_sink *k, struct sv_str piece);

/**
 * ad_bulk_sink_end(k, said, ret_proven):
 * All pieces are there: sync the file, free what inflates.  BAD with k->err: a
 * gzip stream that does not end, a last line that is no whole object, or a
 * number of lines or bytes other than ${said}.  ${ret_proven} is true
 * if trailer or count prove that nothing is missing.  RETRY with k->err: the
 * disk failed.
 */
struct sv_status ad_bulk_sink_end(struct ad_bulk_sink *k,
    struct ad_bulk_said said, bool *ret_proven) SV_CHECK;

/** Give up: only free what inflates.  Harmless after ad_bulk_sink_end. */
void ad_bulk_sink_drop(struct ad_bulk_sink *k);

#endif
