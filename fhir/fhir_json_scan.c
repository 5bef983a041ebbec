#include "fhir_json.h"

#include <string.h>

#include "sv_buf.h"
#include "sv_limits.h"

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
	const char *p, *end, *start;
	struct fhir_json_limits limits;
	struct fhir_issues *is;
	struct fhir_json_scan *out;
	size_t cap_entries;
	size_t values;
	size_t depth;
	struct frame frames[SV_LIMIT_DEPTH + 1];
	struct key keys[SV_LIMIT_MEMBERS * 4];
	size_t n_keys;
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
	const char *p = S->p < S->end ? S->p : S->end;
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

static void
skip_blank(struct scanner *S)
{
	while (S->p < S->end && (*S->p == ' ' || *S->p == '\n'
	    || *S->p == '\r' || *S->p == '\t'))
		S->p++;
}

static int
hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		v <<= 4;
		if (c >= '0' && c <= '9')
			v |= c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v |= (c | 32) - 'a' + 10;
		else
			return -1;
	}
	return v;
}

/* The four digits of \u at S->p; U+0000 and lone surrogates are refused. */
static struct sv_status
scan_unicode(struct scanner *S)
{
	int u = S->end - S->p < 4 ? -1 : hex4(S->p);

	if (u < 0)
		return bad(S, "\\u needs four hexadecimal digits");
	if (u == 0 && S->out != NULL)
		return bad(S, "the character U+0000 is not allowed in FHIR");
	S->p += 4;
	if (u >= 0xdc00 && u <= 0xdfff)
		return bad(S, "a lone low surrogate");
	if (u < 0xd800 || u > 0xdbff)
		return SV_OK;
	if (S->end - S->p < 6 || S->p[0] != '\\' || S->p[1] != 'u')
		return bad(S, "a lone high surrogate");
	u = hex4(S->p + 2);
	if (u < 0xdc00 || u > 0xdfff)
		return bad(S, "a lone high surrogate");
	S->p += 6;
	return SV_OK;
}

static struct sv_status
scan_escape(struct scanner *S)
{
	S->p++;
	if (S->p == S->end)
		return bad(S, "the text ends inside a string");
	if (*S->p == 'u') {
		S->p++;
		return scan_unicode(S);
	}
	if (memchr("\"\\/bfnrt", *S->p, 8) == NULL)
		return bad(S, "an unknown escape in a string");
	S->p++;
	return SV_OK;
}

/* One multi-byte UTF-8 sequence (RFC 3629): no overlong forms, no surrogates. */
static struct sv_status
scan_utf8(struct scanner *S)
{
	const unsigned char *p = (const unsigned char *)S->p;
	size_t left = (size_t)(S->end - S->p), n = 0;
	unsigned char lo = 0x80, hi = 0xbf;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	lo = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : lo;
	hi = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : hi;
	if (n == 0 || left < n || p[1] < lo || p[1] > hi)
		return bad(S, "invalid UTF-8");
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return bad(S, "invalid UTF-8");
	}
	S->p += n;
	return SV_OK;
}

/* True if none of the eight bytes of ${w} needs a closer look: not a quote,
 * backslash, control character or byte above 0x7f. */
static bool
all_plain(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u, high = ones * 0x80;
	uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

	return (((quote - ones) | (slash - ones) | (w - ones * 0x20) | w)
	    & high) == 0;
}

/* A string; ${ret} gets what is between the quotes, as written. */
static struct sv_status
scan_string(struct scanner *S, struct sv_str *ret, bool *ret_escaped)
{
	const char *from = ++S->p;
	uint64_t w;

	*ret_escaped = false;
	for (;;) {
		while (S->end - S->p >= 8) {
			memcpy(&w, S->p, 8);
			if (!all_plain(w))
				break;
			S->p += 8;
		}
		if (S->p == S->end)
			return bad(S, "the text ends inside a string");
		if (*S->p == '"')
			break;
		if (*S->p == '\\') {
			*ret_escaped = true;
			SV_TRY(scan_escape(S));
		} else if ((unsigned char)*S->p < 0x20) {
			return bad(S, "a control character inside a string");
		} else if ((unsigned char)*S->p >= 0x80) {
			SV_TRY(scan_utf8(S));
		} else {
			S->p++;
		}
	}
	*ret = (struct sv_str){ from, (size_t)(S->p - from) };
	S->p++;
	return SV_OK;
}

static size_t
digits(struct scanner *S)
{
	const char *from = S->p;

	while (S->p < S->end && *S->p >= '0' && *S->p <= '9')
		S->p++;
	return (size_t)(S->p - from);
}

/* RFC 8259 section 6.  A number no decimal of FHIR can be is refused here, so
 * that nothing behind the scan has to fear it. */
static struct sv_status
scan_number(struct scanner *S)
{
	size_t whole, exponent = 0;
	bool zero;

	S->p += *S->p == '-';
	zero = S->p < S->end && *S->p == '0';
	whole = digits(S);
	if (whole == 0)
		return bad(S, "expected a value");
	if (zero && whole > 1)
		return bad(S, "a number with leading zeros");
	if (S->p < S->end && *S->p == '.') {
		S->p++;
		if (digits(S) == 0)
			return bad(S, "a number that ends in a point");
	}
	if (S->p < S->end && (*S->p == 'e' || *S->p == 'E')) {
		S->p++;
		if (S->p < S->end && (*S->p == '+' || *S->p == '-'))
			S->p++;
		if ((exponent = digits(S)) == 0)
			return bad(S, "a number with an empty exponent");
	}
	if (exponent > 2)
		return refuse(S, FHIR_CODE_VALUE, SV_BAD,
		    "a number beyond every clinical magnitude");
	return SV_OK;
}

static struct sv_status
scan_word(struct scanner *S)
{
	static const char *const words[] = { "true", "false", "null" };

	for (int i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(S->end - S->p) >= n
		    && memcmp(S->p, words[i], n) == 0) {
			S->p += n;
			return SV_OK;
		}
	}
	return bad(S, S->p == S->end ? "the text ends too early"
	    : "expected a value");
}


/* The name ${raw} with its escapes resolved, for comparing names. */
static struct sv_str
unescape(struct scanner *S, struct sv_str raw)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	struct sv_buf b;

	sv_buf_init(&b, S->is->A, raw.n + 1);
	for (size_t i = 0; i < raw.n; i++) {
		const char *at;

		if (raw.p[i] != '\\') {
			sv_buf_addc(&b, raw.p[i]);
			continue;
		}
		i++;
		if (raw.p[i] == 'u') {
			int u = hex4(raw.p + i + 1);

			/* Not UTF-8, but one to one, which is all it takes. */
			if (u > 0x7f)
				sv_buf_addc(&b, (char)(u >> 8));
			sv_buf_addc(&b, (char)u);
			i += 4;
			continue;
		}
		at = strchr(from, raw.p[i]);
		sv_buf_addc(&b, at != NULL ? to[at - from] : raw.p[i]);
	}
	return sv_buf_str(&b);
}

static struct sv_status
scan_key(struct scanner *S)
{
	struct frame *f = &S->frames[S->depth - 1];
	bool escaped;
	struct key k;

	if (S->p == S->end || *S->p != '"')
		return bad(S, S->p == S->end ? "the text ends too early"
		    : "expected a member name");
	SV_TRY(scan_string(S, &k.name, &escaped));
	if (escaped)
		k.name = unescape(S, k.name);
	f->key = k.name;
	k.hash = sv_str_hash(k.name);
	for (size_t i = f->keys_from; S->out != NULL && i < S->n_keys; i++) {
		if (S->keys[i].hash == k.hash
		    && sv_str_eq(S->keys[i].name, k.name))
			return refuse(S, FHIR_CODE_DUPLICATE, SV_BAD,
			    "the same member name twice in one object");
	}
	if (S->n_keys - f->keys_from >= S->limits.members
	    || S->n_keys >= SV_LIMIT_MEMBERS * 4)
		return too_much(S, "an object with too many members");
	S->keys[S->n_keys++] = k;
	skip_blank(S);
	if (S->p == S->end || *S->p != ':')
		return bad(S, "expected : behind a member name");
	S->p++;
	skip_blank(S);
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
	struct sv_str text = { from, (size_t)(S->p - from) };

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
	if (*S->p == '{')
		SV_TRY(note_open(S));
	S->frames[S->depth++] = (struct frame){ .is_object = *S->p == '{',
		.keys_from = S->n_keys, .from = S->p };
	S->p++;
	return SV_OK;
}

static void
close_frame(struct scanner *S)
{
	struct frame *f = &S->frames[--S->depth];

	S->p++;
	S->n_keys = f->keys_from;
	if (f->is_object)
		note_close(S, f->from);
}

/* One value, or the opening of an object or array (${*opened}). */
static struct sv_status
scan_value(struct scanner *S, bool *opened)
{
	struct sv_str v;
	bool escaped;

	*opened = false;
	if (++S->values > S->limits.values)
		return too_much(S, "too many values");
	if (S->p == S->end)
		return bad(S, "the text ends too early");
	switch (*S->p) {
	case '{':
	case '[':
		*opened = true;
		return open_frame(S);
	case '"':
		SV_TRY(scan_string(S, &v, &escaped));
		note_string(S, v);
		return SV_OK;
	case 't':
	case 'f':
	case 'n':
		return scan_word(S);
	default:
		return scan_number(S);
	}
}

/* Behind a value: close what ends here.  ${*more}: a further one follows. */
static struct sv_status
scan_behind(struct scanner *S, bool *more)
{
	*more = false;
	while (S->depth > 0) {
		struct frame *f = &S->frames[S->depth - 1];

		skip_blank(S);
		if (S->p == S->end)
			return bad(S, "the text ends too early");
		if (*S->p == ',') {
			S->p++;
			f->index++;
			*more = true;
			return SV_OK;
		}
		if (*S->p != (f->is_object ? '}' : ']'))
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
		skip_blank(S);
		if (opened && S->p < S->end && *S->p
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
	skip_blank(S);
	if (S->p != S->end)
		return bad(S, "text behind the end of the document");
	return SV_OK;
}

static struct sv_status
scan_document(struct scanner *S, struct sv_str text,
    const struct fhir_json_limits *limits)
{
	S->p = S->start = text.p;
	S->end = text.p + text.n;
	S->limits = *limits;
	if (text.n > limits->bytes)
		return too_much(S, "the document is too large");
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		return bad(S, "a byte order mark is not allowed (RFC 8259)");
	skip_blank(S);
	if (S->p == S->end)
		return bad(S, "the document is empty");
	return scan_all(S);
}

struct sv_status
fhir_json_scan(struct sv_arena *A, struct sv_str text,
    const struct fhir_json_limits *limits, struct fhir_json_scan *ret_scan,
    struct fhir_issues *is)
{
	struct scanner *S = sv_arena_alloc(A, sizeof(*S));

	SV_ENSURE(S != NULL, SV_NOMEM);
	*ret_scan = (struct fhir_json_scan){ .values = 0 };
	*S = (struct scanner){ .A = A, .is = is, .out = ret_scan };
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
	struct scanner *S = sv_arena_alloc(is->A, sizeof(*S));

	SV_ENSURE(S != NULL, SV_NOMEM);
	*S = (struct scanner){ .is = is };
	return scan_document(S, text, limits);
}
