#include "fhir_json.h"

#include <stddef.h>
#include <string.h>

#include "fhir_json_scanner.h"
#include "sv_buf.h"

#define TOO_EARLY "the text ends too early"

struct fhir_json_limits
fhir_json_limits_default(void)
{
	return (struct fhir_json_limits){ SV_LIMIT_DOCUMENT, SV_LIMIT_DEPTH,
		SV_LIMIT_VALUES, SV_LIMIT_MEMBERS };
}

/* The element path of the value under way. */
static struct sv_str
path(const struct fhir_json_scanner *S)
{
	struct sv_buf b;

	sv_buf_init(&b, S->is->A, 4096);
	if (S->out != NULL && S->out->resource_type.n > 0)
		sv_buf_add(&b, S->out->resource_type);
	for (size_t i = 0; i < S->depth; i++) {
		const struct fhir_json_frame *f = &S->frames[i];

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
refuse(struct fhir_json_scanner *S, enum fhir_issue_code code, struct sv_status status,
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
bad(struct fhir_json_scanner *S, const char *what)
{
	return refuse(S, FHIR_CODE_STRUCTURE, SV_BAD, what);
}

static struct sv_status
too_much(struct fhir_json_scanner *S, const char *what)
{
	return refuse(S, FHIR_CODE_TOO_COSTLY, SV_LIMIT, what);
}

/* A token went wrong, as S->t says. */
static struct sv_status
bad_token(struct fhir_json_scanner *S)
{
	return refuse(S, S->t.code, SV_BAD, S->t.wrong);
}

/* Two equal names in one object are refused: readers differ on which of the
 * two counts (RFC 8259 section 4). */
static struct sv_status
remember_key(struct fhir_json_scanner *S, const struct fhir_json_frame *f)
{
	struct fhir_json_key k = { sv_str_hash(f->key), f->key };

	for (size_t i = f->keys_from; S->unique && i < S->n_keys; i++) {
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
build_name(struct fhir_json_scanner *S, struct sv_str raw, bool escaped)
{
	if (S->build == NULL)
		return SV_OK;
	S->build->name = fhir_json_build_string(S->build, raw.p,
	    raw.p + raw.n, escaped);
	return S->build->name != NULL ? SV_OK : SV_NOMEM;
}

static struct sv_status
scan_key(struct fhir_json_scanner *S)
{
	struct fhir_json_text *t = &S->t;
	struct fhir_json_frame *f = &S->frames[S->depth - 1];
	bool escaped;

	if (t->p == t->end || *t->p != '"')
		return bad(S, t->p == t->end ? TOO_EARLY
		    : "expected a member name");
	if (!fhir_json_string(t, &f->key, &escaped))
		return bad_token(S);
	SV_TRY(build_name(S, f->key, escaped));
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

static struct sv_status
open_frame(struct fhir_json_scanner *S)
{
	if (S->depth >= S->limits.depth)
		return too_much(S, "nested too deeply");
	if (*S->t.p == '{')
		SV_TRY(fhir_json_note_open(S));
	SV_ENSURE(S->build == NULL || fhir_json_build_open(S->build,
	    *S->t.p), SV_NOMEM);
	S->frames[S->depth++] = (struct fhir_json_frame){ .is_object = *S->t.p == '{',
		.keys_from = S->n_keys, .from = S->t.p };
	S->t.p++;
	return SV_OK;
}

static void
close_frame(struct fhir_json_scanner *S)
{
	struct fhir_json_frame *f = &S->frames[--S->depth];

	S->t.p++;
	S->n_keys = f->keys_from;
	if (S->build != NULL)
		fhir_json_build_close(S->build);
	if (f->is_object)
		fhir_json_note_close(S, f->from);
}

/* A value that holds no other. */
static struct sv_status
scan_single(struct fhir_json_scanner *S)
{
	const char *from = S->t.p;
	bool escaped = false, ok;
	struct sv_str v;

	switch (*from) {
	case '"':
		ok = fhir_json_string(&S->t, &v, &escaped);
		if (ok && S->out != NULL)
			fhir_json_note_string(S, v);
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
	if (!ok)
		return bad_token(S);
	return S->build == NULL || fhir_json_build_value(S->build, from,
	    S->t.p, escaped) ? SV_OK : SV_NOMEM;
}

/* One value, or the opening of an object or array (${*opened}). */
static struct sv_status
scan_value(struct fhir_json_scanner *S, bool *opened)
{
	*opened = false;
	if (++S->values > S->limits.values)
		return too_much(S, "too many values");
	if (S->t.p == S->t.end)
		return bad(S, TOO_EARLY);
	*opened = *S->t.p == '{' || *S->t.p == '[';
	return *opened ? open_frame(S) : scan_single(S);
}

/* Behind a value: close what ends here.  ${*more}: a further one follows. */
static struct sv_status
scan_behind(struct fhir_json_scanner *S, bool *more)
{
	*more = false;
	while (S->depth > 0) {
		struct fhir_json_frame *f = &S->frames[S->depth - 1];

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
scan_all(struct fhir_json_scanner *S)
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
scan_document(struct fhir_json_scanner *S, struct sv_str text,
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

static struct sv_status
scan_object(struct fhir_json_scanner *S, struct sv_str text,
    const struct fhir_json_limits *limits)
{
	SV_TRY(scan_document(S, text, limits));
	return *sv_str_trim(text).p == '{' ? SV_OK
	    : bad(S, "a FHIR document is a JSON object");
}

static struct fhir_json_scanner *
new_scanner(struct sv_arena *A)
{
	struct fhir_json_scanner *S = sv_arena_alloc(A, sizeof(*S));

	if (S != NULL)
		memset(S, 0, offsetof(struct fhir_json_scanner, frames));
	return S;
}

struct sv_status
fhir_json_scan(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, struct fhir_json_scan *ret_scan,
    struct fhir_issues *is)
{
	struct fhir_json_scanner *S = new_scanner(A);

	SV_ENSURE(S != NULL, SV_NOMEM);
	*ret_scan = (struct fhir_json_scan){ .values = 0 };
	S->A = A, S->is = is, S->out = ret_scan, S->unique = true;
	SV_TRY(scan_object(S, text, limits));
	ret_scan->values = S->values;
	return SV_OK;
}

struct sv_status
fhir_json_scan_tree(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, const struct cJSON **ret_tree,
    struct fhir_issues *is)
{
	struct fhir_json_scanner *S = new_scanner(A);
	struct fhir_json_build B;

	SV_ENSURE(S != NULL, SV_NOMEM);
	S->A = A, S->is = is, S->build = &B, S->unique = true;
	if (text.n <= limits->bytes)
		SV_ENSURE(fhir_json_build_start(&B, A, text), SV_NOMEM);
	SV_TRY(scan_object(S, text, limits));
	*ret_tree = B.root;
	return SV_OK;
}

struct sv_status
fhir_json_check(struct sv_str text, const struct fhir_json_limits *limits,
    struct fhir_issues *is)
{
	struct fhir_json_scanner *S = new_scanner(is->A);

	SV_ENSURE(S != NULL, SV_NOMEM);
	S->is = is, S->t.by_rfc_alone = true;
	return scan_document(S, text, limits);
}
