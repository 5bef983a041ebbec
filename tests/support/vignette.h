/**
 * vignette.h: the clinical cases of tests/cases/vignettes.json.
 */
#ifndef VIGNETTE_H
#define VIGNETTE_H

#include "core_decide.h"
#include "fhir_node.h"
#include "map_line.h"

struct vignette {
	struct sv_str id;
	struct core_history known;	/* sources are "Observation/<id>" */
	struct fhir_at expect;		/* a cursor at the expectations */
};

/** All cases, loaded into ${A}; aborts the test if they cannot be read. */
struct vignette *vignettes_load(struct sv_arena *A, size_t *ret_n);

/** The rule book of conf/rules, loaded into ${A}; aborts on any error. */
struct core_rulebook test_rulebook(struct sv_arena *A);

/** An engine over ${book} and conf/terminology; aborts on any error. */
struct map_engine test_engine(struct sv_arena *A,
    const struct core_rulebook *book);

/** The configuration files of ${dir} (under the source root), sorted. */
struct map_file *test_files(struct sv_arena *A, const char *dir,
    size_t *ret_n);

#endif
