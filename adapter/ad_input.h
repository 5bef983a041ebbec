/**
 * ad_input.h: reading documents from a file or standard input.
 *
 * A file is either one document, or NDJSON: a first line that is complete
 * JSON, with another line behind it.  NDJSON is read line by line, so memory
 * does not grow with the file.
 */
#ifndef AD_INPUT_H
#define AD_INPUT_H

#include <stdio.h>

#include "sv_status.h"
#include "sv_str.h"

struct ad_input {
	FILE *f;
	char *buf;
	size_t n, at, cap;	/* [at, n) of buf is not used yet */
	int64_t line;		/* of the last document; 0: not NDJSON */
	int64_t read;		/* bytes so far, of progress */
	bool ndjson, eof;
};

/** Open ${path}, "-" for standard input.  BAD (errno) if it cannot be. */
struct sv_status ad_input_open(struct ad_input *in, const char *path)
    SV_CHECK;

/**
 * ad_input_next(in, ret):
 * The next document; valid until the next call.  SKIP at the end; LIMIT if it
 * is larger than SV_LIMIT_DOCUMENT (an NDJSON line of that size is skipped,
 * and reading may go on); RETRY for a read error; NOMEM.
 */
struct sv_status ad_input_next(struct ad_input *in, struct sv_str *ret)
    SV_CHECK;

void ad_input_close(struct ad_input *in);

#endif
