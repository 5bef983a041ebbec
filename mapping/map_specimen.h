/**
 * map_specimen.h: the tissue that a pathology result is of; internal to
 * mapping/.
 */
#ifndef MAP_SPECIMEN_H
#define MAP_SPECIMEN_H

#include "map_reader.h"

struct map_tissue {
	enum core_specimen specimen;	/* NONE: not said, or contradictory */
	bool elsewhere;			/* of an organ that is not the prostate */
};

/**
 * map_tissue_of(R, root):
 * What was graded in the Observation at ${root}: the Procedure that it is part
 * of, or the Specimen that it names: its type, how it was collected (R4
 * collection.method, R5 collection.procedure) and from where, and the same of
 * the specimens that it is a part of (parent: a block of a core of a biopsy).
 * Contradictions leave an issue.
 */
struct map_tissue map_tissue_of(struct map_reader *R,
    const struct fhir_at *root);

#endif
