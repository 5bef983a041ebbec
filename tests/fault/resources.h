/**
 * resources.h: the resources of one clinical case, each with a wrong version
 * of itself and one that does not belong there.
 */
#ifndef RESOURCES_H
#define RESOURCES_H

#include "sv_arena.h"

#define RESOURCES_MAX 64

struct resource {
	struct sv_str type, id;
	struct sv_str text;	/* as it is in the end: version 2 */
	struct sv_str wrong;	/* version 1, or .p is NULL */
	struct sv_str extra;	/* one that does not belong there, or NULL */
};

extern struct resource resources[RESOURCES_MAX];
extern size_t resources_n;
extern struct sv_str resources_patient;		/* "Patient/pat-v013" */
extern struct sv_arena resources_arena;		/* of this case */

void resources_init(void);

/** Load case ${number}.  False if it is not for this: its resources have
 * versions of their own, or there is no such case. */
bool resources_load(int number);

/** ${text} with every ${from} as ${to}. */
struct sv_str resources_replace(struct sv_str text, const char *from,
    const char *to);

/** ${text} with the first ${from} as ${to}; .p is NULL without it. */
struct sv_str resources_replace_first(struct sv_str text, const char *from,
    const char *to);

#endif
