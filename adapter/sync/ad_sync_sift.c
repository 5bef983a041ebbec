#include "ad_sync_sift.h"

#include <stdlib.h>

#include "ad_store_key.h"

/* For tests: what passes must not depend on the sieve. */
static bool
sieve_off(void)
{
	const char *off = getenv("SALVOR_TEST_NO_SIEVE");

	return off != NULL && off[0] != '\0';
}

static struct sv_status
parse_all(struct ad_sync_sifter *F, struct ad_sync_batch *b,
    struct sv_str lines)
{
	struct fhir_line l = { .number = b->line };

	while (fhir_ndjson_next(&lines, &l)) {
		b->line = l.number;
		SV_TRY(ad_sync_parse(F->Y, &F->A, b, l.text));
	}
	b->line = l.number;
	return SV_OK;
}

/* What is needed to note a line that says nothing. */
struct noting {
	struct ad_sync_batch *b;
	const struct map_sieve_scan *scan;
	uint64_t source_key;
};

static bool
note(void *ctx, struct sv_str line, struct sv_str type, struct sv_str id)
{
	struct noting *N = ctx;
	struct ad_sync_batch *b = N->b;
	size_t cap = b->cap_silent == 0 ? 128 : b->cap_silent * 2;
	struct ad_sync_silent *at = b->silent;

	if (b->n_silent == b->cap_silent) {
		at = sv_arena_grow(&b->A, at, b->n_silent * sizeof(*at),
		    cap * sizeof(*at));
		if (at == NULL)
			return false;
		b->silent = at;
		b->cap_silent = cap;
	}
	at[b->n_silent++] = (struct ad_sync_silent){ N->scan->line, line,
		ad_store_key(N->source_key, type, id) };
	return false;
}

static struct sv_status
parse_sieved(struct ad_sync_sifter *F, struct ad_sync_batch *b,
    struct sv_str lines)
{
	struct map_sieve_scan c;
	struct noting N = { b, &c, F->Y->source_key };
	struct sv_str line;

	c = map_sieve_begin(F->sieve, lines, b->line);
	c.known = note;
	c.ctx = &N;
	while (map_sieve_next(&c, &line)) {
		b->line = c.line;
		SV_TRY(ad_sync_parse(F->Y, &F->A, b, line));
	}
	b->line = c.line;
	b->dropped = c.dropped;
	return SV_OK;
}

struct sv_status
ad_sync_sift(struct ad_sync_sifter *F, struct ad_sync_batch *b,
    struct sv_str lines)
{
	SV_TRY(sieve_off() ? parse_all(F, b, lines)
	    : parse_sieved(F, b, lines));
	return ad_sync_bind(&F->A, b);
}

static struct sv_status
parse_silent(struct ad_sync_sifter *F, struct ad_sync_batch *b,
    struct sv_str text)
{
	size_t n = b->n;

	SV_TRY(ad_sync_parse(F->Y, &F->A, b, text));
	for (; n < b->n; n++)
		b->at[n].silent = true;
	return SV_OK;
}

/* Parse the silent lines before ${line} whose resources are remembered; their
 * records go to the end. */
static struct sv_status
hear(struct ad_sync_sifter *F, struct ad_sync_batch *b, size_t *i,
    int64_t line)
{
	int64_t last = b->line;

	for (; *i < b->n_silent && b->silent[*i].line < line; (*i)++) {
		if (!ad_sync_known_has(&F->Y->known, b->silent[*i].key))
			continue;
		b->line = b->silent[*i].line;
		SV_TRY(parse_silent(F, b, b->silent[*i].text));
		b->dropped--;
	}
	b->line = last;
	return SV_OK;
}

/* The records from ${n} on to where their lines are. */
static struct sv_status
merge(struct ad_sync_batch *b, size_t n)
{
	struct ad_sync_record *all;
	size_t i = 0, k = n, to = 0;

	if (n == b->n)
		return SV_OK;
	all = sv_arena_alloc(&b->A, b->n * sizeof(*all));
	SV_ENSURE(all != NULL, SV_NOMEM);
	while (i < n || k < b->n)
		all[to++] = k == b->n || (i < n && b->at[i].line
		    < b->at[k].line) ? b->at[i++] : b->at[k++];
	b->at = all;
	b->cap = b->n;
	return SV_OK;
}

struct sv_status
ad_sync_sift_in_order(struct ad_sync_sifter *F, struct ad_sync_batch *b,
    int64_t line)
{
	size_t n = b->n, silent = 0;

	for (size_t i = 0; i < n; i++) {
		if (!b->at[i].named)
			continue;
		SV_TRY(hear(F, b, &silent, b->at[i].line));
		b->at[i].fresh = !ad_sync_known_has(&F->Y->known,
		    b->at[i].known);
		if (b->at[i].sheaf != NULL && !b->at[i].fresh)
			b->at[i].sheaf->fresh = false;
		ad_sync_known_add(&F->Y->known, b->at[i].known);
	}
	SV_TRY(hear(F, b, &silent, INT64_MAX));
	SV_TRY(merge(b, n));
	for (size_t i = 0; i < b->n; i++)
		b->at[i].line += line;
	b->lines = b->line;
	b->line += line;
	/* Of both steps: nothing follows from a text or a silent line for which
	 * there was no memory. */
	return sv_arena_ok(&b->A) ? SV_OK : SV_NOMEM;
}
