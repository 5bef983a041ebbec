#include "fhir_json_token.h"

#include <string.h>


/* cJSON reads no longer ones, and sv_dec has 18 digits. */
#define NUMBER_MAX 63

static bool
bad(struct fhir_json_text *t, const char *what)
{
	t->wrong = what;
	t->code = FHIR_CODE_STRUCTURE;
	return false;
}

static bool
bad_value(struct fhir_json_text *t, const char *what)
{
	t->wrong = what;
	t->code = FHIR_CODE_VALUE;
	return false;
}

/* The four hexadecimal digits at ${p}; -1 if they are none. */
static int
hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
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

/* The second half of a surrogate pair. */
static bool
low_surrogate(struct fhir_json_text *t)
{
	int u = -1;

	if (t->end - t->p >= 6 && t->p[0] == '\\' && t->p[1] == 'u')
		u = hex4(t->p + 2, t->end);
	if (u < 0xdc00 || u > 0xdfff)
		return bad(t, "a lone high surrogate");
	t->p += 6;
	return true;
}

/* The four digits of \u at t->p; U+0000 and lone surrogates are refused. */
static bool
unicode_escape(struct fhir_json_text *t)
{
	int u = hex4(t->p, t->end);

	if (u < 0)
		return bad(t, "\\u needs four hexadecimal digits");
	if (u == 0 && !t->by_rfc_alone)
		return bad(t, "the character U+0000 is not allowed in FHIR");
	t->p += 4;
	if ((u & 0xfc00) == 0xdc00)
		return bad(t, "a lone low surrogate");
	return (u & 0xfc00) == 0xd800 ? low_surrogate(t) : true;
}

static bool
escape(struct fhir_json_text *t)
{
	t->p++;
	if (t->p == t->end)
		return bad(t, "the text ends inside a string");
	if (*t->p == 'u') {
		t->p++;
		return unicode_escape(t);
	}
	if (memchr("\"\\/bfnrt", *t->p, sizeof("\"\\/bfnrt") - 1) == NULL)
		return bad(t, "an unknown escape in a string");
	t->p++;
	return true;
}

/* The length of a UTF-8 sequence by its first byte; 0: it can be none. */
static size_t
utf8_length(unsigned char c)
{
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* The second byte rules out overlong forms, surrogates and what lies behind
 * U+10FFFF (the table of RFC 3629 section 4). */
static bool
utf8_second(unsigned char first, unsigned char c)
{
	switch (first) {
	case 0xe0:
		return c >= 0xa0 && c <= 0xbf;
	case 0xed:
		return c >= 0x80 && c <= 0x9f;
	case 0xf0:
		return c >= 0x90 && c <= 0xbf;
	case 0xf4:
		return c >= 0x80 && c <= 0x8f;
	default:
		return (c & 0xc0) == 0x80;
	}
}

/* One multi-byte UTF-8 sequence. */
static bool
utf8(struct fhir_json_text *t)
{
	const unsigned char *p = (const unsigned char *)t->p;
	size_t n = utf8_length(p[0]);

	if (n == 0 || (size_t)(t->end - t->p) < n || !utf8_second(p[0], p[1]))
		return bad(t, "invalid UTF-8");
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return bad(t, "invalid UTF-8");
	}
	t->p += n;
	return true;
}

bool
fhir_json_string(struct fhir_json_text *t, struct sv_str *ret,
    bool *ret_escaped)
{
	const char *from = ++t->p;
	bool ok = true;

	*ret_escaped = false;
	while (ok) {
		t->p = fhir_json_plain(t->p, t->end);
		if (t->p == t->end)
			return bad(t, "the text ends inside a string");
		if (*t->p == '"')
			break;
		if (*t->p == '\\') {
			*ret_escaped = true;
			ok = escape(t);
		} else if ((unsigned char)*t->p < 0x20) {
			ok = bad(t, "a control character inside a string");
		} else if ((unsigned char)*t->p >= 0x80) {
			ok = utf8(t);
		} else {
			t->p++;
		}
	}
	if (!ok)
		return false;
	*ret = (struct sv_str){ from, (size_t)(t->p - from) };
	t->p++;
	return true;
}

/* Step over digits; how many. */
static size_t
digits(struct fhir_json_text *t)
{
	const char *from = t->p;

	while (t->p < t->end && *t->p >= '0' && *t->p <= '9')
		t->p++;
	return (size_t)(t->p - from);
}

static bool
whole_part(struct fhir_json_text *t)
{
	const char *from = t->p;
	size_t n = digits(t);

	if (n == 0)
		return bad(t, "expected a value");
	if (n > 1 && *from == '0')
		return bad(t, "a number with leading zeros");
	return true;
}

static bool
fraction(struct fhir_json_text *t)
{
	if (t->p == t->end || *t->p != '.')
		return true;
	t->p++;
	return digits(t) > 0 || bad(t, "a number that ends in a point");
}

/* A number no decimal of FHIR can be is refused here, so that nothing behind
 * the scan has to fear it. */
static bool
exponent(struct fhir_json_text *t)
{
	size_t n;

	if (t->p == t->end || (*t->p != 'e' && *t->p != 'E'))
		return true;
	t->p++;
	if (t->p < t->end && (*t->p == '+' || *t->p == '-'))
		t->p++;
	n = digits(t);
	if (n == 0)
		return bad(t, "a number with an empty exponent");
	if (n > 2)
		return bad_value(t, "a number beyond every clinical magnitude");
	return true;
}

bool
fhir_json_number(struct fhir_json_text *t)
{
	const char *from = t->p;

	t->p += t->p < t->end && *t->p == '-';
	if (!whole_part(t) || !fraction(t) || !exponent(t))
		return false;
	if (t->p - from > NUMBER_MAX && !t->by_rfc_alone)
		return bad_value(t, "a number with too many digits");
	return true;
}

bool
fhir_json_word(struct fhir_json_text *t)
{
	static const char *const words[] = { "true", "false", "null" };

	for (int i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(t->end - t->p) >= n
		    && memcmp(t->p, words[i], n) == 0) {
			t->p += n;
			return true;
		}
	}
	return bad(t, "expected a value");
}

/* What the one-letter escape ${c} stands for. */
static char
letter(char c)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *at = strchr(from, c);

	return at != NULL ? to[at - from] : c;
}

/* Write the character ${u} as UTF-8; how many bytes that took. */
static size_t
put_utf8(char *at, uint32_t u)
{
	size_t n = u < 0x80 ? 0 : u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	at[0] = (char)(lead[n] | u >> 6 * n);
	for (size_t i = 1; i <= n; i++)
		at[i] = (char)(0x80 | (u >> 6 * (n - i) & 0x3f));
	return n + 1;
}

/* The character of \u, whose digits are at ${*p}, which then is behind it. */
static uint32_t
unicode(const char **p, const char *end)
{
	uint32_t u = (uint32_t)hex4(*p, end), low;

	*p += 4;
	if ((u & 0xfc00) != 0xd800)
		return u;
	low = (uint32_t)hex4(*p + 2, end);
	*p += 6;
	return 0x10000 + ((u & 0x3ff) << 10 | (low & 0x3ff));
}

/* What stands for a character is never shorter than it. */
struct sv_str
fhir_json_unescape(struct sv_arena *A, struct sv_str raw)
{
	const char *p = raw.p, *end = raw.p + raw.n;
	char *to = sv_arena_alloc(A, raw.n + 1), *at = to;

	if (to == NULL)
		return (struct sv_str){ NULL, 0 };
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		size_t n = (size_t)((slash != NULL ? slash : end) - p);

		memcpy(at, p, n);
		at += n;
		p += n + 2;
		if (slash == NULL)
			break;
		if (p[-1] == 'u')
			at += put_utf8(at, unicode(&p, end));
		else
			*at++ = letter(p[-1]);
	}
	*at = '\0';
	return (struct sv_str){ to, (size_t)(at - to) };
}
