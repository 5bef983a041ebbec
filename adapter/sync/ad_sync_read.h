/**
 * ad_sync_read.h: the files of an export to what they say, in threads of their
 * own; internal to adapter/sync.
 *
 * Files are read in blocks of whole lines, one for each thread.  What passes
 * the sieve is parsed strictly, and its records come out in the order of the
 * lines, a batch for a block.  Memory is that of a few blocks, however large
 * the files are.
 */
#ifndef AD_SYNC_READ_H
#define AD_SYNC_READ_H

#include "ad_store_sheaf.h"
#include "ad_sync_run.h"
#include "map_sieve.h"

enum ad_sync_what {
	AD_SYNC_KEEP,
	AD_SYNC_FORGET,		/* ${url} is deleted */
	AD_SYNC_PASS,
	AD_SYNC_REFUSE		/* ${reason} */
};

/* What lines that follow one another say of one patient: ad_sync_bind.c. */
struct ad_sync_sheaf {
	struct ad_sheaf put;		/* but for whose it is */
	bool fresh;			/* none of them is remembered yet */
	bool kept;
};

/* What one line says; slices point into its batch. */
struct ad_sync_record {
	enum ad_sync_what what;
	int type;
	int64_t line;
	struct sv_str text;		/* the line */
	struct ad_sync_sheaf *sheaf;	/* in which it is, or NULL */
	struct sv_str packed;		/* it alone; "": not packed yet */
	struct sv_str name;		/* "Observation/e4" */
	struct sv_str key, base;	/* of its patient; "" if shared */
	bool replaced;			/* a Patient: by which another one was */
	struct map_version version;
	struct sv_str refers;
	struct sv_str url;
	struct sv_str reason;
	bool named;			/* the resource is one to remember: */
	uint64_t known;			/* ad_store_key */
	bool fresh;			/* it is not remembered yet */
	bool silent;			/* the line says nothing; the resource is
					 * remembered, it seems */
};

/* A line that says nothing, unless its resource is remembered. */
struct ad_sync_silent {
	int64_t line;
	struct sv_str text;
	uint64_t key;			/* ad_store_key */
};

struct ad_sync_batch {
	size_t file;			/* its number in the run */
	uint64_t number;		/* of the batch, in their order */
	char *block;			/* the lines */
	size_t cap_block;
	struct sv_arena A;		/* of the records */
	struct ad_sync_record *at;
	size_t n, cap;
	struct ad_sync_silent *silent;
	size_t n_silent, cap_silent;
	int64_t offset, line;		/* behind the block */
	int64_t lines, dropped;
	bool end;			/* of the file; ${digest} is set */
	char digest[33];
	struct sv_status status;	/* BAD: errno_; NOMEM */
	int errno_;
};

struct ad_sync_reader;

/** Begin to read the files of ${Y} that are not skipped, each from where it
 * is.  NOMEM. */
struct sv_status ad_sync_reader_start(struct ad_sync *Y,
    struct ad_sync_reader **ret) SV_CHECK;

/** The next batch; NULL when all is read.  How far its file is was noted for
 * the one before (ad_sync_file.line). */
struct ad_sync_batch *ad_sync_reader_next(struct ad_sync_reader *X);

/** ${b} is done with. */
void ad_sync_reader_return(struct ad_sync_reader *X, struct ad_sync_batch *b);

/** End the threads, wherever they are.  NULL is allowed. */
void ad_sync_reader_stop(struct ad_sync_reader *X);

/** Read ${line} into ${b}, as one record or several.  ${A} is for working
 * memory.  NOMEM. */
struct sv_status ad_sync_parse(struct ad_sync *Y, struct sv_arena *A,
    struct ad_sync_batch *b, struct sv_str line) SV_CHECK;

/** Pack what is to be kept of ${b}: what follows one another and is of one
 * patient as a sheaf.  ${A} is for working memory.  NOMEM. */
struct sv_status ad_sync_bind(struct sv_arena *A, struct ad_sync_batch *b)
    SV_CHECK;

/** An empty record in ${b}; NULL without memory. */
struct ad_sync_record *ad_sync_batch_add(struct ad_sync_batch *b);

#endif
