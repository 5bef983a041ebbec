#include "ad_cds_known.h"

#include <pthread.h>
#include <stdlib.h>

#include "ad_jwt.h"
#include "map_hash.h"

#define SLOTS 1024
#define TENANT_MAX 64

struct slot {
	char key[MAP_HASH_HEX];
	const struct ad_cds_client *client;	/* NULL: empty */
	int64_t expires_s;
	char tenant[TENANT_MAX];
	size_t n_tenant;
};

struct ad_cds_known {
	pthread_mutex_t lock;
	struct slot slot[SLOTS];
};

struct ad_cds_known *
ad_cds_known_new(void)
{
	struct ad_cds_known *K = calloc(1, sizeof(*K));

	if (K != NULL)
		(void)pthread_mutex_init(&K->lock, NULL);
	return K;
}

void
ad_cds_known_free(struct ad_cds_known *K)
{
	if (K == NULL)
		return;
	(void)pthread_mutex_destroy(&K->lock);
	free(K);
}

static bool
key_of(const struct ad_cds_claim *c, char ret[MAP_HASH_HEX])
{
	struct sv_str parts[2] = { c->token, c->path };

	return sv_is_ok(map_hash(parts, 2, ret));
}

static struct slot *
slot_of(struct ad_cds_known *K, const char key[MAP_HASH_HEX])
{
	return &K->slot[sv_str_hash((struct sv_str){ key, MAP_HASH_HEX })
	    % SLOTS];
}

void
ad_cds_known_put(struct ad_cds_known *K, const struct ad_cds_claim *claim,
    const struct ad_cds_identity *id)
{
	struct slot new = { .client = id->client,
		.expires_s = id->expires_s, .n_tenant = id->tenant.n };

	if (id->tenant.n > TENANT_MAX || !key_of(claim, new.key))
		return;
	if (id->tenant.n > 0)
		memcpy(new.tenant, id->tenant.p, id->tenant.n);
	(void)pthread_mutex_lock(&K->lock);
	*slot_of(K, new.key) = new;
	(void)pthread_mutex_unlock(&K->lock);
}

bool
ad_cds_known_find(struct ad_cds_known *K, struct sv_arena *A,
    const struct ad_cds_claim *claim, struct ad_cds_identity *ret)
{
	char key[MAP_HASH_HEX];
	struct slot s;

	if (claim->token.n > AD_JWT_MAX || !key_of(claim, key))
		return false;
	(void)pthread_mutex_lock(&K->lock);
	s = *slot_of(K, key);
	(void)pthread_mutex_unlock(&K->lock);
	if (s.client == NULL || memcmp(s.key, key, sizeof(key)) != 0
	    || claim->now_s >= s.expires_s + AD_JWT_LEEWAY_S)
		return false;
	*ret = (struct ad_cds_identity){ .client = s.client,
		.expires_s = s.expires_s, .tenant = sv_arena_str(A,
		(struct sv_str){ s.tenant, s.n_tenant }) };
	return ret->tenant.p != NULL;
}
