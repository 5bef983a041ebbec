/*
 * What a clinician reads on a card, as Markdown that is readable as plain
 * text too [R36].
 */
#include "map_card_part.h"

#include <string.h>

#define DETAIL_MAX ((size_t)64 * 1024)

/* Is a "://" or "www." at ${i}, which readers make links of? */
static bool
is_link(struct sv_str s, size_t i)
{
	struct sv_str rest = sv_str_from(s, i);

	return sv_str_starts(rest, SV_LIT("://"))
	    || (i >= 3 && s.p[i] == '.'
	    && memcmp(s.p + i - 3, "www", 3) == 0);
}

/* May it have to be written otherwise? */
static bool
is_odd(char c)
{
	switch (c) {
	case '&': case '<': case '>': case '\\': case '`': case '*':
	case '_': case '[': case ']': case '#': case '|': case '~':
	case '!': case ':': case '.': case '-': case '+': case '=':
	case 0x7f:
		return true;
	default:
		return (unsigned char)c < ' ';
	}
}

static void
escape_one(struct sv_buf *b, struct sv_str s, size_t i)
{
	char c = s.p[i];

	switch (c) {
	case '&':
		sv_buf_add(b, SV_LIT("&amp;"));
		return;
	case '<':
		sv_buf_add(b, SV_LIT("&lt;"));
		return;
	case '>':
		sv_buf_add(b, SV_LIT("&gt;"));
		return;
	default:
		break;
	}
	if ((unsigned char)c < ' ' || c == 0x7f)
		c = ' ';
	if (strchr("\\`*_[]#|~!", c) != NULL || is_link(s, i)
	    || (i == 0 && strchr("-+=", c) != NULL))
		sv_buf_addc(b, '\\');
	sv_buf_addc(b, c);
}

void
map_card_escape(struct sv_buf *b, struct sv_str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!is_odd(s.p[i]))
			continue;
		sv_buf_add(b, (struct sv_str){ s.p + from, i - from });
		escape_one(b, s, i);
		from = i + 1;
	}
	sv_buf_add(b, sv_str_from(s, from));
}

/* The bytes of the first ${max} code points of ${s}. */
static size_t
bytes_of(struct sv_str s, size_t max)
{
	size_t i = 0;

	for (; i < s.n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) == 0x80)
			continue;
		if (max-- == 0)
			break;
	}
	return i;
}

struct sv_str
map_card_clip(struct sv_arena *A, struct sv_str s, size_t max)
{
	size_t n = bytes_of(s, max);

	if (n == s.n)
		return s;
	n = bytes_of(s, max - 1);
	for (; n > 0; n--) {
		/* "0.7 ng/mL" stays whole. */
		if (s.p[n] == ' ' && !(s.p[n - 1] >= '0' && s.p[n - 1] <= '9'))
			break;
	}
	return sv_arena_printf(A, "%.*s\u2026", (int)n, s.p);
}

void
map_card_missing(struct sv_buf *b, const struct map_hook_request *q)
{
	static const char *const states[MAP_SUPPLY_MAX] = {
		[MAP_SUPPLY_ABSENT] = "not sent",
		[MAP_SUPPLY_EMPTY] = "none",
		[MAP_SUPPLY_PART] = "incomplete: there is more than was sent",
		[MAP_SUPPLY_FAILED] = "the record system reported an error" };

	for (int k = 0; k < MAP_KEY_MAX; k++) {
		const struct map_template *t = map_template((enum map_key)k);

		if (map_hook_has(q, (enum map_key)k))
			continue;
		sv_buf_printf(b, "- %s (%s): %s\n", t->words, t->key,
		    q->key[k].unclear > 0 ? "some do not say whose they are"
		    : states[q->key[k].state]);
	}
}

/* " (2025-10-10 to 2026-04-10)": the days of what a fact rests on. */
static void
add_days(struct sv_buf *b, const struct core_fact *f)
{
	struct sv_date first = { .lo = 0 }, last = { .lo = 0 };
	char from[SV_DATE_TEXT_MAX], to[SV_DATE_TEXT_MAX];

	for (size_t i = 0; i < f->n_evidence; i++) {
		struct sv_date d = f->evidence[i]->date;

		if (!sv_date_is_set(d))
			continue;
		if (!sv_date_is_set(first) || d.lo < first.lo)
			first = d;
		if (!sv_date_is_set(last) || d.lo > last.lo)
			last = d;
	}
	if (!sv_date_is_set(first))
		return;
	sv_date_text(first, from);
	sv_date_text(last, to);
	sv_buf_printf(b, strcmp(from, to) == 0 ? " (%s)" : " (%s to %s)", from,
	    to);
}

static core_fact_set
facts_of(const struct map_card *c)
{
	core_fact_set used = 0;

	for (size_t i = 0; i < c->n_findings; i++)
		used |= c->findings[i]->rule->when.facts
		    | c->findings[i]->rule->unless.facts;
	return used;
}

/* What it rests on, with the days [R50], and what is not known (OS-5). */
static void
add_facts(struct sv_buf *b, struct sv_arena *A, const struct map_result *r,
    const struct map_card *c)
{
	const struct core_facts *facts = &r->decision.facts;
	core_fact_set used = facts_of(c);
	struct sv_buf t;

	sv_buf_add(b, SV_LIT("\n**Based on**\n\n"));
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		const struct core_fact *f = &facts->fact[k];

		if (!(used & CORE_FACT_BIT(k))
		    || f->reason == CORE_REASON_NOT_APPLICABLE
		    || (f->n_evidence == 0
		    && !core_fact_unknown((enum core_fact_id)k, f)))
			continue;
		sv_buf_init(&t, A, 4096);
		map_phrase_fact(&t, (enum core_fact_id)k, facts);
		sv_buf_add(b, SV_LIT("- "));
		map_card_escape(b, sv_buf_str(&t));
		if (k != CORE_PSA_DOUBLING_TIME)
			add_days(b, f);
		sv_buf_addc(b, '\n');
	}
}

static void
add_finding(struct sv_buf *b, struct sv_arena *A, const struct map_result *r,
    const struct core_finding *f)
{
	struct sv_buf t;

	/* What is not decided is only named, so that the card stays short. */
	if (f->state == CORE_NEEDS_DATA) {
		sv_buf_init(&t, A, DETAIL_MAX);
		sv_buf_add(&t, f->rule->title);
		sv_buf_add(&t, SV_LIT(": "));
		map_phrase_state(&t, f);
		sv_buf_addc(&t, '(');
		sv_buf_add(&t, f->rule->id);
		sv_buf_addc(&t, ')');
		sv_buf_add(b, SV_LIT("- "));
		map_card_escape(b, sv_buf_str(&t));
		sv_buf_addc(b, '\n');
		return;
	}
	sv_buf_add(b, SV_LIT("- **"));
	map_card_escape(b, f->rule->title);
	sv_buf_add(b, SV_LIT(".** "));
	sv_buf_init(&t, A, DETAIL_MAX);
	if (f->state != CORE_SILENT)
		map_phrase_state(&t, f);
	map_phrase_rule(&t, f->rule, &r->decision.facts);
	map_card_escape(b, sv_buf_str(&t));
	sv_buf_add(b, SV_LIT(" *"));
	sv_buf_init(&t, A, DETAIL_MAX);
	map_phrase_basis(&t, f->rule);
	map_card_escape(b, sv_buf_str(&t));
	sv_buf_add(b, SV_LIT("*\n"));
}

/* OS-4: what was left out, in a number; the page says what and why. */
static void
add_left_out(struct sv_buf *b, const struct map_card_call *call)
{
	const struct map_result *r = call->result;
	const struct map_hook_request *q = call->request;
	size_t n = r->decision.line.n_excluded + (r->issues == NULL ? 0
	    : r->issues->n) + q->n_foreign;

	if (n > 0)
		sv_buf_printf(b, "\nLeft out: %zu records (not final, without "
		    "unit or day, duplicate, not of this patient, or not "
		    "readable).\n", n);
	if (!map_hook_has(q, MAP_KEY_REPORTS) && !call->options->remembered)
		sv_buf_add(b, SV_LIT("\nReports were not sent; conclusions "
		    "that stand only there are not considered.\n"));
	if (call->options->remembered)
		sv_buf_add(b, SV_LIT("\nRecords that Salvor received earlier "
		    "about this patient are considered too.\n"));
}

struct sv_str
map_card_detail(struct sv_arena *A, const struct map_card_call *call,
    const struct map_card *c, size_t n_hidden)
{
	struct map_output_options o = { .recorded = call->options->recorded,
		.software = call->options->software };
	struct sv_buf b, t;

	sv_buf_init(&b, A, DETAIL_MAX);
	if (c->g != NULL && c->order == NULL) {
		map_card_escape(&b, map_phrase_intent(c->g->intent,
		    &call->result->decision.facts));
		sv_buf_add(&b, SV_LIT(" Options for discussion, not "
		    "orders.\n\n"));
	}
	sv_buf_add(&b, c->lead);
	for (size_t i = 0; i < c->n_findings; i++)
		add_finding(&b, A, call->result, c->findings[i]);
	if (c->n_findings > 0) {
		add_facts(&b, A, call->result, c);
		add_left_out(&b, call);
	}
	if (n_hidden > 0)
		sv_buf_printf(&b, "\n%zu more cards are not shown.\n",
		    n_hidden);
	sv_buf_add(&b, SV_LIT("\n" MAP_DISCLAIMER));
	if (call->result->book != NULL) {
		sv_buf_init(&t, A, 4096);
		map_phrase_version(&t, call->result, &o);
		sv_buf_addc(&b, ' ');
		map_card_escape(&b, sv_buf_str(&t));
	}
	sv_buf_addc(&b, '\n');
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}
