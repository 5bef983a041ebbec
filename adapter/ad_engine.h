/**
 * ad_engine.h: rules and terminology from the configuration folder.
 */
#ifndef AD_ENGINE_H
#define AD_ENGINE_H

#include "ad_options.h"
#include "map_line.h"

struct ad_engine {
	struct sv_arena arena;		/* owns all that follows */
	const char *conf;		/* the folder it came from */
	struct core_rulebook book;
	struct map_engine engine;
	/* Of all that decisions follow from: rules, what the site changed of
	 * them, terminology, and this program. */
	char sha256[65];
	char terminology_sha256[65];	/* of terminology, and this program */
	/* All that was read, as it is; those of rules/ first. */
	const struct map_file *files;
	size_t n_files, n_rules;
};

/**
 * ad_engine_load(o, E):
 * Load rules/ and terminology/ of ${o}->conf, or those of $SALVOR_CONF, of
 * the installation or of the source tree; with ${o}->site and ${o}->sign_off,
 * or site.json and sign-off.json of the folder if they are there.  Every error
 * is written to standard error as "folder: file: element: what".  AD_EXIT_OK, or AD_EXIT_CONFIG.  ${E} must
 * be ended by ad_engine_free in either case.
 */
enum ad_exit ad_engine_load(const struct ad_options *o, struct ad_engine *E);

/** The bytes of the file ${path}, in ${A}; .p is NULL on failure (errno). */
struct sv_str ad_engine_file(struct sv_arena *A, const char *path);

void ad_engine_free(struct ad_engine *E);

#endif
