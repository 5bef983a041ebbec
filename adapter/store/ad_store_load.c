#include "ad_store_load.h"

#include <stdlib.h>

#include "ad_sheaf.h"
#include "ad_store_pack.h"
#include "fhir_type.h"
#include "sv_limits.h"

/* What is being loaded. */
struct loading {
	struct ad_store *S;
	struct sv_arena *A;
	struct ad_have *have;
	size_t n, cap, bytes;
};

/* Room for one more, of ${n} bytes. */
static struct sv_status
reserve(struct loading *L, size_t n)
{
	size_t cap = L->cap == 0 ? 64 : L->cap * 2;

	L->bytes += n;
	SV_ENSURE(L->bytes <= SV_LIMIT_PATIENT, SV_LIMIT);
	if (L->n < L->cap)
		return SV_OK;
	L->have = sv_arena_grow(L->A, L->have, L->cap * sizeof(*L->have),
	    cap * sizeof(*L->have));
	SV_ENSURE(L->have != NULL, SV_NOMEM);
	L->cap = cap;
	return SV_OK;
}

/* Its text passed the strict scan when it came: it is built without another. */
static struct sv_status
read_entry(struct sv_arena *A, struct sv_str text, struct fhir_entry *e)
{
	struct fhir_at root;

	*e = (struct fhir_entry){ .index = -1, .json = text, .path = "" };
	SV_TRY(fhir_entry_tree(A, e));
	root = fhir_entry_root(e);
	e->resource_type = sv_arena_str(A, fhir_text(&root, "resourceType"));
	SV_ENSURE(e->resource_type.p != NULL, SV_NOMEM);
	e->path = e->resource_type.p;
	return SV_OK;
}

static struct sv_status
append(struct loading *L, sqlite3_stmt *s)
{
	struct sv_str text;
	struct ad_have *h;

	SV_TRY(ad_store_unpack_resource(L->A, ad_sql_peek(s, 5),
	    SV_LIMIT_DOCUMENT, &text));
	SV_TRY(reserve(L, text.n));
	h = &L->have[L->n++];
	*h = (struct ad_have){ .source = ad_sql_text(L->A, s, 0),
		.name = ad_sql_text(L->A, s, 1),
		.refers = ad_sql_text(L->A, s, 2),
		.message = sqlite3_column_int64(s, 3) };
	SV_TRY(read_entry(L->A, text, &h->e));
	h->e.full_url = ad_sql_text(L->A, s, 4);
	SV_ENSURE(h->source.p != NULL && h->name.p != NULL
	    && h->refers.p != NULL && h->e.full_url.p != NULL, SV_NOMEM);
	return SV_OK;
}

/* All that is in one sheaf. */
static struct sv_status
append_sheaf(struct loading *L, sqlite3_stmt *s)
{
	struct sv_str source = ad_sql_text(L->A, s, 1), rest, line;
	struct ad_have h = { .source = source, .refers = { "", 0 },
		.message = sqlite3_column_int64(s, 2) };

	SV_ENSURE(source.p != NULL, SV_NOMEM);
	SV_TRY(ad_sheaf_unpack(L->A, ad_sql_peek(s, 0), &rest));
	while (ad_sheaf_next(&rest, &h.name, &line)) {
		SV_TRY(reserve(L, line.n));
		SV_TRY(read_entry(L->A, line, &h.e));
		h.e.full_url = (struct sv_str){ "", 0 };
		L->have[L->n++] = h;
	}
	return SV_OK;
}

static struct sv_status
load_sheaves(struct loading *L, const struct ad_load *q)
{
	sqlite3_stmt *s = ad_sql(L->S, AD_SQL_LOAD_SHEAVES, "i", q->patient);
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(L->S, s)))
		SV_TRY(append_sheaf(L, s));
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

static struct sv_status
load_others(struct loading *L, const struct ad_load *q)
{
	sqlite3_stmt *s = ad_sql(L->S, AD_SQL_LOAD_PATIENT, "ii", q->patient,
	    q->message);
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(L->S, s)))
		SV_TRY(append(L, s));
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

static bool
is_shared(const struct ad_have *h)
{
	return sv_str_is(h->e.resource_type, "Medication");
}

static struct sv_status
add_own(struct loading *L, const struct ad_load *q)
{
	for (size_t i = 0; i < q->n_own; i++) {
		if (is_shared(&q->own[i]))
			continue;
		SV_TRY(reserve(L, q->own[i].e.json.n));
		L->have[L->n++] = q->own[i];
	}
	return SV_OK;
}

static int
by_reference(const void *a, const void *b)
{
	const struct ad_have *x = *(const struct ad_have *const *)a;
	const struct ad_have *y = *(const struct ad_have *const *)b;
	int c = sv_str_cmp(x->refers, y->refers);

	return c != 0 ? c : sv_str_cmp(x->source, y->source);
}

/* One shared resource, from the message or from the store. */
static struct sv_status
load_shared(struct loading *L, const struct ad_load *q, const struct ad_have *by)
{
	struct sv_str source = by->source, name = by->refers;
	struct sv_status st;
	sqlite3_stmt *s;

	for (size_t i = 0; i < q->n_own; i++) {
		if (!is_shared(&q->own[i]) || !sv_str_eq(q->own[i].name, name)
		    || !sv_str_eq(q->own[i].source, source))
			continue;
		SV_TRY(reserve(L, q->own[i].e.json.n));
		L->have[L->n++] = q->own[i];
		return SV_OK;
	}
	s = ad_sql_named(L->S, AD_SQL_LOAD_SHARED, source, name);
	st = ad_sql_step(L->S, s);
	if (st.code == SV_CODE_SKIP)
		return SV_OK;
	SV_TRY(st);
	st = append(L, s);
	(void)sqlite3_reset(s);
	return st;
}

/* Each shared resource that is referred to, once. */
static struct sv_status
load_all_shared(struct loading *L, const struct ad_load *q)
{
	const struct ad_have **by = sv_arena_alloc(L->A, (L->n + 1)
	    * sizeof(*by));
	size_t n = 0;

	SV_ENSURE(by != NULL, SV_NOMEM);
	for (size_t i = 0; i < L->n; i++) {
		if (L->have[i].refers.n > 0)
			by[n++] = &L->have[i];
	}
	if (n > 1)
		qsort(by, n, sizeof(by[0]), by_reference);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || by_reference(&by[i - 1], &by[i]) != 0)
			SV_TRY(load_shared(L, q, by[i]));
	}
	return SV_OK;
}

static bool
is_patient(const struct ad_have *h)
{
	return sv_str_is(h->e.resource_type, "Patient");
}

static int
in_order(const void *a, const void *b)
{
	const struct ad_have *x = a, *y = b;
	int c = (int)is_patient(y) - (int)is_patient(x);

	if (c == 0 && is_patient(x))
		c = (y->message > x->message) - (y->message < x->message);
	if (c == 0)
		c = sv_str_cmp(x->name, y->name);
	if (c == 0)
		c = sv_str_cmp(x->source, y->source);
	return c != 0 ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

/* Two versions in one message are one resource.  Several sources may know one
 * patient, but not one result. */
static struct sv_status
unite(struct loading *L)
{
	size_t n = 0;

	for (size_t i = 0; i < L->n; i++) {
		struct ad_have *h = &L->have[i];
		const struct ad_have *last = n > 0 ? &L->have[n - 1] : NULL;
		bool same = last != NULL && sv_str_eq(last->name, h->name);

		if (same && sv_str_eq(last->source, h->source))
			n--;
		else
			SV_ENSURE(!same || is_patient(h), SV_BAD);
		L->have[n++] = *h;
	}
	L->n = n;
	return SV_OK;
}

static struct sv_status
list_entries(struct loading *L, struct fhir_entry **ret, size_t *ret_n)
{
	struct fhir_entry *e = sv_arena_alloc(L->A, (L->n + 1) * sizeof(*e));

	SV_ENSURE(e != NULL, SV_NOMEM);
	for (size_t i = 0; i < L->n; i++)
		e[i] = L->have[i].e;
	*ret = e;
	*ret_n = L->n;
	return SV_OK;
}

struct sv_status
ad_store_load_patient(struct ad_store *S, struct sv_arena *A,
    const struct ad_load *q, struct fhir_entry **ret, size_t *ret_n)
{
	struct loading L = { .S = S, .A = A };

	SV_TRY(load_sheaves(&L, q));
	SV_TRY(load_others(&L, q));
	SV_TRY(add_own(&L, q));
	if (L.n > 1)
		qsort(L.have, L.n, sizeof(*L.have), in_order);
	SV_TRY(unite(&L));
	SV_TRY(load_all_shared(&L, q));
	return list_entries(&L, ret, ret_n);
}
