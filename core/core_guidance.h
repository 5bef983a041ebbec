/**
 * core_guidance.h: from findings to guidance (K3); internal to core/.
 */
#ifndef CORE_GUIDANCE_H
#define CORE_GUIDANCE_H

#include "core_decide.h"

/** K3.3 for the ${n} ${findings}, given the salvage context and why it is
 * unknown. */
enum core_output core_output_of(const struct core_finding *const *findings,
    size_t n, enum core_tri context, enum core_reason reason);

/** Fill ${d}->guidance, ->intent and ->output from ${d}->facts and
 * ${d}->findings.  NOMEM. */
struct sv_status core_guide(struct sv_arena *A, struct core_decision *d)
    SV_CHECK;

/** QM-01 for this patient (K2.4). */
struct core_measure core_measure_qm01(const struct core_decision *d,
    const struct core_params *params);

#endif
