#include "table.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_arena.h"

struct reader {
	struct table_case c;
	struct core_event events[TABLE_EVENTS], always[TABLE_EVENTS];
	size_t n_always;
	const struct core_params *published;
	struct sv_arena *A;
};

static _Noreturn void
die(const struct table_case *c, const char *what, struct sv_str s)
{
	fprintf(stderr, "%s:%zu: %s: '%.*s'\n", c->file, c->line, what,
	    SV_FMT(s));
	abort();
}

struct sv_str
table_take(struct sv_str *rest, char stop)
{
	size_t n = sv_str_chr(*rest, stop);
	struct sv_str part = { rest->p, n };

	*rest = sv_str_from(*rest, n + 1);
	return sv_str_trim(part);
}

static bool
parse(struct sv_str s, struct sv_dec *d)
{
	return sv_is_ok(sv_dec_parse(s, d));
}

struct core_interval
table_number(struct sv_str s)
{
	struct core_interval i = { .set = false };
	struct sv_str rest = sv_str_from(s, sv_str_chr(s, '~') + 1);
	struct sv_dec d, top;

	if (s.n > 0 && (*s.p == '<' || *s.p == '>')) {
		if (!parse(sv_str_from(s, 1), &d))
			return i;
		i = core_exactly(d);
		if (*s.p == '<')
			i.lo = SV_DEC(0, 0);
		else
			i.hi_inf = i.lo_open = true;
		i.hi_open = true;
	} else if (rest.n > 0) {
		if (parse((struct sv_str){ s.p, s.n - rest.n - 1 }, &d)
		    && parse(rest, &top))
			i = core_between(d, top);
	} else if (parse(s, &d)) {
		i = core_exactly(d);
	}
	return i;
}

static struct sv_date
date(const struct reader *R, struct sv_str s)
{
	struct sv_date d = { 0, 0, SV_DATE_NONE };

	if (!sv_str_is(s, "-") && !sv_is_ok(sv_date_parse(s, &d)))
		die(&R->c, "no date", s);
	return d;
}

static uint32_t
whole(const struct reader *R, struct sv_str s)
{
	struct sv_dec d;

	if (!parse(s, &d))
		die(&R->c, "no number", s);
	return (uint32_t)d.m;
}

static void
set_status(const struct reader *R, struct core_event *e, struct sv_str s)
{
	static const char *const names[CORE_STATUS_MAX] = { "final",
		"not-final", "not-done", "cancelled", "entered-in-error" };

	for (int i = 0; i < CORE_STATUS_MAX; i++) {
		if (sv_str_is(s, names[i])) {
			e->status = (enum core_status)i;
			return;
		}
	}
	die(&R->c, "no status", s);
}

/* Attributes whose value is a word. */
static bool
set_word(const struct reader *R, struct core_event *e, struct sv_str name,
    struct sv_str s)
{
	if (sv_str_is(name, "site"))
		e->site = core_site_of(s);
	else if (sv_str_is(name, "specimen"))
		e->specimen = sv_str_is(s, "rp") ? CORE_SPECIMEN_PROSTATECTOMY
		    : CORE_SPECIMEN_DIAGNOSTIC_BIOPSY;
	else if (sv_str_is(name, "certainty"))
		e->certainty = sv_str_is(s, "refuted") ? CORE_CERTAINTY_REFUTED
		    : CORE_CERTAINTY_PROVISIONAL;
	else if (sv_str_is(name, "unit"))
		e->unit = sv_str_is(s, "missing") ? CORE_UNIT_MISSING
		    : CORE_UNIT_UNUSABLE;
	else if (sv_str_is(name, "status"))
		set_status(R, e, s);
	else
		return false;
	return true;
}

static bool
set_text(struct core_event *e, struct sv_str name, struct sv_str s)
{
	if (sv_str_is(name, "assay"))
		e->assay = s;
	else if (sv_str_is(name, "id"))
		e->source = s;
	else
		return false;
	return true;
}

static bool
set_number(const struct reader *R, struct core_event *e, struct sv_str name,
    struct sv_str s)
{
	if (sv_str_is(name, "uln"))
		e->uln = table_number(s);
	else if (sv_str_is(name, "count"))
		e->count = table_number(s);
	else if (sv_str_is(name, "gg"))
		e->grade_group = table_number(s);
	else if (sv_str_is(name, "visceral"))
		e->visceral = true;
	else if (sv_str_is(name, "version"))
		e->version = whole(R, s);
	else
		return false;
	return true;
}

static void
set_dates(const struct reader *R, struct core_event *e, struct sv_str s)
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] == '.' && s.p[i + 1] == '.') {
			e->end = date(R, sv_str_from(s, i + 2));
			s.n = i;
		}
	}
	e->date = date(R, s);
}

static struct core_event
event(const struct reader *R, struct sv_str s, size_t n)
{
	struct sv_str name = table_take(&s, ' '), word, rest;
	struct core_event e = { .concept = core_concept_of(name) };

	if (e.concept == CORE_CONCEPT_NONE)
		die(&R->c, "no concept", name);
	e.kind = core_concept_kind(e.concept);
	e.source = sv_arena_printf(R->A, "e%zu", n);
	s = sv_str_trim(s);
	if (s.n > 0)
		set_dates(R, &e, table_take(&s, ' '));
	while ((s = sv_str_trim(s)).n > 0) {
		rest = word = table_take(&s, ' ');
		name = table_take(&rest, '=');
		if (name.n < word.n) {
			if (!set_text(&e, name, rest)
			    && !set_word(R, &e, name, rest)
			    && !set_number(R, &e, name, rest))
				die(&R->c, "no attribute", word);
		} else if ((e.value = table_number(word)).set == false
		    && (e.code = core_value_of(word)) == CORE_VALUE_NONE) {
			die(&R->c, "no value", word);
		}
	}
	return e;
}

static size_t
events(const struct reader *R, struct sv_str s, struct core_event *ret,
    size_t first)
{
	size_t n = 0;

	while ((s = sv_str_trim(s)).n > 0) {
		struct sv_str one = table_take(&s, ';');

		if (n == TABLE_EVENTS)
			die(&R->c, "too many events", one);
		if (one.n > 0) {
			ret[n] = event(R, one, first + n);
			n++;
		}
	}
	return n;
}

/* The parameters that ${s} changes: "name=number name=number". */
static void
parameters(struct reader *R, struct sv_str s)
{
	R->c.params = *R->published;
	while ((s = sv_str_trim(s)).n > 0) {
		struct sv_str number = table_take(&s, ' ');
		enum core_param_id id = core_param_of(table_take(&number, '='));

		if (id == CORE_PARAM_COUNT
		    || !parse(number, &R->c.params.value[id]))
			die(&R->c, "no parameter", number);
	}
}

static bool
read_line(struct reader *R, struct sv_str s)
{
	struct table_case *c = &R->c;
	size_t arrow, n;

	c->text = s;
	if (sv_str_starts(s, SV_LIT("on "))) {
		c->known.as_of = date(R, sv_str_trim(sv_str_from(s, 3))).lo;
		return false;
	}
	if (sv_str_starts(s, SV_LIT("always"))) {
		R->n_always = events(R, sv_str_from(s, 6), R->always, 101);
		return false;
	}
	if (sv_str_starts(s, SV_LIT("with"))) {
		parameters(R, sv_str_from(s, 4));
		return false;
	}
	for (arrow = 0; arrow + 1 < s.n && !(s.p[arrow] == '-'
	    && s.p[arrow + 1] == '>'); arrow++)
		;
	if (arrow + 2 >= s.n)
		die(c, "nothing expected", s);
	n = events(R, (struct sv_str){ s.p, arrow }, R->events, 1);
	if (n + R->n_always > TABLE_EVENTS)
		die(c, "too many events", s);
	memcpy(R->events + n, R->always, R->n_always * sizeof(*R->always));
	c->known.events = R->events;
	c->known.n_events = n + R->n_always;
	c->expected = sv_str_from(s, arrow + 2);
	return true;
}

static size_t
each_line(struct sv_arena *A, const char *file,
    const struct core_params *published, table_visit visit, void *ctx)
{
	struct sv_str text = test_read(A, file);
	struct reader *R = sv_arena_zalloc(A, 1, sizeof(*R));
	size_t n = 0;

	R->A = A;
	R->c.file = file;
	R->published = published;
	R->c.params = *published;
	while (text.n > 0) {
		struct sv_str s = table_take(&text, '\n');

		R->c.line++;
		if (s.n > 0 && *s.p != '#' && read_line(R, s)) {
			visit(ctx, &R->c);
			n++;
		}
	}
	return n;
}

size_t
table_each(struct sv_arena *A, const struct core_params *published,
    table_visit visit, void *ctx)
{
	const char *top = getenv("SALVOR_SOURCE_ROOT");
	struct sv_str dir = sv_arena_printf(A, "%s/tests/cases/tables",
	    top != NULL ? top : ".");
	DIR *D = opendir(dir.p);
	struct dirent *d;
	size_t n = 0;

	if (D == NULL)
		abort();
	while ((d = readdir(D)) != NULL) {
		if (sv_str_ends(sv_str_of(d->d_name), SV_LIT(".txt")))
			n += each_line(A, sv_arena_printf(A,
			    "tests/cases/tables/%s", d->d_name).p, published,
			    visit, ctx);
	}
	(void)closedir(D);
	return n;
}
