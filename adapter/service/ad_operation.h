/**
 * ad_operation.h: what the operator's commands share; internal to
 * adapter/service.
 */
#ifndef AD_OPERATION_H
#define AD_OPERATION_H

#include "ad_operate.h"
#include "ad_service.h"

/* A command on the store of the configuration. */
struct ad_operation {
	struct ad_setup *u;
	struct ad_store *S;
	struct sv_arena A;
	const char *verb, *word;	/* "list", "dead"; NULL if not given */
	int64_t number;			/* ${word} as one, or 0 */
};

/** Load the configuration and open its store.  Unless AD_EXIT_OK, a line has
 * been written, and there is nothing to end. */
enum ad_exit ad_operation_begin(const struct ad_options *o,
    struct ad_operation *p);
void ad_operation_end(struct ad_operation *p);

/** One line on standard error: ${what}, or what is wrong with the store. */
enum ad_exit ad_operation_usage(const char *what);
enum ad_exit ad_operation_failed(const struct ad_operation *p);

/** Is ${verb} what was asked for? */
bool ad_operation_is(const struct ad_operation *p, const char *verb);

/** Is there a destination ${name} in the configuration? */
bool ad_operation_posts_to(const struct ad_operation *p, struct sv_str name);

#endif
