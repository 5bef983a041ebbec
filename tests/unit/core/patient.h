/**
 * patient.h: made-up patients for tests of the facts.
 */
#ifndef PATIENT_H
#define PATIENT_H

#include "core_decide.h"
#include "test_arena.h"

#define PATIENT_MAX 32

/* Zero it, add events, ask for the facts. */
struct patient {
	struct core_event events[PATIENT_MAX];
	char ids[PATIENT_MAX][8];
	size_t n;
};

/** A confirmed, final event of ${c} on ${date} ("" or a partial date), free
 * to be changed; ${p} keeps it. */
static inline struct core_event *
add(struct patient *p, enum core_concept c, const char *date)
{
	struct core_event *e = &p->events[p->n];

	cr_assert_lt(p->n, PATIENT_MAX);
	*e = (struct core_event){ .concept = c,
		.kind = core_concept_kind(c) };
	(void)snprintf(p->ids[p->n], sizeof(p->ids[0]), "x/%zu", p->n);
	e->source = sv_str_of(p->ids[p->n++]);
	if (*date != '\0')
		cr_assert(sv_is_ok(sv_date_parse(sv_str_of(date), &e->date)));
	return e;
}

/** A PSA of ${value}; "<0.1" is below a limit. */
static inline struct core_event *
add_psa(struct patient *p, const char *date, const char *value)
{
	struct core_event *e = add(p, CORE_PSA, date);
	bool below = *value == '<';
	struct sv_dec v;

	cr_assert(sv_is_ok(sv_dec_parse(sv_str_of(value + below), &v)));
	e->value = core_exactly(v);
	if (below) {
		e->value.lo = SV_DEC(0, 0);
		e->value.hi_open = true;
	}
	return e;
}

/** Radiation to the prostate; ${end} may be "". */
static inline struct core_event *
add_rt(struct patient *p, const char *date, const char *end)
{
	struct core_event *e = add(p, CORE_RADIOTHERAPY, date);

	e->site = CORE_SITE_PROSTATE;
	if (*end != '\0')
		cr_assert(sv_is_ok(sv_date_parse(sv_str_of(end), &e->end)));
	return e;
}

/** An observation with the coded result ${code}. */
static inline struct core_event *
add_code(struct patient *p, enum core_concept c, const char *date,
    enum core_value code)
{
	struct core_event *e = add(p, c, date);

	e->code = code;
	return e;
}

/** The facts of ${p} on ${as_of} under ${params}, in ${A}. */
static inline struct core_facts
facts_under(struct sv_arena *A, const struct patient *p, const char *as_of,
    const struct core_params *params)
{
	struct core_timeline line;
	struct core_facts f;
	struct sv_date d;

	cr_assert(sv_is_ok(sv_date_parse(sv_str_of(as_of), &d)));
	cr_assert(sv_is_ok(core_timeline_admit(A, &(struct core_history){
	    p->events, p->n, d.lo }, params, &line)));
	cr_assert(sv_is_ok(core_facts_derive(A, &line, params, &f)));
	return f;
}

/** The same under the parameters of the specification. */
static inline struct core_facts
facts_of(struct sv_arena *A, const struct patient *p, const char *as_of)
{
	struct core_params params;

	core_params_default(&params);
	return facts_under(A, p, as_of, &params);
}

#endif
