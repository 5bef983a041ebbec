#include "ad_sync_block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sv_status
ad_sync_blocks_make(struct ad_sync_blocks *B)
{
	*B = (struct ad_sync_blocks){ .fd = -1, .hash = XXH3_createState() };
	return B->hash != NULL ? SV_OK : SV_NOMEM;
}

void
ad_sync_blocks_close(struct ad_sync_blocks *B)
{
	if (B->fd >= 0)
		(void)close(B->fd);
	B->fd = -1;
}

void
ad_sync_blocks_free(struct ad_sync_blocks *B)
{
	ad_sync_blocks_close(B);
	free(B->rest);
	(void)XXH3_freeState(B->hash);
}

static bool
skip(struct ad_sync_blocks *B, int64_t bytes)
{
	char part[65536];
	ssize_t n = 1;

	while (bytes > 0 && n > 0) {
		n = read(B->fd, part, bytes < (int64_t)sizeof(part)
		    ? (size_t)bytes : sizeof(part));
		if (n > 0) {
			(void)XXH3_128bits_update(B->hash, part, (size_t)n);
			bytes -= n;
		}
	}
	return bytes == 0;
}

bool
ad_sync_blocks_open(struct ad_sync_blocks *B, const char *path,
    int64_t offset)
{
	B->n_rest = 0;
	B->first = offset == 0;
	(void)XXH3_128bits_reset(B->hash);
	B->fd = open(path, O_RDONLY | O_CLOEXEC);
	return B->fd >= 0 && skip(B, offset);
}

static bool
grow(char **p, size_t *cap, size_t n)
{
	char *bigger = *p;

	if (n > *cap) {
		bigger = realloc(bigger, n);
		if (bigger == NULL)
			return false;
		*p = bigger;
		*cap = n;
	}
	return true;
}

/* Fill the block behind what is in it; 0 at the end, -1 errno. */
static ssize_t
fill(struct ad_sync_blocks *B, struct ad_sync_block *k)
{
	size_t from = k->n;
	ssize_t n = 1;

	while (n > 0 && k->n < k->cap) {
		n = read(B->fd, k->p + k->n, k->cap - k->n);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		k->n += n > 0 ? (size_t)n : 0;
	}
	(void)XXH3_128bits_update(B->hash, k->p + from, k->n - from);
	return n;
}

static size_t
at_most(size_t n)
{
	return n < AD_SYNC_MAX_LINE ? n : AD_SYNC_MAX_LINE;
}

/* Room for at least the begin of a line that waits, which comes first. */
static struct sv_status
begin(struct ad_sync_blocks *B, struct ad_sync_block *k)
{
	size_t room = B->n_rest * 2 < AD_SYNC_BLOCK
	    ? AD_SYNC_BLOCK : at_most(B->n_rest * 2);

	SV_ENSURE(grow(&k->p, &k->cap, room), SV_NOMEM);
	memcpy(k->p, B->rest != NULL ? B->rest : "", B->n_rest);
	k->n = B->n_rest;
	B->n_rest = 0;
	k->overlong = false;
	k->first = B->first;
	B->first = false;
	return SV_OK;
}

/* What begins behind the whole lines waits for the next block. */
static struct sv_status
cut(struct ad_sync_blocks *B, struct ad_sync_block *k, size_t whole)
{
	size_t first = 0;

	SV_ENSURE(grow(&B->rest, &B->cap_rest, k->n - whole + 1), SV_NOMEM);
	memcpy(B->rest, k->p + whole, k->n - whole);
	B->n_rest = k->n - whole;
	k->offset = lseek(B->fd, 0, SEEK_CUR) - (off_t)B->n_rest;
	/* Of a line that was too long, the end is still there. */
	if (k->overlong)
		first = sv_str_chr((struct sv_str){ k->p, whole }, '\n') + 1;
	k->lines = sv_str_from((struct sv_str){ k->p, whole }, first);
	return SV_OK;
}

struct sv_status
ad_sync_blocks_next(struct ad_sync_blocks *B, struct ad_sync_block *k)
{
	size_t whole;
	ssize_t n;

	SV_TRY(begin(B, k));
	for (;;) {
		n = fill(B, k);
		SV_ENSURE(n >= 0, SV_BAD);
		whole = sv_str_rchr((struct sv_str){ k->p, k->n }, '\n');
		if (n == 0 || whole < k->n)
			break;
		if (k->n < AD_SYNC_MAX_LINE) {
			SV_ENSURE(grow(&k->p, &k->cap, at_most(k->cap * 2)),
			    SV_NOMEM);
		} else {
			k->overlong = true;
			k->n = 0;
		}
	}
	k->end = n == 0;
	return cut(B, k, n == 0 ? k->n : whole + 1);
}

void
ad_sync_blocks_digest(const struct ad_sync_blocks *B, char ret[33])
{
	XXH128_hash_t h = XXH3_128bits_digest(B->hash);

	(void)snprintf(ret, 33, "%016llx%016llx", (unsigned long long)h.high64,
	    (unsigned long long)h.low64);
}
