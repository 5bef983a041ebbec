#include "ad_bulk_sink.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void
ad_bulk_sink_begin(struct ad_bulk_sink *k, int fd, bool gzip,
    int64_t max_bytes)
{
	*k = (struct ad_bulk_sink){ .fd = fd, .gzip = gzip,
		.max_bytes = max_bytes };
}

static bool
fail(struct ad_bulk_sink *k, const char *why)
{
	sv_err_set(&k->err, "", "%s", why);
	return false;
}

/* Non-empty lines; the last may lack its LF. */
static void
count(struct ad_bulk_sink *k, struct sv_str text)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf != NULL ? lf : end;

		while (stop > p && (stop[-1] == ' ' || stop[-1] == '\t'
		    || stop[-1] == '\r'))
			stop--;
		if (stop > p) {
			k->lines += k->in_line ? 0 : 1;
			k->in_line = true;
			k->last = stop[-1];
		}
		if (lf == NULL)
			return;
		k->in_line = false;
		p = lf + 1;
	}
}

static bool
put(struct ad_bulk_sink *k, struct sv_str text)
{
	struct sv_str rest = text;

	if ((int64_t)text.n > k->max_bytes - k->bytes)
		return fail(k, "the file is larger than the space that an "
		    "export may use");
	while (rest.n > 0) {
		ssize_t n = write(k->fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(k, strerror(errno));
		rest = sv_str_from(rest, (size_t)n);
	}
	k->bytes += (int64_t)text.n;
	count(k, text);
	return true;
}

/* One member ended; another may follow (RFC 1952 section 2.2). */
static int
next_member(struct ad_bulk_sink *k)
{
	k->between = true;
	return inflateReset(&k->z);
}

static bool
inflate_piece(struct ad_bulk_sink *k, struct sv_str piece)
{
	unsigned char room[65536];
	int r = Z_OK;

	k->z.next_in = (Bytef *)(uintptr_t)piece.p;
	k->z.avail_in = (uInt)piece.n;
	do {
		k->between = k->between && k->z.avail_in == 0;
		k->z.next_out = room;
		k->z.avail_out = sizeof(room);
		r = inflate(&k->z, Z_NO_FLUSH);
		if (!put(k, (struct sv_str){ (char *)room, sizeof(room)
		    - k->z.avail_out }))
			return false;
		if (r == Z_STREAM_END)
			r = next_member(k);
	} while (r == Z_OK && (k->z.avail_in > 0 || k->z.avail_out == 0));
	return r == Z_OK || r == Z_BUF_ERROR
	    || fail(k, "the compressed file is damaged");
}

bool
ad_bulk_sink_add(struct ad_bulk_sink *k, struct sv_str piece)
{
	if (k->err.text[0] != '\0')
		return false;
	if (!k->gzip)
		return put(k, piece);
	/* 16 more: gzip only (zlib.h, inflateInit2). */
	if (!k->inflating && inflateInit2(&k->z, 15 + 16) != Z_OK)
		return fail(k, "not enough memory to inflate");
	k->inflating = true;
	return piece.n == 0 || inflate_piece(k, piece);
}

void
ad_bulk_sink_drop(struct ad_bulk_sink *k)
{
	if (k->inflating)
		(void)inflateEnd(&k->z);
	k->inflating = false;
}

static bool
is_whole(struct ad_bulk_sink *k, int64_t want)
{
	if (k->err.text[0] != '\0')
		return false;
	if (k->gzip && !k->between && k->inflating)
		return fail(k, "the compressed file ends in the middle");
	if (k->in_line && k->last != '}')
		return fail(k, "the last line is not whole");
	if (want < 0 || k->lines == want)
		return true;
	sv_err_set(&k->err, "", "%lld lines, but the manifest says %lld",
	    (long long)k->lines, (long long)want);
	return false;
}

struct sv_status
ad_bulk_sink_end(struct ad_bulk_sink *k, int64_t want, bool *ret_proven)
{
	bool whole = is_whole(k, want);

	*ret_proven = whole && (want >= 0 || (k->gzip && k->between));
	ad_bulk_sink_drop(k);
	if (!whole)
		return SV_BAD;
	if (fsync(k->fd) == 0)
		return SV_OK;
	(void)fail(k, strerror(errno));
	return SV_RETRY;
}
