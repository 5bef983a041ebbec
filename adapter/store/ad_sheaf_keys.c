#include "ad_sheaf.h"

#include <stdlib.h>
#include <string.h>

/* How many are held back at most.  Of a million in the index, each of its pages
 * then gets more than ten at once. */
#define MAX_HELD ((size_t)1 << 15)
#define SLOTS (2 * MAX_HELD)

/* An open table; a slot whose sheaf is 0 is empty. */
struct ad_sheaf_keys {
	size_t n;
	struct held {
		int64_t key, sheaf;
	} at[SLOTS];
};

/* The slot of ${key}, or the empty one behind those that begin at its place;
 * numbers of ids that are counted lie together. */
static struct held *
slot_of(struct ad_sheaf_keys *K, int64_t key)
{
	size_t i = (size_t)(((uint64_t)key * UINT64_C(0x9e3779b97f4a7c15))
	    >> 40) % SLOTS;

	while (K->at[i].sheaf != 0 && K->at[i].key != key)
		i = (i + 1) % SLOTS;
	return &K->at[i];
}

struct sv_status
ad_sheaf_keys_add(struct ad_store *S, uint64_t key, int64_t sheaf)
{
	struct held *h;

	if (S->keys == NULL)
		S->keys = calloc(1, sizeof(*S->keys));
	SV_ENSURE(S->keys != NULL, SV_NOMEM);
	if (S->keys->n == MAX_HELD)
		SV_TRY(ad_sheaf_keys_put(S));
	h = slot_of(S->keys, (int64_t)key);
	/* Two names may have one number. */
	if (h->sheaf != 0 && h->sheaf != sheaf) {
		SV_TRY(ad_sheaf_keys_put(S));
		h = slot_of(S->keys, (int64_t)key);
	}
	S->keys->n += h->sheaf == 0 ? 1 : 0;
	*h = (struct held){ (int64_t)key, sheaf };
	return SV_OK;
}

struct sv_status
ad_sheaf_keys_settle(struct ad_store *S, uint64_t key)
{
	if (S->keys == NULL || S->keys->n == 0
	    || slot_of(S->keys, (int64_t)key)->sheaf == 0)
		return SV_OK;
	return ad_sheaf_keys_put(S);
}

static int
by_key(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static struct sv_status
put_rows(struct ad_store *S, const struct held *at)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_PUT_SHEAF_KEYS, "");
	bool ok = s != NULL;

	for (int i = 0; ok && i < AD_SQL_SHEAF_KEYS; i++)
		ok = sqlite3_bind_int64(s, 2 * i + 1, at[i].key) == SQLITE_OK
		    && sqlite3_bind_int64(s, 2 * i + 2, at[i].sheaf)
		    == SQLITE_OK;
	return ok ? ad_sql_do(S, s) : ad_sql_failed(S);
}

struct sv_status
ad_sheaf_keys_put(struct ad_store *S)
{
	struct ad_sheaf_keys *K = S->keys;
	size_t n = 0, i = 0;

	if (K == NULL || K->n == 0)
		return SV_OK;
	for (size_t k = 0; k < SLOTS; k++) {
		if (K->at[k].sheaf != 0)
			K->at[n++] = K->at[k];
	}
	qsort(K->at, n, sizeof(K->at[0]), by_key);
	for (; n - i >= AD_SQL_SHEAF_KEYS; i += AD_SQL_SHEAF_KEYS)
		SV_TRY(put_rows(S, &K->at[i]));
	for (; i < n; i++)
		SV_TRY(ad_sql_run(S, AD_SQL_PUT_SHEAF_KEY, "ii",
		    K->at[i].key, K->at[i].sheaf));
	ad_sheaf_keys_forget(S);
	return SV_OK;
}

void
ad_sheaf_keys_forget(struct ad_store *S)
{
	if (S->keys != NULL && S->keys->n > 0)
		memset(S->keys, 0, sizeof(*S->keys));
}

void
ad_sheaf_keys_free(struct ad_store *S)
{
	free(S->keys);
	S->keys = NULL;
}
