#include "ad_base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789-_";

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

struct sv_status
ad_base64_read(struct sv_arena *A, struct sv_str text, struct sv_str *ret)
{
	char *out;
	size_t n = 0;
	uint32_t bits = 0, held = 0;	/* ${held} bits wait in ${bits} */

	SV_ENSURE(text.n % 4 != 1, SV_BAD);
	out = sv_arena_alloc(A, text.n / 4 * 3 + 3);
	SV_ENSURE(out != NULL, SV_NOMEM);
	for (size_t i = 0; i < text.n; i++) {
		int v = value_of(text.p[i]);

		SV_ENSURE(v >= 0, SV_BAD);
		bits = bits << 6 | (uint32_t)v;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[n++] = (char)(bits >> held & 0xff);
		}
		bits &= ((uint32_t)1 << held) - 1;
	}
	SV_ENSURE(bits == 0, SV_BAD);
	*ret = (struct sv_str){ out, n };
	return SV_OK;
}

void
ad_base64_write(struct sv_buf *out, struct sv_str octets)
{
	uint32_t bits = 0, held = 0;

	for (size_t i = 0; i < octets.n; i++) {
		bits = bits << 8 | (unsigned char)octets.p[i];
		held += 8;
		while (held >= 6) {
			held -= 6;
			sv_buf_addc(out, alphabet[bits >> held & 63]);
		}
		bits &= ((uint32_t)1 << held) - 1;
	}
	if (held > 0)
		sv_buf_addc(out, alphabet[bits << (6 - held) & 63]);
}
