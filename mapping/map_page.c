#include "map_page.h"

void
map_page_style(struct map_page *p, const char *code)
{
	if (!p->colour)
		return;
	sv_buf_add(p->out, SV_LIT("\033["));
	sv_buf_add(p->out, sv_str_of(code));
	sv_buf_addc(p->out, 'm');
}

/* Bytes of the character at ${s}; valid UTF-8 is what the readers let in. */
static size_t
length(struct sv_str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return n < s.n ? n : s.n;
}

/* C0 and C1 controls, DEL, and the bidirectional controls of Unicode
 * (U+200E, U+200F, U+202A..U+202E, U+2066..U+2069). */
static bool
is_hidden(const char *p, size_t n)
{
	/* Controls, bidirectional marks, separators, overrides, isolates. */
	static const struct { uint32_t first, last; } hidden[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 } };
	static const unsigned char lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = n <= 4 ? (unsigned char)p[0] & lead[n] : 0;

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (c >= hidden[i].first && c <= hidden[i].last)
			return true;
	}
	return false;
}

void
map_page_visible(struct sv_buf *out, struct sv_str word)
{
	size_t from = 0;

	for (size_t i = 0, n; i < word.n; i += n) {
		n = length(sv_str_from(word, i));
		if (!is_hidden(word.p + i, n))
			continue;
		sv_buf_add(out, (struct sv_str){ word.p + from, i - from });
		sv_buf_add(out, SV_LIT("\xef\xbf\xbd"));
		from = i + n;
	}
	sv_buf_add(out, sv_str_from(word, from));
}

/* Columns of ${s}: one for each character. */
static int
columns(struct sv_str s)
{
	int n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

void
map_page_paragraph(struct map_page *p, int indent, int hang,
    struct sv_str text)
{
	int at = 0, left = indent;

	while (text.n > 0) {
		struct sv_str word = { text.p, sv_str_chr(text, ' ') };

		text = sv_str_from(text, word.n + 1);
		if (at > left && at + 1 + columns(word) > p->width) {
			sv_buf_addc(p->out, '\n');
			left = indent + hang;
			at = 0;
		}
		if (at > 0) {
			sv_buf_addc(p->out, ' ');
			at++;
		}
		for (; at < left; at++)
			sv_buf_addc(p->out, ' ');
		map_page_visible(p->out, word);
		at += columns(word);
	}
	sv_buf_addc(p->out, '\n');
}

void
map_page_heading(struct map_page *p, const char *text)
{
	sv_buf_addc(p->out, '\n');
	map_page_style(p, "1");
	sv_buf_add(p->out, sv_str_of(text));
	map_page_style(p, "0");
	sv_buf_addc(p->out, '\n');
}
