/**
 * ad_sync_block.h: a file in blocks of whole lines, and its digest; internal to
 * adapter/sync.
 *
 * The digest is XXH3 with 128 bits.  It is to notice that nothing changed, not
 * to withstand a forger: who can write the export can say what he likes in it.
 * It runs at the speed of memory, so that a night in which nothing changed
 * costs hardly more than reading the files.
 */
#ifndef AD_SYNC_BLOCK_H
#define AD_SYNC_BLOCK_H

#include <xxhash.h>

#include "sv_status.h"
#include "sv_str.h"

/* Of a block of lines that are not longer, in bytes. */
#define AD_SYNC_BLOCK ((size_t)1 << 17)

/* A longer line is refused. */
#define AD_SYNC_MAX_LINE ((size_t)16 << 20)

struct ad_sync_blocks {
	int fd;				/* -1: no file is open */
	XXH3_state_t *hash;
	char *rest;			/* the begin of a line */
	size_t n_rest, cap_rest;
	bool first;			/* nothing of the file was read */
};

/* A block; its memory is the caller's, to be freed. */
struct ad_sync_block {
	char *p;
	size_t n, cap;
	struct sv_str lines;		/* in it */
	bool first;			/* of the file */
	bool overlong;			/* before them one line was too long */
	int64_t offset;			/* in the file, behind them */
	bool end;			/* of the file */
};

/** NOMEM. */
struct sv_status ad_sync_blocks_make(struct ad_sync_blocks *B) SV_CHECK;
/** Close the file, if one is open, and end. */
void ad_sync_blocks_free(struct ad_sync_blocks *B);

/** Begin with ${path} at ${offset}; what is before it goes into the digest.
 * False with errno. */
bool ad_sync_blocks_open(struct ad_sync_blocks *B, const char *path,
    int64_t offset);
void ad_sync_blocks_close(struct ad_sync_blocks *B);

/** The next block.  BAD with errno if the file cannot be read; NOMEM. */
struct sv_status ad_sync_blocks_next(struct ad_sync_blocks *B,
    struct ad_sync_block *k) SV_CHECK;

/** The digest of all that was read, as hex. */
void ad_sync_blocks_digest(const struct ad_sync_blocks *B, char ret[33]);

#endif
