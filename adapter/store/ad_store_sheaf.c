#include "ad_sheaf.h"

#include "ad_store_key.h"
#include "ad_store_pack.h"
#include "fhir_doc.h"
#include "sv_limits.h"

/* A sheaf of one may be as long as a line, and say its id twice. */
#define CEILING (2 * SV_LIMIT_DOCUMENT)

/* A sheaf that was found, and what of it was looked for. */
struct found {
	int64_t id, patient, message;
	struct sv_str text;		/* of all of it */
	struct sv_str member;
};

bool
ad_sheaf_can_hold(struct sv_str name)
{
	return name.n > 0 && sv_str_chr(name, '\n') == name.n;
}

void
ad_sheaf_add(struct sv_buf *to, struct sv_str name, struct sv_str line)
{
	sv_buf_add(to, name);
	sv_buf_addc(to, '\n');
	sv_buf_add(to, line);
	sv_buf_addc(to, '\n');
}

bool
ad_sheaf_next(struct sv_str *rest, struct sv_str *ret_name,
    struct sv_str *ret_line)
{
	*ret_name = sv_str_cut(rest, '\n');
	*ret_line = sv_str_cut(rest, '\n');
	return ret_line->n > 0;
}

struct sv_status
ad_sheaf_unpack(struct sv_arena *A, struct sv_str packed, struct sv_str *ret)
{
	struct sv_status s = ad_store_unpack(A, packed, CEILING, ret);

	return s.code == SV_CODE_SKIP ? SV_BAD : s;
}

struct sv_status
ad_store_put_sheaf(struct ad_store *S, const struct ad_sheaf *h)
{
	int64_t id;

	SV_TRY(ad_sql_run(S, AD_SQL_PUT_SHEAF, "sibi", h->source, h->patient,
	    h->packed, h->message));
	id = sqlite3_last_insert_rowid(S->db);
	for (size_t i = 0; i < h->n; i++)
		SV_TRY(ad_sheaf_keys_add(S, h->keys[i], id));
	return SV_OK;
}

static bool
find_member(struct found *f, struct sv_str name)
{
	struct sv_str rest = f->text, member;

	while (ad_sheaf_next(&rest, &member, &f->member)) {
		if (sv_str_eq(member, name))
			return true;
	}
	return false;
}

/* BAD: there is one, ${ret}->id, that cannot be read. */
static struct sv_status
find(struct ad_store *S, struct sv_arena *A, struct sv_str source,
    struct sv_str name, struct found *ret)
{
	uint64_t key = ad_store_name_key(source, name);
	struct sv_status found = SV_SKIP, st;
	sqlite3_stmt *s;

	SV_TRY(ad_sheaf_keys_settle(S, key));
	s = ad_sql(S, AD_SQL_FIND_SHEAF, "is", (int64_t)key, source);
	while (sv_is_ok(st = ad_sql_step(S, s))) {
		struct found f = { .id = sqlite3_column_int64(s, 1),
			.patient = sqlite3_column_int64(s, 2),
			.message = sqlite3_column_int64(s, 3) };

		st = ad_sheaf_unpack(A, ad_sql_peek(s, 0), &f.text);
		if (sv_is_ok(st) && !find_member(&f, name))
			continue;
		*ret = f;
		found = st;
		if (st.code != SV_CODE_BAD)
			break;
	}
	(void)sqlite3_reset(s);
	return st.code == SV_CODE_RETRY ? st : found;
}

struct sv_status
ad_sheaf_find(struct ad_store *S, struct sv_arena *A, struct sv_str source,
    struct sv_str name, struct sv_str *ret_line)
{
	struct found f;

	SV_TRY(find(S, A, source, name, &f));
	*ret_line = f.member;
	return SV_OK;
}

static struct sv_status
drop_key(struct ad_store *S, struct sv_str source, struct sv_str name,
    int64_t sheaf)
{
	return ad_sql_run(S, AD_SQL_DROP_SHEAF_KEY, "ii",
	    (int64_t)ad_store_name_key(source, name), sheaf);
}

/* The sheaf and the numbers of all that is in it. */
static struct sv_status
drop(struct ad_store *S, struct sv_str source, const struct found *f)
{
	struct sv_str rest = f->text, name, line;

	while (ad_sheaf_next(&rest, &name, &line))
		SV_TRY(drop_key(S, source, name, f->id));
	return ad_sql_run(S, AD_SQL_DROP_SHEAF, "i", f->id);
}

/* A row for one that was in ${f}. */
static struct sv_status
put_row(struct ad_store *S, struct sv_arena *A, const struct found *f,
    struct ad_kept *k, struct sv_str line)
{
	struct fhir_entry e = { .index = -1, .json = line, .path = "" };
	struct fhir_at root;

	SV_TRY(fhir_entry_tree(A, &e));
	root = fhir_entry_root(&e);
	k->version = map_version_of(&root);
	k->patient = f->patient;
	k->message = f->message;
	k->text = ad_store_pack(A, AD_PACK_RESOURCE, line);
	SV_ENSURE(k->text.p != NULL, SV_NOMEM);
	return ad_store_add_resource(S, A, k);
}

/* Nothing can be said of ${f} but that ${name} is no longer in it. */
static struct sv_status
give_up(struct ad_store *S, struct sv_str source, struct sv_str name,
    const struct found *f)
{
	int64_t one;
	struct sv_status s;

	SV_TRY(drop_key(S, source, name, f->id));
	s = ad_sql_number(S, ad_sql(S, AD_SQL_ANY_SHEAF_KEY, "i", f->id),
	    &one);
	if (s.code == SV_CODE_SKIP)
		s = ad_sql_run(S, AD_SQL_DROP_SHEAF, "i", f->id);
	return sv_is_ok(s) ? SV_SKIP : s;
}

struct sv_status
ad_sheaf_untie(struct ad_store *S, struct sv_arena *A, struct sv_str source,
    struct sv_str name)
{
	struct found f;
	struct sv_str rest, line;
	struct ad_kept k = { .source = source, .full_url = { "", 0 },
		.refers = { "", 0 }, .fresh = true };
	struct sv_status s = find(S, A, source, name, &f);

	SV_ENSURE(sv_is_ok(s) || s.code == SV_CODE_BAD, s);
	/* Some of its numbers may be held back still. */
	SV_TRY(ad_sheaf_keys_put(S));
	if (s.code == SV_CODE_BAD)
		return give_up(S, source, name, &f);
	SV_TRY(drop(S, source, &f));
	rest = f.text;
	while (ad_sheaf_next(&rest, &k.name, &line))
		SV_TRY(put_row(S, A, &f, &k, line));
	return SV_OK;
}

/* The first sheaf that ${source} said of ${patient}.  SKIP: there is none. */
static struct sv_status
purge_one(struct ad_store *S, struct sv_arena *A, struct sv_str source,
    int64_t patient)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_FIRST_SHEAF, "is", patient, source);
	struct found f;
	struct sv_status st;

	SV_TRY(ad_sql_step(S, s));
	f.id = sqlite3_column_int64(s, 1);
	st = ad_sheaf_unpack(A, ad_sql_peek(s, 0), &f.text);
	(void)sqlite3_reset(s);
	SV_ENSURE(st.code != SV_CODE_NOMEM, st);
	if (!sv_is_ok(st))
		SV_TRY(ad_sql_run(S, AD_SQL_DROP_SHEAF_KEYS, "i", f.id));
	return drop(S, source, &f);
}

struct sv_status
ad_sheaf_purge(struct ad_store *S, const struct sv_arena *from,
    struct sv_str source, int64_t patient)
{
	struct sv_arena A;
	struct sv_status s = ad_sheaf_keys_put(S);

	sv_arena_init(&A, from->source, SV_LIMIT_ARENA);
	while (sv_is_ok(s)) {
		sv_arena_reset(&A);
		s = purge_one(S, &A, source, patient);
	}
	sv_arena_free(&A);
	return s.code == SV_CODE_SKIP ? SV_OK : s;
}
