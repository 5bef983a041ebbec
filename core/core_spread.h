/**
 * core_spread.h: what one finding says of spread; internal to core/.
 */
#ifndef CORE_SPREAD_H
#define CORE_SPREAD_H

#include "core_derive.h"

enum core_spread {
	CORE_SPREAD_NOTHING,	/* it does not speak of it */
	CORE_SPREAD_YES,
	CORE_SPREAD_NO,
	CORE_SPREAD_EQUIVOCAL
};

/* A kind of finding, and how to read it. */
struct core_spread_source {
	enum core_concept concept;
	enum core_spread (*read)(const struct core_event *);
};

#define CORE_SPREAD_SOURCES 4

/** What speaks of distant metastasis, and of pelvic nodes (K1.7). */
extern const struct core_spread_source
    core_spread_distant[CORE_SPREAD_SOURCES];
extern const struct core_spread_source core_spread_nodal[CORE_SPREAD_SOURCES];

/** What an imaging finding says of a lesion in the prostate or its bed. */
enum core_spread core_spread_local(const struct core_event *e);

#endif
