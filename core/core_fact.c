#include "core_derive.h"

#include <string.h>

struct fact_row {
	struct sv_str name, unit, phrase;
	enum core_fact_type type;
};

#define CORE_X(id, name, type, unit, phrase) \
	{ SV_STATIC(name), SV_STATIC(unit), SV_STATIC(phrase), CORE_FACT_##type },
static const struct fact_row rows[] = { CORE_FACTS(CORE_X) };
#undef CORE_X

#define CORE_X(id, code, text) { SV_STATIC(code), SV_STATIC(text) },
static const struct { struct sv_str code, text; } reasons[] = {
	{ SV_STATIC(""), SV_STATIC("") },
	CORE_REASONS(CORE_X)
};
#undef CORE_X

struct sv_str
core_fact_name(enum core_fact_id id)
{
	return rows[id].name;
}

struct sv_str
core_fact_unit(enum core_fact_id id)
{
	return rows[id].unit;
}

struct sv_str
core_fact_phrase(enum core_fact_id id)
{
	return rows[id].phrase;
}

enum core_fact_type
core_fact_type(enum core_fact_id id)
{
	return rows[id].type;
}

enum core_fact_id
core_fact_of(struct sv_str name)
{
	int i = 0;

	while (i < CORE_FACT_COUNT && !sv_str_eq(rows[i].name, name))
		i++;
	return (enum core_fact_id)i;
}

struct sv_str
core_reason_code(enum core_reason r)
{
	return reasons[r].code;
}

struct sv_str
core_reason_text(enum core_reason r)
{
	return reasons[r].text;
}

struct sv_str
core_ipfsg_name(enum core_ipfsg g)
{
	static const struct sv_str names[] = { SV_STATIC(""), SV_STATIC("very_low"),
		SV_STATIC("low"), SV_STATIC("intermediate"), SV_STATIC("high"),
		SV_STATIC("very_high") };

	return names[g];
}

bool
core_fact_unknown(enum core_fact_id id, const struct core_fact *f)
{
	switch (rows[id].type) {
	case CORE_FACT_TRI:
		return f->truth == CORE_UNKNOWN;
	case CORE_FACT_NUMBER:
		return !f->number.set && !f->infinite;
	case CORE_FACT_CODE:
		return f->code == CORE_IPFSG_NONE;
	case CORE_FACT_SERIES:
		return f->n_evidence == 0;
	case CORE_FACT_DATE:
		break;
	}
	return false;
}

void
core_set_tri(struct core_derive *D, enum core_fact_id id, enum core_tri truth,
    enum core_reason reason)
{
	D->out->fact[id].truth = truth;
	D->out->fact[id].reason = reason;
}

void
core_conclude(struct core_derive *D, enum core_fact_id id,
    enum core_tri truth, enum core_reason why)
{
	core_set_tri(D, id, truth, truth == CORE_UNKNOWN ? why
	    : CORE_REASON_NONE);
}

/* Only so far back is looked for the same event, to stay linear. */
#define DUPLICATE_REACH 32

/* Append ${e} to a list that doubles whenever its length is a power of two. */
static void
append(struct core_derive *D, const struct core_event ***list, size_t *n,
    const struct core_event *e)
{
	const struct core_event **bigger;

	for (size_t i = *n; i > 0 && i + DUPLICATE_REACH > *n; i--) {
		if ((*list)[i - 1] == e)
			return;
	}
	if ((*n & (*n - 1)) == 0) {
		bigger = sv_arena_grow(D->A, (void *)*list, *n * sizeof(e),
		    (*n == 0 ? 1 : *n * 2) * sizeof(e));
		if (bigger == NULL) {
			D->nomem = true;
			return;
		}
		*list = bigger;
	}
	(*list)[(*n)++] = e;
}

void
core_add_evidence(struct core_derive *D, enum core_fact_id id,
    const struct core_event *e)
{
	struct core_fact *f = &D->out->fact[id];

	append(D, &f->evidence, &f->n_evidence, e);
}

void
core_set_aside(struct core_derive *D, enum core_fact_id id,
    const struct core_event *e)
{
	struct core_fact *f = &D->out->fact[id];

	append(D, &f->set_aside, &f->n_set_aside, e);
}

void
core_inherit(struct core_derive *D, enum core_fact_id id,
    enum core_fact_id from)
{
	const struct core_fact *f = &D->out->fact[from];

	for (size_t i = 0; i < f->n_evidence; i++)
		core_add_evidence(D, id, f->evidence[i]);
}

enum core_tri
core_before(struct sv_date a, struct sv_date b)
{
	if (!sv_date_is_set(a) || !sv_date_is_set(b))
		return CORE_UNKNOWN;
	if (a.hi < b.lo)
		return CORE_TRUE;
	return a.lo >= b.hi ? CORE_FALSE : CORE_UNKNOWN;
}

struct sv_date
core_plus_months(struct sv_date d, int32_t months)
{
	d.lo = sv_date_add_months(d.lo, months);
	d.hi = sv_date_add_months(d.hi, months);
	return d;
}

struct sv_date
core_plus_days(struct sv_date d, int32_t days)
{
	d.lo += days;
	d.hi += days;
	return d;
}

struct sv_date
core_event_end(const struct core_event *e)
{
	return sv_date_is_set(e->end) ? e->end : e->date;
}

struct sv_date
core_treatment_end(const struct core_derive *D, const struct core_event *e)
{
	return e == D->rt ? D->rt_end : core_event_end(e);
}

void
core_derive_condition(struct core_derive *D, enum core_fact_id id,
    enum core_concept c)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);
	enum core_tri truth = CORE_FALSE;

	for (size_t i = 0; i < n; i++) {
		if (e[i]->certainty == CORE_CERTAINTY_CONFIRMED)
			truth = CORE_TRUE;
		else if (e[i]->certainty == CORE_CERTAINTY_PROVISIONAL)
			truth = core_or(truth, CORE_UNKNOWN);
		core_add_evidence(D, id, e[i]);
	}
	core_conclude(D, id, truth, CORE_REASON_UNCONFIRMED);
}

void
core_note_change(const struct core_derive *D, int32_t day)
{
	if (day > D->line->as_of && day < D->out->changes_on)
		D->out->changes_on = day;
}

bool
core_is_older(const struct core_derive *D, int32_t day, int32_t days)
{
	core_note_change(D, day + days + 1);
	return D->line->as_of - day > days;
}

struct sv_status
core_facts_derive(struct sv_arena *A, const struct core_timeline *line,
    const struct core_params *params, struct core_facts *ret)
{
	struct core_derive D = { .A = A, .line = line, .params = params,
		.out = ret };

	memset(ret, 0, sizeof(*ret));
	ret->fact[CORE_REFERENCE_DATE].day = line->as_of;
	ret->changes_on = line->changes_on;
	core_derive_condition(&D, CORE_DECEASED_FACT, CORE_DECEASED);
	core_derive_condition(&D, CORE_HAS_PROSTATE_CANCER,
	    CORE_PROSTATE_CANCER);
	core_derive_condition(&D, CORE_CRPC_DOCUMENTED, CORE_CRPC);
	core_derive_treatment(&D);
	core_derive_psa(&D);
	core_derive_pathology(&D);
	core_derive_staging(&D);
	core_derive_psma_negative(&D);
	core_derive_life_expectancy(&D);
	core_derive_lymphoma(&D);
	core_derive_germ_cell(&D);
	core_derive_context(&D);
	SV_ENSURE(!D.nomem, SV_NOMEM);
	return SV_OK;
}
