#include "ad_store_pack.h"

#include <stdlib.h>
#include <threads.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "ad_store_sample.h"

/* Every kind but the first has its number in front; no frame of Zstandard
 * begins so, and no JSON. */
static enum ad_pack
kind_of(struct sv_str packed)
{
	unsigned char first = (unsigned char)*packed.p;

	return first < AD_PACK_MAX ? (enum ad_pack)first : AD_PACK_MESSAGE;
}

/* Read by all threads, and there until the end. */
static struct kind {
	const struct sv_str *sample;
	/* Levels below zero leave letters as they are.  A resource is short: it
	 * is written in 1.0 us, not 1.6, and read in 0.2, not 0.6, for a quarter
	 * more room. */
	int level;
	ZSTD_CDict *pack;
	ZSTD_DDict *unpack;
} kinds[AD_PACK_MAX] = {
	[AD_PACK_MESSAGE] = { NULL, 1, NULL, NULL },
	[AD_PACK_GUIDANCE_7] = { &ad_store_sample_guidance, 1, NULL, NULL },
	[AD_PACK_GUIDANCE] = { &ad_store_dictionary_guidance, 1, NULL, NULL },
	[AD_PACK_RESOURCE_9] = { &ad_store_sample_resources, -5, NULL, NULL },
	[AD_PACK_RESOURCE] = { &ad_store_dictionary_resources, -5, NULL, NULL }
};

/* The tables of Zstandard are large. */
struct packer {
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
};

static tss_t packer_key;
static bool prepared;

static void
packer_free(void *p)
{
	struct packer *t = p;

	(void)ZSTD_freeCCtx(t->pack);
	(void)ZSTD_freeDCtx(t->unpack);
	free(t);
}

static void
prepare(void)
{
	bool ok = tss_create(&packer_key, packer_free) == thrd_success;

	for (size_t i = 0; i < AD_PACK_MAX; i++) {
		struct kind *k = &kinds[i];

		if (k->sample == NULL)
			continue;
		k->pack = ZSTD_createCDict(k->sample->p, k->sample->n,
		    k->level);
		k->unpack = ZSTD_createDDict(k->sample->p, k->sample->n);
		ok = ok && k->pack != NULL && k->unpack != NULL;
	}
	prepared = ok;
}

/* The one of this thread; NULL without memory. */
static struct packer *
packer(void)
{
	static once_flag once = ONCE_FLAG_INIT;
	struct packer *t;

	call_once(&once, prepare);
	if (!prepared)
		return NULL;
	t = tss_get(packer_key);
	if (t != NULL)
		return t;
	t = calloc(1, sizeof(*t));
	if (t != NULL && tss_set(packer_key, t) != thrd_success) {
		free(t);
		return NULL;
	}
	return t;
}

static size_t
compress(struct packer *t, char *to, size_t room, struct sv_str text,
    const struct kind *k)
{
	const char *p = text.p != NULL ? text.p : "";

	return k->pack != NULL ? ZSTD_compress_usingCDict(t->pack, to, room, p,
	    text.n, k->pack) : ZSTD_compressCCtx(t->pack, to, room, p, text.n,
	    k->level);
}

struct sv_str
ad_store_pack(struct sv_arena *A, enum ad_pack kind, struct sv_str text)
{
	size_t mark = kind != AD_PACK_MESSAGE ? 1 : 0, n;
	size_t room = ZSTD_compressBound(text.n) + mark;
	struct packer *t = packer();
	char *p = sv_arena_alloc(A, room);

	if (t != NULL && t->pack == NULL)
		t->pack = ZSTD_createCCtx();
	if (p == NULL || t == NULL || t->pack == NULL)
		return (struct sv_str){ NULL, 0 };
	if (mark > 0)
		*p = (char)kind;
	n = compress(t, p + mark, room - mark, text, &kinds[kind]);
	if (ZSTD_isError(n))
		return (struct sv_str){ NULL, 0 };
	/* The rest of the room is for what comes next. */
	n += mark;
	return (struct sv_str){ sv_arena_grow(A, p, room, n), n };
}

/* Short of memory is not damaged: who is told BAD gives the bytes up. */
static struct sv_status
unpack(char *to, size_t size, struct sv_str packed, const struct kind *k)
{
	struct packer *t = packer();
	size_t n;

	if (t != NULL && t->unpack == NULL)
		t->unpack = ZSTD_createDCtx();
	SV_ENSURE(t != NULL && t->unpack != NULL, SV_NOMEM);
	n = k->unpack != NULL ? ZSTD_decompress_usingDDict(t->unpack, to, size,
	    packed.p, packed.n, k->unpack) : ZSTD_decompressDCtx(t->unpack, to,
	    size, packed.p, packed.n);
	SV_ENSURE(ZSTD_getErrorCode(n) != ZSTD_error_memory_allocation,
	    SV_NOMEM);
	return n == size ? SV_OK : SV_BAD;
}

struct sv_status
ad_store_unpack(struct sv_arena *A, struct sv_str packed, size_t ceiling,
    struct sv_str *ret)
{
	enum ad_pack kind;
	unsigned long long size;
	char *p;

	*ret = (struct sv_str){ "", 0 };
	SV_ENSURE(packed.n > 0, SV_SKIP);
	kind = kind_of(packed);
	packed = sv_str_from(packed, kind != AD_PACK_MESSAGE ? 1 : 0);
	size = ZSTD_getFrameContentSize(packed.p, packed.n);
	SV_ENSURE(size <= ceiling, SV_BAD);
	p = sv_arena_alloc(A, (size_t)size + 1);
	SV_ENSURE(p != NULL, SV_NOMEM);
	SV_TRY(unpack(p, (size_t)size, packed, &kinds[kind]));
	*ret = (struct sv_str){ p, (size_t)size };
	return SV_OK;
}

struct sv_status
ad_store_unpack_resource(struct sv_arena *A, struct sv_str kept,
    size_t ceiling, struct sv_str *ret)
{
	if (kept.n == 0 || kind_of(kept) != AD_PACK_MESSAGE)
		return ad_store_unpack(A, kept, ceiling, ret);
	SV_ENSURE(kept.n <= ceiling, SV_BAD);
	*ret = sv_arena_str(A, kept);
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}
