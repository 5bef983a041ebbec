#include "fhir_json.h"

#include <stddef.h>
#include <string.h>

#include "fhir_json_token.h"
#include "sv_buf.h"
#include "sv_limits.h"

#define TOO_EARLY "the text ends too early"
/* The names of all open objects, as a multiple of the ceiling of one. */
#define KEYS_PER_MEMBER 4

/* One open object or array. */
struct frame {
	bool is_object;
	size_t keys_from;	/* of its members in the key stack */
	size_t index;		/* of the element under way */
	struct sv_str key;	/* of the member under way */
	const char *from;	/* its opening brace */
};

struct key {
	uint64_t hash;
	struct sv_str name;
};

struct scanner {
	struct sv_arena *A;	/* may be NULL: nothing is kept */
	struct fhir_json_text t;
	const char *start;
	struct fhir_json_limits limits;
	struct fhir_issues *is;
	struct fhir_json_scan *out;
	size_t cap_entries;
	size_t values;
	size_t depth;
	size_t n_keys;
	/* Large, and not cleared: used up to ${depth} and ${n_keys}. */
	struct frame frames[SV_LIMIT_DEPTH + 1];
	struct key keys[SV_LIMIT_MEMBERS * KEYS_PER_MEMBER];
};

struct fhir_json_limits
fhir_json_limits_default(void)
{
	return (struct fhir_json_limits){ SV_LIMIT_DOCUMENT, SV_LIMIT_DEPTH,
		SV_LIMIT_VALUES, SV_LIMIT_MEMBERS };
}

/* The element path of the value under way. */
static struct sv_str
path(const struct scanner *S)
{
	struct sv_buf b;

	sv_buf_init(&b, S->is->A, 4096);
	if (S->out != NULL && S->out->resource_type.n > 0)
		sv_buf_add(&b, S->out->resource_type);
	for (size_t i = 0; i < S->depth; i++) {
		const struct frame *f = &S->frames[i];

		if (!f->is_object) {
			sv_buf_printf(&b, "[%zu]", f->index);
		} else if (f->key.n > 0) {
			if (b.n > 0)
				sv_buf_addc(&b, '.');
			sv_buf_add(&b, f->key);
		}
	}
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}

static struct sv_status
refuse(struct scanner *S, enum fhir_issue_code code, struct sv_status status,
    const char *what)
{
	const char *p = S->t.p < S->t.end ? S->t.p : S->t.end;
	size_t line = 1, column = 1;

	for (const char *q = S->start; q < p; q++) {
		column++;
		if (*q == '\n') {
			line++;
			column = 1;
		}
	}
	fhir_issue_addf(S->is, FHIR_FATAL, code, path(S),
	    "%s, at line %zu column %zu", what, line, column);
	return status;
}

static struct sv_status
bad(struct scanner *S, const char *what)
{
	return refuse(S, FHIR_CODE_STRUCTURE, SV_BAD, what);
}

static struct sv_status
too_much(struct scanner *S, const char *what)
{
	return refuse(S, FHIR_CODE_TOO_COSTLY, SV_LIMIT, what);
}

/* A token went wrong, as S->t says. */
static struct sv_status
bad_token(struct scanner *S)
{
	return refuse(S, S->t.code, SV_BAD, S->t.wrong);
}

/* Names are short, so eight bytes at a time. */
static uint64_t
hash_of(struct sv_str s)
{
	const uint64_t prime = 0x9e3779b97f4a7c15u;
	uint64_t h = s.n, w;

	for (; s.n >= 8; s.p += 8, s.n -= 8) {
		memcpy(&w, s.p, 8);
		h = (h ^ w) * prime;
		h ^= h >> 32;
	}
	for (w = 0; s.n > 0; s.n--)
		w = w << 8 | (unsigned char)s.p[s.n - 1];
	return (h ^ w) * prime;
}

/* Two equal names in one object are refused: readers differ on which of the
 * two counts (RFC 8259 section 4). */
static struct sv_status
remember_key(struct scanner *S, const struct frame *f)
{
	struct key k = { hash_of(f->key), f->key };

	for (size_t i = f->keys_from; S->out != NULL && i < S->n_keys; i++) {
		if (S->keys[i].hash == k.hash
		    && sv_str_eq(S->keys[i].name, k.name))
			return refuse(S, FHIR_CODE_DUPLICATE, SV_BAD,
			    "the same member name twice in one object");
	}
	if (S->n_keys - f->keys_from >= S->limits.members
	    || S->n_keys >= SV_LIMIT_MEMBERS * KEYS_PER_MEMBER)
		return too_much(S, "an object with too many members");
	S->keys[S->n_keys++] = k;
	return SV_OK;
}

static struct sv_status
scan_key(struct scanner *S)
{
	struct fhir_json_text *t = &S->t;
	struct frame *f = &S->frames[S->depth - 1];
	bool escaped;

	if (t->p == t->end || *t->p != '"')
		return bad(S, t->p == t->end ? TOO_EARLY
		    : "expected a member name");
	if (!fhir_json_string(t, &f->key, &escaped))
		return bad_token(S);
	if (escaped) {
		f->key = fhir_json_unescape(S->is->A, f->key);
		SV_ENSURE(f->key.p != NULL, SV_NOMEM);
	}
	SV_TRY(remember_key(S, f));
	fhir_json_blank(t);
	if (t->p == t->end || *t->p != ':')
		return bad(S, "expected : behind a member name");
	t->p++;
	fhir_json_blank(t);
	return SV_OK;
}

/* True if the value under way is root.${name}. */
static bool
at_member(const struct scanner *S, size_t depth, const char *name)
{
	return S->out != NULL && S->depth == depth
	    && S->frames[depth - 1].is_object
	    && sv_str_is(S->frames[depth - 1].key, name);
}

/* Inside an element of root.entry? */
static bool
in_entry(const struct scanner *S)
{
	return S->out != NULL && S->depth >= 3 && !S->frames[1].is_object
	    && sv_str_is(S->frames[0].key, "entry")
	    && S->out->n_entries > 0;
}

/* Note what a string of the skeleton says. */
static void
note_string(struct scanner *S, struct sv_str v)
{
	struct fhir_json_entry *e;

	if (at_member(S, 1, "resourceType"))
		S->out->resource_type = v;
	else if (at_member(S, 1, "type"))
		S->out->bundle_type = v;
	else if (at_member(S, 1, "id"))
		S->out->id = v;
	else if (at_member(S, 1, "timestamp"))
		S->out->timestamp = v;
	if (!in_entry(S))
		return;
	e = &S->out->entries[S->out->n_entries - 1];
	if (at_member(S, 3, "fullUrl"))
		e->full_url = v;
	else if (at_member(S, 4, "resourceType")
	    && sv_str_is(S->frames[2].key, "resource"))
		e->resource_type = v;
}

/* An element of root.entry begins. */
static struct sv_status
note_open(struct scanner *S)
{
	struct fhir_json_entry *at;
	size_t cap;

	if (S->out == NULL || S->depth != 2 || S->frames[1].is_object
	    || !sv_str_is(S->frames[0].key, "entry"))
		return SV_OK;
	if (S->out->n_entries == S->cap_entries) {
		cap = S->cap_entries == 0 ? 64 : S->cap_entries * 2;
		at = sv_arena_grow(S->A, S->out->entries,
		    S->cap_entries * sizeof(*at), cap * sizeof(*at));
		SV_ENSURE(at != NULL, SV_NOMEM);
		S->out->entries = at;
		S->cap_entries = cap;
	}
	S->out->entries[S->out->n_entries++] = (struct fhir_json_entry){
		.full_url = { NULL, 0 } };
	return SV_OK;
}

/* The object that began at ${from} has been closed. */
static void
note_close(struct scanner *S, const char *from)
{
	struct fhir_json_entry *e;
	struct sv_str text = { from, (size_t)(S->t.p - from) };

	if (!in_entry(S) || S->depth != 3)
		return;
	e = &S->out->entries[S->out->n_entries - 1];
	if (at_member(S, 3, "resource"))
		e->resource = text;
	else if (at_member(S, 3, "request"))
		e->request = text;
}

static struct sv_status
open_frame(struct scanner *S)
{
	if (S->depth >= S->limits.depth)
		return too_much(S, "nested too deeply");
	if (*S->t.p == '{')
		SV_TRY(note_open(S));
	S->frames[S->depth++] = (struct frame){ .is_object = *S->t.p == '{',
		.keys_from = S->n_keys, .from = S->t.p };
	S->t.p++;
	return SV_OK;
}

static void
close_frame(struct scanner *S)
{
	struct frame *f = &S->frames[--S->depth];

	S->t.p++;
	S->n_keys = f->keys_from;
	if (f->is_object)
		note_close(S, f->from);
}

/* One value, or the opening of an object or array (${*opened}). */
static struct sv_status
scan_value(struct scanner *S, bool *opened)
{
	struct sv_str v;
	bool escaped, ok;

	*opened = false;
	if (++S->values > S->limits.values)
		return too_much(S, "too many values");
	if (S->t.p == S->t.end)
		return bad(S, TOO_EARLY);
	switch (*S->t.p) {
	case '{':
	case '[':
		*opened = true;
		return open_frame(S);
	case '"':
		ok = fhir_json_string(&S->t, &v, &escaped);
		if (ok)
			note_string(S, v);
		break;
	case 't':
	case 'f':
	case 'n':
		ok = fhir_json_word(&S->t);
		break;
	default:
		ok = fhir_json_number(&S->t);
		break;
	}
	return ok ? SV_OK : bad_token(S);
}

/* Behind a value: close what ends here.  ${*more}: a further one follows. */
static struct sv_status
scan_behind(struct scanner *S, bool *more)
{
	*more = false;
	while (S->depth > 0) {
		struct frame *f = &S->frames[S->depth - 1];

		fhir_json_blank(&S->t);
		if (S->t.p == S->t.end)
			return bad(S, TOO_EARLY);
		if (*S->t.p == ',') {
			S->t.p++;
			f->index++;
			*more = true;
			return SV_OK;
		}
		if (*S->t.p != (f->is_object ? '}' : ']'))
			return bad(S, f->is_object ? "expected , or }"
			    : "expected , or ]");
		close_frame(S);
	}
	return SV_OK;
}

static struct sv_status
scan_all(struct scanner *S)
{
	bool opened = false, more = true;

	while (more) {
		fhir_json_blank(&S->t);
		if (opened && S->t.p < S->t.end && *S->t.p
		    == (S->frames[S->depth - 1].is_object ? '}' : ']')) {
			close_frame(S);
			opened = false;
			SV_TRY(scan_behind(S, &more));
			continue;
		}
		if (S->depth > 0 && S->frames[S->depth - 1].is_object)
			SV_TRY(scan_key(S));
		SV_TRY(scan_value(S, &opened));
		if (!opened)
			SV_TRY(scan_behind(S, &more));
	}
	fhir_json_blank(&S->t);
	if (S->t.p != S->t.end)
		return bad(S, "text behind the end of the document");
	return SV_OK;
}

static struct sv_status
scan_document(struct scanner *S, struct sv_str text,
    const struct fhir_json_limits *limits)
{
	S->limits = *limits;
	if (text.n == 0)	/* Perhaps there is no text.p to count from. */
		text = SV_LIT("");
	S->t.p = S->start = text.p;
	S->t.end = text.p + text.n;
	if (text.n > limits->bytes)
		return too_much(S, "the document is too large");
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		return bad(S, "a byte order mark is not allowed (RFC 8259)");
	fhir_json_blank(&S->t);
	if (S->t.p == S->t.end)
		return bad(S, "the document is empty");
	return scan_all(S);
}

static struct scanner *
new_scanner(struct sv_arena *A)
{
	struct scanner *S = sv_arena_alloc(A, sizeof(*S));

	if (S != NULL)
		memset(S, 0, offsetof(struct scanner, frames));
	return S;
}

struct sv_status
fhir_json_scan(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, struct fhir_json_scan *ret_scan,
    struct fhir_issues *is)
{
	struct scanner *S = new_scanner(A);

	SV_ENSURE(S != NULL, SV_NOMEM);
	*ret_scan = (struct fhir_json_scan){ .values = 0 };
	S->A = A, S->is = is, S->out = ret_scan;
	SV_TRY(scan_document(S, text, limits));
	if (*sv_str_trim(text).p != '{')
		return bad(S, "a FHIR document is a JSON object");
	ret_scan->values = S->values;
	return SV_OK;
}

struct sv_status
fhir_json_check(struct sv_str text, const struct fhir_json_limits *limits,
    struct fhir_issues *is)
{
	struct scanner *S = new_scanner(is->A);

	SV_ENSURE(S != NULL, SV_NOMEM);
	S->is = is, S->t.by_rfc_alone = true;
	return scan_document(S, text, limits);
}
