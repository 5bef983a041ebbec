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

	if ((int64_t)text.n > k->max_bytes - k->bytes) {
		k->too_large = true;
		return fail(k, "the file is larger than the space that an "
		    "export may use");
	}
	while (rest.n > 0) {
		ssize_t n = write(k->fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			k->disk_full = errno == ENOSPC || errno == EDQUOT;
			return fail(k, strerror(errno));
		}
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
	k->taken += (int64_t)piece.n;
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

bool
ad_bulk_sink_reread(struct ad_bulk_sink *k)
{
	char piece[65536];
	ssize_t n;

	if (lseek(k->fd, 0, SEEK_SET) != 0)
		return fail(k, strerror(errno));
	while ((n = read(k->fd, piece, sizeof(piece))) > 0) {
		count(k, (struct sv_str){ piece, (size_t)n });
		k->bytes += n;
		k->taken += n;
	}
	return n == 0 || fail(k, strerror(errno));
}

/* Is it what the manifest says? */
static bool
is_as_said(struct ad_bulk_sink *k, struct ad_bulk_said said)
{
	k->miscounted = true;
	if (said.count >= 0 && k->lines != said.count) {
		sv_err_set(&k->err, "", "%lld lines, but the manifest says "
		    "%lld", (long long)k->lines, (long long)said.count);
		return false;
	}
	if (said.size >= 0 && k->bytes != said.size && k->taken != said.size) {
		sv_err_set(&k->err, "", "%lld bytes, but the manifest says "
		    "%lld", (long long)k->bytes, (long long)said.size);
		return false;
	}
	k->miscounted = false;
	return true;
}

static bool
is_whole(struct ad_bulk_sink *k, struct ad_bulk_said said)
{
	if (k->err.text[0] != '\0')
		return false;
	if (k->gzip && !k->between && k->inflating)
		return fail(k, "the compressed file ends in the middle");
	if (k->in_line && k->last != '}')
		return fail(k, "the last line is not whole");
	return is_as_said(k, said);
}

struct sv_status
ad_bulk_sink_end(struct ad_bulk_sink *k, struct ad_bulk_said said,
    bool *ret_proven)
{
	bool whole = is_whole(k, said);

	*ret_proven = whole && (said.count >= 0 || said.size >= 0
	    || (k->gzip && k->between));
	ad_bulk_sink_drop(k);
	if (!whole)
		return SV_BAD;
	if (fsync(k->fd) == 0)
		return SV_OK;
	(void)fail(k, strerror(errno));
	return SV_RETRY;
}
