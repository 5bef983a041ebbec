#include "ad_replay.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A token has its place in one row of this many; the table has twice the room
 * that was asked for, so that a row is hardly ever full before it is. */
#define ROW 64

struct noted {
	unsigned char name[16];		/* half a SHA-256 */
	int64_t until_s;		/* 0: free */
};

struct ad_replay {
	pthread_mutex_t lock;
	size_t rows;
	struct noted at[];
};

struct ad_replay *
ad_replay_new(size_t max)
{
	size_t rows = max / (ROW / 2) + 1;
	struct ad_replay *R = calloc(1, sizeof(*R)
	    + rows * ROW * sizeof(R->at[0]));

	if (R == NULL || pthread_mutex_init(&R->lock, NULL) != 0) {
		free(R);
		return NULL;
	}
	R->rows = rows;
	return R;
}

void
ad_replay_free(struct ad_replay *R)
{
	if (R == NULL)
		return;
	(void)pthread_mutex_destroy(&R->lock);
	free(R);
}

/* The length of the issuer keeps ("ab", "c") and ("a", "bc") apart. */
static bool
name_of(struct sv_str issuer, struct sv_str jti, unsigned char name[32])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1
	    && EVP_DigestUpdate(c, &issuer.n, sizeof(issuer.n)) == 1
	    && EVP_DigestUpdate(c, issuer.p, issuer.n) == 1
	    && EVP_DigestUpdate(c, jti.p, jti.n) == 1
	    && EVP_DigestFinal_ex(c, name, NULL) == 1;

	EVP_MD_CTX_free(c);
	return good;
}

static enum ad_replayed
note(struct noted *row, const unsigned char name[16], int64_t until_s,
    int64_t now_s)
{
	struct noted *place = NULL;

	for (struct noted *n = row; n < row + ROW; n++) {
		if (n->until_s <= now_s)
			place = n;
		else if (memcmp(n->name, name, sizeof(n->name)) == 0)
			return AD_REPLAY_SEEN;
	}
	if (place == NULL)
		return AD_REPLAY_FULL;
	memcpy(place->name, name, sizeof(place->name));
	place->until_s = until_s;
	return AD_REPLAY_FRESH;
}

enum ad_replayed
ad_replay_note(struct ad_replay *R, struct sv_str issuer, struct sv_str jti,
    int64_t until_s, int64_t now_s)
{
	unsigned char name[32];
	enum ad_replayed r;
	uint64_t row;

	if (!name_of(issuer, jti, name))
		return AD_REPLAY_FULL;
	memcpy(&row, name + 16, sizeof(row));
	(void)pthread_mutex_lock(&R->lock);
	r = note(R->at + row % R->rows * ROW, name, until_s, now_s);
	(void)pthread_mutex_unlock(&R->lock);
	return r;
}
