#include "ad_sync_asked.h"

#include <stdio.h>

#include "ad_memory.h"
#include "ad_sync_fetch.h"

#define MAX_ASKED ((size_t)1 << 20)

static bool
has_word(struct sv_str words, struct sv_str word)
{
	while (words.n > 0) {
		if (sv_str_eq(sv_str_cut(&words, ' '), word))
			return true;
	}
	return false;
}

/* Has ${text} the line "${what} ${value}"? */
static bool
has_line(struct sv_str text, const char *what, struct sv_str value)
{
	while (text.n > 0) {
		struct sv_str line = sv_str_cut(&text, '\n');

		if (sv_str_is(sv_str_cut(&line, ' '), what)
		    && sv_str_eq(line, value))
			return true;
	}
	return false;
}

static void
add_line(struct sv_buf *b, const char *what, struct sv_str value)
{
	sv_buf_add(b, sv_str_of(what));
	sv_buf_addc(b, ' ');
	sv_buf_add(b, value);
	sv_buf_addc(b, '\n');
}

/* All but the types: of whom, and by which filters. */
static void
add_whom(struct sv_buf *b, const struct ad_conf_registry *r)
{
	add_line(b, "base", sv_str_of(r->url));
	add_line(b, "level", sv_str_of(r->level));
	if (r->group != NULL)
		add_line(b, "group", sv_str_of(r->group));
	for (size_t i = 0; i < r->n_filters; i++)
		add_line(b, "filter", r->filters[i]);
}

struct sv_str
ad_sync_asked(struct ad_sync *Y, struct sv_str lacks)
{
	const struct ad_conf_registry *r = Y->conf;
	struct sv_buf b;

	sv_buf_init(&b, &Y->A, MAX_ASKED);
	add_whom(&b, r);
	for (size_t i = 0; i < r->n_types; i++)
		add_line(&b, has_word(lacks, r->types[i]) ? "lacks" : "type",
		    r->types[i]);
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}

bool
ad_sync_asks_the_same(const struct ad_sync *Y)
{
	const struct ad_conf_registry *r = Y->conf;
	struct sv_str asked = Y->state.asked;
	struct sv_arena A = ad_arena(MAX_ASKED);
	struct sv_buf whom;
	bool same;

	sv_buf_init(&whom, &A, MAX_ASKED);
	add_whom(&whom, r);
	same = sv_buf_ok(&whom) && sv_str_starts(asked, sv_buf_str(&whom))
	    && !sv_str_starts(sv_str_from(asked, whom.n), SV_LIT("filter "));
	sv_arena_free(&A);
	for (size_t i = 0; i < r->n_types; i++)
		same = same && (has_line(asked, "type", r->types[i])
		    || has_line(asked, "lacks", r->types[i]));
	return same;
}

/* The first type that is exported today, but was not in the last whole run. */
static struct sv_str
find_more(const struct ad_sync *Y, struct sv_str lacks)
{
	const struct ad_conf_registry *r = Y->conf;

	for (size_t i = 0; i < r->n_types; i++) {
		if (!has_word(lacks, r->types[i])
		    && !has_line(Y->state.asked, "type", r->types[i]))
			return r->types[i];
	}
	return (struct sv_str){ "", 0 };
}

/* A run that is interrupted from here on asks for everything again, and so goes
 * on with that. */
static struct sv_status
note_not_enough(struct ad_sync *Y)
{
	struct sv_status s;

	Y->incremental = false;
	Y->state.asked = (struct sv_str){ "", 0 };
	SV_TRY(ad_store_begin(Y->S));
	s = ad_sync_put_state(Y);
	return ad_store_end(Y->S, s);
}

struct sv_status
ad_sync_check_enough(struct ad_sync *Y, struct sv_str lacks)
{
	struct sv_str more = find_more(Y, lacks);
	char line[200];

	if (!Y->incremental || more.n == 0)
		return SV_OK;
	(void)snprintf(line, sizeof(line), "the server exports %.*s, which it "
	    "did not before: everything is exported", SV_FMT(more));
	ad_sync_say(Y, line);
	SV_TRY(note_not_enough(Y));
	return SV_SKIP;
}

void
ad_sync_tell_lacking(struct ad_sync *Y, struct sv_str lacks)
{
	char line[200];

	while (lacks.n > 0) {
		struct sv_str type = sv_str_cut(&lacks, ' ');

		(void)snprintf(line, sizeof(line), "the server does not export "
		    "%.*s: it is left out", SV_FMT(type));
		if (!has_line(Y->state.asked, "lacks", type))
			ad_sync_say(Y, line);
	}
}
