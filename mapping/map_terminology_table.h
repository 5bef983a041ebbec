/**
 * map_terminology_table.h: how loaded terminology is kept; internal to
 * mapping/.
 */
#ifndef MAP_TERMINOLOGY_TABLE_H
#define MAP_TERMINOLOGY_TABLE_H

#include "map_terminology.h"

#define MAP_CODE_MAX 64
#define MAP_TERMINOLOGY_BUCKETS 8192

struct map_entry {
	struct map_entry *next;
	enum map_role role;
	bool prefix;			/* of every code that begins so */
	bool replaces;			/* what another file says of the code */
	struct sv_str system, code;	/* normalised */
	struct sv_str place;		/* "conditions.json: ConceptMap..." */
	struct map_meaning meaning;
};

struct map_terminology {
	struct map_entry *bucket[MAP_TERMINOLOGY_BUCKETS];
};

/** The bucket of a normalised code. */
size_t map_terminology_slot(enum map_role role, struct sv_str system,
    struct sv_str code);

/** The entry of a normalised code; NULL if there is none. */
struct map_entry *map_terminology_find(const struct map_terminology *t,
    enum map_role role, struct sv_str system, struct sv_str code);

/** ${code} as it is kept: ICD-10 is sent with and without its dot. */
struct sv_str map_terminology_code(struct sv_str code,
    char buf[MAP_CODE_MAX]);

/** What a code of Salvor's own systems means: it names the thing itself. */
void map_own_meaning(enum map_role role, struct sv_str code,
    struct map_meaning *m);

/** Do two accepted meanings say different things? */
bool map_meanings_disagree(const struct map_meaning *a,
    const struct map_meaning *b);

#endif
