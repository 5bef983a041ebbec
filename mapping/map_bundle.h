/**
 * map_bundle.h: what the writers of the output resources share; internal to
 * mapping/.
 */
#ifndef MAP_BUNDLE_H
#define MAP_BUNDLE_H

#include "map_phrase.h"

#define MAP_URN_TEXT 46	/* "urn:uuid:" and 36 characters, and NUL */

/* One cancer's guidance on its way into the Bundle. */
struct map_writing {
	struct sv_arena *A;
	struct fhir_writer *w;
	const struct map_result *r;
	const struct map_output_options *o;
	const struct core_guidance *g;
	struct sv_str id;		/* decision id, 64 hex digits */
	struct sv_str subject;		/* reference to the patient */
	struct sv_str as_of;		/* "2026-05-01" */
	core_fact_set used;		/* facts the findings speak of */
	/* fullUrl of the CarePlan that is taken back, or "" */
	struct sv_str replaces[CORE_CANCER_MAX];
};

/** A deterministic urn:uuid for the resource ${what} of this decision. */
void map_urn(const struct map_writing *m, const char *what,
    char ret[MAP_URN_TEXT]);

/** Open an entry and its resource of ${type}; meta and all is written. */
void map_open_entry(struct map_writing *m, const char *type,
    const char *what);
/** Close the resource and the entry, with its conditional create. */
void map_close_entry(struct map_writing *m, const char *type,
    const char *what);

/** What is in ${b}; the Bundle fails if ${b} did, so that no sentence is ever
 * cut short. */
struct sv_str map_done(struct map_writing *m, const struct sv_buf *b);

/** The canonical of the PlanDefinition the guidance comes from. */
struct sv_str map_plan(const struct map_writing *m);

/** References to the conditions that make up the cancer, as the array
 * ${name}; nothing if there are none. */
void map_put_conditions(struct map_writing *m, const char *name);

/** The Reference ${name} to what was read as ${s}: absolute if the base of the
 * source is configured, with its version if it has one; a resource without an
 * id is only displayed. */
void map_put_source(struct map_writing *m, const char *name,
    const struct map_source *s, struct sv_str display);

/** The patient by identifier where there is one, so that the receiving server
 * finds its own record (R4 http.html, conditional references). */
struct sv_str map_subject_reference(struct map_writing *m);

void map_put_identifier(struct map_writing *m, const char *name,
    const char *what, bool is_array);
void map_put_reference(struct fhir_writer *w, const char *name,
    struct sv_str reference);
void map_put_concept(struct fhir_writer *w, const char *name,
    struct sv_str system, struct sv_str code, struct sv_str text);

/** The narrative of the CarePlan. */
void map_put_narrative(struct map_writing *m);

void map_write_guidance(struct map_writing *m);
void map_write_careplan(struct map_writing *m);
void map_write_detected_issue(struct map_writing *m, size_t block);
void map_write_provenance(struct map_writing *m);
void map_write_audit(struct map_writing *m);

#endif
