#include "ad_input.h"

#include <stdlib.h>
#include <string.h>

#include "fhir_doc.h"
#include "sv_limits.h"

#define CHUNK ((size_t)1 << 16)

struct sv_status
ad_input_open(struct ad_input *in, const char *path)
{
	*in = (struct ad_input){ .f = strcmp(path, "-") == 0 ? stdin
		: fopen(path, "rb") };
	return in->f == NULL ? SV_BAD : SV_OK;
}

void
ad_input_close(struct ad_input *in)
{
	free(in->buf);
	if (in->f != NULL && in->f != stdin)
		(void)fclose(in->f);
}

/* Read one more chunk behind what is there. */
static struct sv_status
fill(struct ad_input *in)
{
	size_t got, cap;
	char *p;

	if (in->at > 0) {
		memmove(in->buf, in->buf + in->at, in->n - in->at);
		in->n -= in->at;
		in->at = 0;
	}
	SV_ENSURE(in->n <= SV_LIMIT_DOCUMENT, SV_LIMIT);
	if (in->cap - in->n < CHUNK) {
		cap = in->cap == 0 ? 4 * CHUNK : in->cap * 2;
		SV_ENSURE((p = realloc(in->buf, cap)) != NULL, SV_NOMEM);
		in->buf = p;
		in->cap = cap;
	}
	got = fread(in->buf + in->n, 1, CHUNK, in->f);
	in->n += got;
	in->read += (int64_t)got;
	if (got == 0) {
		SV_ENSURE(!ferror(in->f), SV_RETRY);
		in->eof = true;
	}
	return SV_OK;
}

/* Make sure that a whole line is there; ${*n} is its length without its end. */
static struct sv_status
whole_line(struct ad_input *in, size_t *n)
{
	size_t seen = 0;

	for (;;) {
		struct sv_str rest = { in->buf + in->at + seen,
			in->n - in->at - seen };
		const char *end = rest.n > 0 ? memchr(rest.p, '\n', rest.n)
		    : NULL;

		if (end != NULL || in->eof) {
			*n = end != NULL ? (size_t)(end - in->buf) - in->at
			    : in->n - in->at;
			return SV_OK;
		}
		seen = in->n - in->at;
		SV_TRY(fill(in));
	}
}

/* Throw the rest of a line away that is too long. */
static struct sv_status
drop_line(struct ad_input *in)
{
	const char *end;

	while ((end = memchr(in->buf + in->at, '\n', in->n - in->at)) == NULL
	    && !in->eof) {
		in->at = in->n;
		SV_TRY(fill(in));
	}
	in->at = end != NULL ? (size_t)(end - in->buf) + 1 : in->n;
	in->line++;
	return SV_LIMIT;
}

/* Everything that is left, as one document. */
static struct sv_status
whole_file(struct ad_input *in, struct sv_str *ret)
{
	while (!in->eof)
		SV_TRY(fill(in));
	*ret = (struct sv_str){ in->buf + in->at, in->n - in->at };
	in->at = in->n;
	return SV_OK;
}

/* Is the file NDJSON?  Decided once, from its first two lines. */
static struct sv_status
recognise(struct ad_input *in)
{
	size_t n;
	struct sv_status s = whole_line(in, &n);

	SV_TRY(s);
	while (!in->eof && in->n - in->at < n + CHUNK)
		SV_TRY(fill(in));
	in->ndjson = fhir_looks_ndjson((struct sv_str){ in->buf + in->at,
	    in->n - in->at });
	return SV_OK;
}

struct sv_status
ad_input_next(struct ad_input *in, struct sv_str *ret)
{
	struct sv_status s;
	size_t n;

	if (in->buf == NULL) {
		SV_TRY(recognise(in));
		if (!in->ndjson)
			return whole_file(in, ret);
	}
	while (in->ndjson) {
		s = whole_line(in, &n);
		if (s.code == SV_CODE_LIMIT)
			return drop_line(in);
		SV_TRY(s);
		if (n == 0 && in->eof && in->at == in->n)
			return SV_SKIP;
		*ret = sv_str_trim((struct sv_str){ in->buf + in->at, n });
		in->at += n < in->n - in->at ? n + 1 : n;
		in->line++;
		if (ret->n > 0)
			return SV_OK;
	}
	return SV_SKIP;
}
