/**
 * ad_files.h: the inputs named on the command line, folders opened up.
 */
#ifndef AD_FILES_H
#define AD_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "ad_options.h"

struct ad_files {
	char **path;		/* "-" is standard input */
	size_t n;
	int64_t bytes;		/* of all; 0 if that cannot be known */
};

/**
 * ad_files_find(o, ret):
 * The files of ${o}; a folder stands for its *.json, *.ndjson and *.xml, by
 * name, without its subfolders.  AD_EXIT_OK; or AD_EXIT_REFUSED for a folder
 * that cannot be read or has none, AD_EXIT_TEMPORARY without memory, after a
 * line on standard error.  ${ret} must be ended by ad_files_free in any case.
 */
enum ad_exit ad_files_find(const struct ad_options *o, struct ad_files *ret);

void ad_files_free(struct ad_files *F);

#endif
