#define _DEFAULT_SOURCE		/* madvise, where there is one */
#include "ad_sync_known.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

#define MAX_WORDS ((uint64_t)1 << 21)
#define HUGE_PAGE ((size_t)2 << 20)

/* Words are looked at all over the table, of which each page would have to be
 * found first: the fewer pages, the better. */
static uint64_t *
make_words(uint64_t n)
{
	size_t size = (size_t)n * sizeof(uint64_t);
	uint64_t *words;

	if (size < HUGE_PAGE)
		return calloc(n, sizeof(*words));
	words = aligned_alloc(HUGE_PAGE, size);
	if (words == NULL)
		return NULL;
#ifdef MADV_HUGEPAGE
	(void)madvise(words, size, MADV_HUGEPAGE);
#endif
	memset(words, 0, size);
	return words;
}

struct sv_status
ad_sync_known_make(struct ad_sync_known *K, int64_t names)
{
	uint64_t n = 1024;

	while (n < MAX_WORDS && n < (uint64_t)names)
		n *= 2;
	K->mask = n - 1;
	K->words = make_words(n);
	return K->words != NULL ? SV_OK : SV_NOMEM;
}

void
ad_sync_known_free(struct ad_sync_known *K)
{
	free(K->words);
	K->words = NULL;
}

/* Numbers of names that are alike are alike. */
static uint64_t
mix(uint64_t key)
{
	return XXH3_64bits(&key, sizeof(key));
}

/* Two bits for each name (Bloom, CACM 13(7), 1970), in one word: a large table
 * is not in the caches, and a word costs as much as a bit. */
static uint64_t
bits_of(uint64_t h)
{
	return (uint64_t)1 << (h & 63) | (uint64_t)1 << (h >> 6 & 63);
}

void
ad_sync_known_add(struct ad_sync_known *K, uint64_t key)
{
	uint64_t h = mix(key);

	K->words[h >> 12 & K->mask] |= bits_of(h);
}

bool
ad_sync_known_has(const struct ad_sync_known *K, uint64_t key)
{
	uint64_t h = mix(key);

	return (K->words[h >> 12 & K->mask] & bits_of(h)) == bits_of(h);
}
