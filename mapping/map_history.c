/*
 * How the guidance changed over the years: the decision is made again as of
 * the day of every event, from the data known today, and what differs from
 * the day before is printed.
 */
#include <stdlib.h>

#include "map_page.h"
#include "map_phrase.h"

/* Each step decides over all events; what it costs is bounded, newest days
 * first, so that a hostile history cannot hold a processor. */
#define STEPS_MAX 400
#define STEPS_TIMES_EVENTS_MAX 400000

struct history {
	struct map_page page;
	struct sv_arena *A;
	const struct map_result *r;
	const int32_t *days;
	size_t n_days;
	size_t n_left_out;		/* earlier days that are not shown */
	const struct core_decision *last;	/* NULL before the first */
};

static int
by_day(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* The days on which something happened, and the reference date. */
static struct sv_status
list_days(struct history *H)
{
	const struct map_patient *p = &H->r->patient;
	int32_t as_of = H->r->decision.line.as_of;
	int32_t *days = sv_arena_alloc(H->A, (p->n_events + 1)
	    * sizeof(*days));
	size_t max, n = 0, out = 1;

	SV_ENSURE(days != NULL, SV_NOMEM);
	for (size_t i = 0; i < p->n_events; i++) {
		if (sv_date_is_set(p->events[i].date)
		    && p->events[i].date.hi < as_of)
			days[n++] = p->events[i].date.hi;
	}
	days[n++] = as_of;
	qsort(days, n, sizeof(*days), by_day);
	for (size_t i = 1; i < n; i++) {
		if (days[i] != days[out - 1])
			days[out++] = days[i];
	}
	max = STEPS_TIMES_EVENTS_MAX / (p->n_events + 1) + 1;
	if (max > STEPS_MAX)
		max = STEPS_MAX;
	H->n_left_out = out > max ? out - max : 0;
	H->days = days + H->n_left_out;
	H->n_days = out - H->n_left_out;
	return SV_OK;
}

static void
line(struct history *H, int indent, const char *style, struct sv_buf *b)
{
	if (!sv_buf_ok(b))
		H->page.out->failed = true;
	map_page_style(&H->page, style);
	map_page_paragraph(&H->page, indent, 2, sv_buf_str(b));
	map_page_style(&H->page, "0");
}

static void
put_events(struct history *H, int32_t day)
{
	const struct map_patient *p = &H->r->patient;

	for (size_t i = 0; i < p->n_events; i++) {
		const struct core_event *e = &p->events[i];
		struct sv_buf b;

		if (!sv_date_is_set(e->date) || e->date.hi != day)
			continue;
		sv_buf_init(&b, H->A, 64 * 1024);
		map_phrase_event(&b, e);
		sv_buf_add(&b, SV_LIT("  "));
		sv_buf_add(&b, e->source);
		line(H, 4, "2", &b);
	}
}

static enum core_state
state_before(const struct history *H, size_t i)
{
	return H->last == NULL ? CORE_SILENT : H->last->findings[i].state;
}

/* A rule that begins to speak, or falls silent. */
static void
put_change(struct history *H, const struct core_finding *f)
{
	struct sv_buf b;

	sv_buf_init(&b, H->A, 64 * 1024);
	sv_buf_add(&b, f->state == CORE_FIRES ? SV_LIT("+ ")
	    : f->state == CORE_PROVISIONAL ? SV_LIT("+ provisional: ")
	    : SV_LIT("- no longer: "));
	sv_buf_add(&b, f->rule->title);
	sv_buf_add(&b, SV_LIT(" ["));
	sv_buf_add(&b, f->rule->id);
	sv_buf_addc(&b, ']');
	if (f->state == CORE_PROVISIONAL) {
		sv_buf_add(&b, SV_LIT(", until known: "));
		map_phrase_facts(&b, f->missing);
	}
	line(H, 4, !core_speaks(f->state) ? "2" : f->state == CORE_PROVISIONAL
	    ? "33" : f->rule->kind == CORE_RULE_BLOCK ? "1;31" : "1;32", &b);
}

/* Rule ${i} came into ${state} and does not fall silent by that. */
static bool
came_quietly(const struct history *H, const struct core_decision *d, size_t i,
    enum core_state state)
{
	return d->findings[i].state == state && state_before(H, i) != state
	    && !(state == CORE_SILENT && core_speaks(state_before(H, i)));
}

/* How many rules came into ${state} without having spoken, and what the
 * facts are that they wait for. */
static bool
put_group(struct history *H, const struct core_decision *d,
    enum core_state state)
{
	core_fact_set missing = 0;
	size_t n = 0;
	struct sv_buf b;

	for (size_t i = 0; i < d->n_findings; i++) {
		if (!came_quietly(H, d, i, state))
			continue;
		missing |= d->findings[i].missing;
		n++;
	}
	if (n == 0)
		return false;
	sv_buf_init(&b, H->A, 64 * 1024);
	sv_buf_printf(&b, "%s%zu rule%s%s", state == CORE_SILENT
	    ? "- settled: " : "? not decided: ", n, n == 1 ? "" : "s",
	    state == CORE_SILENT ? " not applicable" : ", waiting for: ");
	map_phrase_facts(&b, missing);
	line(H, 4, state == CORE_SILENT ? "2" : "33", &b);
	return true;
}

/* What is concluded, if that changed. */
static bool
put_intent(struct history *H, const struct core_decision *d)
{
	struct sv_buf b;

	if (d->intent == (H->last == NULL ? CORE_INTENT_NONE
	    : H->last->intent))
		return false;
	sv_buf_init(&b, H->A, 4096);
	sv_buf_add(&b, SV_LIT("= "));
	sv_buf_add(&b, map_phrase_intent(d->intent, &d->facts));
	line(H, 4, "1", &b);
	return true;
}

static void
put_step(struct history *H, int32_t day, const struct core_decision *d)
{
	char text[SV_DATE_TEXT_MAX];
	bool any;

	sv_date_text(sv_date_exact(day), text);
	map_page_heading(&H->page, text);
	put_events(H, day);
	any = put_intent(H, d);
	for (size_t i = 0; i < d->n_findings; i++) {
		if (d->findings[i].state == state_before(H, i)
		    || (!core_speaks(d->findings[i].state)
		    && !core_speaks(state_before(H, i))))
			continue;
		put_change(H, &d->findings[i]);
		any = true;
	}
	any = put_group(H, d, CORE_NEEDS_DATA) || any;
	any = put_group(H, d, CORE_SILENT) || any;
	if (!any)
		map_page_paragraph(&H->page, 4, 2,
		    SV_LIT("the guidance does not change"));
}

static void
put_head(struct history *H)
{
	struct sv_buf b;

	sv_buf_init(&b, H->A, 64 * 1024);
	sv_buf_add(&b, SV_LIT("Patient "));
	sv_buf_add(&b, H->r->patient.name);
	sv_buf_add(&b, SV_LIT(": the guidance over time"));
	line(H, 0, "1", &b);
	map_page_paragraph(&H->page, 0, 0, SV_LIT("Decided as of each day "
	    "from the data known today, with today's rules; what was "
	    "recorded late is shown on the day it happened."));
	if (H->n_left_out == 0)
		return;
	sv_buf_init(&b, H->A, 4096);
	sv_buf_printf(&b, "The %zu earliest days are not shown.",
	    H->n_left_out);
	line(H, 0, "33", &b);
}

struct sv_status
map_history_write(struct sv_arena *A, const struct map_result *r,
    const struct map_output_options *o, struct sv_buf *out)
{
	struct history H = { { out, o->width > 40 ? o->width : 80, o->colour },
		A, r, NULL, 0, 0, NULL };
	struct core_history known = { r->patient.events,
		r->patient.n_events, 0 };
	struct sv_buf b;

	SV_TRY(list_days(&H));
	put_head(&H);
	for (size_t i = 0; i < H.n_days; i++) {
		struct core_decision *d = sv_arena_zalloc(A, 1, sizeof(*d));

		SV_ENSURE(d != NULL, SV_NOMEM);
		known.as_of = H.days[i];
		SV_TRY(core_decide(A, r->book, &known, d));
		put_step(&H, H.days[i], d);
		H.last = d;
	}
	sv_buf_addc(out, '\n');
	map_page_paragraph(&H.page, 0, 0, SV_LIT(MAP_DISCLAIMER));
	sv_buf_init(&b, A, 64 * 1024);
	map_phrase_version(&b, r, o);
	line(&H, 0, "0", &b);
	return sv_buf_status(out);
}
