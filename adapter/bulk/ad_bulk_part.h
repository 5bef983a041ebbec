/**
 * ad_bulk_part.h: the beginning of a file that a connection broke off, kept to
 * go on with (RFC 9110 section 14, Range with If-Range).
 *
 *	NAME.part	bytes as they came, if they came uncompressed
 *	NAME.from	which boot of this machine wrote them, from which URL, and
 *			the validator of what that served
 *
 * The bytes are not synced, so they count for as long as the machine runs: they
 * outlast a killed process, and are not believed after a loss of power.
 */
#ifndef AD_BULK_PART_H
#define AD_BULK_PART_H

#include "ad_client.h"

#define AD_BULK_VALIDATOR 256

struct ad_bulk_part {
	const char *folder;
	struct sv_str name;		/* of the whole file */
	struct sv_str url;
	int fd;
	int64_t offset;			/* bytes that are there; 0: begin anew */
	char validator[AD_BULK_VALIDATOR];	/* for If-Range, if offset > 0 */
};

/** Open the part of ${p}, whose first three members are set.  False: errno. */
bool ad_bulk_part_open(struct ad_bulk_part *p);

/** A new body comes, from ${C}: empty the part, and note the validator if there
 * is one to rely on (RFC 9110 section 13.1.5: a strong one), and it comes
 * ${plain}.  False: errno. */
bool ad_bulk_part_begin(struct ad_bulk_part *p, struct ad_client *C,
    bool plain);

/** The part has become the file; or nothing of it is to be kept. */
void ad_bulk_part_drop(const struct ad_bulk_part *p, bool bytes_too);

/**
 * ad_bulk_part_range(range, ret_first, ret_total):
 * Read the Content-Range "bytes 5-9/10" or "bytes *\/10"; first or total -1
 * where it says "*".  False: it is neither.
 */
bool ad_bulk_part_range(struct sv_str range, int64_t *ret_first,
    int64_t *ret_total);

#endif
