/*
 * Escaping of JSON strings and of XML text and attributes.
 */
#include "fhir_write.h"

#include <string.h>

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Not zero if a byte of ${x} is zero; never wrongly zero.  (Subtracting one
 * from each byte sets the top bit of a zero byte.) */
static uint64_t
zero_byte(uint64_t x)
{
	return (x - EACH_BYTE(1)) & ~x & EACH_BYTE(0x80);
}

static uint64_t
has(uint64_t x, unsigned char c)
{
	return zero_byte(x ^ EACH_BYTE(c));
}

/* Eight bytes at a time past what needs no escape: most text needs none, and
 * escaping it byte by byte is what writing costs.  Returns an index from
 * which to look at single bytes. */
static size_t
skip_plain(struct sv_str s, size_t i, bool xml)
{
	uint64_t x, hit;

	for (; s.n - i >= sizeof(x); i += sizeof(x)) {
		memcpy(&x, s.p + i, sizeof(x));
		hit = (x - EACH_BYTE(0x20)) & ~x & EACH_BYTE(0x80);
		hit |= has(x, '"');
		if (xml)
			hit |= has(x, '<') | has(x, '>') | has(x, '&')
			    | has(x, 0xef);
		else
			hit |= has(x, '\\');
		if (hit != 0)
			break;
	}
	return i;
}

void
fhir_escape_json(struct sv_buf *out, struct sv_str s)
{
	static const char hex[] = "0123456789abcdef";
	size_t from = 0;

	for (size_t i = skip_plain(s, 0, false); i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char esc[6] = { '\\', (char)c, '0', '0', 0, 0 };
		size_t n = 2;

		if (c >= 0x20 && c != '"' && c != '\\') {
			if (i % 8 == 7)
				i = skip_plain(s, i + 1, false) - 1;
			continue;
		}
		sv_buf_add(out, (struct sv_str){ s.p + from, i - from });
		from = i + 1;
		if (c == '\n') {
			esc[1] = 'n';
		} else if (c == '\t') {
			esc[1] = 't';
		} else if (c < 0x20) {
			esc[1] = 'u';
			esc[4] = hex[c >> 4];
			esc[5] = hex[c & 15];
			n = 6;
		}
		sv_buf_add(out, (struct sv_str){ esc, n });
	}
	sv_buf_add(out, sv_str_from(s, from));
}

/* The XML form of ${c}, empty if it stands for itself. */
static struct sv_str
xml_entity(unsigned char c)
{
	switch (c) {
	case '<':
		return SV_LIT("&lt;");
	case '>':
		return SV_LIT("&gt;");
	case '&':
		return SV_LIT("&amp;");
	case '"':
		return SV_LIT("&quot;");
	case '\n':
		return SV_LIT("&#10;");
	case '\t':
		return SV_LIT("&#9;");
	case '\r':
		return SV_LIT("&#13;");
	default:
		break;
	}
	return c < 0x20 ? SV_LIT("\xef\xbf\xbd") : SV_LIT("");
}

/* U+FFFE and U+FFFF are no characters of XML 1.0 (section 2.2). */
static bool
is_noncharacter(struct sv_str s, size_t i)
{
	return (unsigned char)s.p[i] == 0xef && s.n - i >= 3
	    && (unsigned char)s.p[i + 1] == 0xbf
	    && (unsigned char)s.p[i + 2] >= 0xbe;
}

void
fhir_escape_xml(struct sv_buf *out, struct sv_str s)
{
	size_t from = 0;

	for (size_t i = skip_plain(s, 0, true); i < s.n; i++) {
		struct sv_str e = xml_entity((unsigned char)s.p[i]);
		size_t n = 1;

		if (is_noncharacter(s, i)) {
			e = SV_LIT("\xef\xbf\xbd");
			n = 3;
		}
		if (e.n == 0) {
			if (i % 8 == 7)
				i = skip_plain(s, i + 1, true) - 1;
			continue;
		}
		sv_buf_add(out, (struct sv_str){ s.p + from, i - from });
		sv_buf_add(out, e);
		i += n - 1;
		from = i + 1;
	}
	sv_buf_add(out, sv_str_from(s, from));
}
