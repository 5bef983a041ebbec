/**
 * ad_options.h: the command line.
 */
#ifndef AD_OPTIONS_H
#define AD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses of every command (design section 7). */
enum ad_exit {
	AD_EXIT_OK = 0,
	AD_EXIT_REFUSED = 1,	/* the input, or a peer's refusal */
	AD_EXIT_USAGE = 2,
	AD_EXIT_CONFIG = 3,
	AD_EXIT_TEMPORARY = 4
};

enum ad_format {
	AD_FORMAT_NONE,		/* not given: that of the command */
	AD_FORMAT_BUNDLE,
	AD_FORMAT_EXPLAIN,
	AD_FORMAT_TEXT,
	AD_FORMAT_TIMELINE,
	AD_FORMAT_SUMMARY,	/* these of measure */
	AD_FORMAT_INDIVIDUAL,
	AD_FORMAT_SVG,
	AD_FORMAT_HTML,		/* these of rules */
	AD_FORMAT_MARKDOWN
};

struct ad_options {
	int32_t as_of;			/* day number */
	int32_t period_from, period_to;	/* of measure; 0: not given */
	enum ad_format format;
	bool xml, pretty, colour;
	const char *conf;		/* folder, NULL: the usual ones */
	const char *site, *sign_off;	/* files, NULL: those of the folder */
	const char *cases;		/* folder, NULL: that of the folder */
	const char *sign;		/* who signs the rule set off */
	char recorded[32];		/* instant */
	const char *post;		/* URL of a FHIR server, or NULL */
	const char *source_base;	/* where the data is from, or NULL */
	const char *cacert, *cert, *key, *token_file;
	long timeout_s;
	const char *since;		/* of sync: an instant, or NULL */
	const char *patients;		/* file with logical ids, or NULL */
	bool full, dry_run;
	char **files;			/* "-" is standard input */
	size_t n_files;
};

/**
 * ad_options_parse(argc, argv, o):
 * Parse the words behind "salvor evaluate" or "salvor check".  Returns
 * AD_EXIT_OK, or AD_EXIT_USAGE after a line on standard error.
 */
enum ad_exit ad_options_parse(int argc, char **argv, struct ad_options *o);

#endif
