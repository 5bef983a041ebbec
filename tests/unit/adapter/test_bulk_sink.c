/* Files in pieces of every size: nothing is lost, changed, or taken for whole
 * (bulk.md F2, F3, F7; acceptance tests T5 and T11). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ad_bulk_sink.h"

/* Characters of two to four bytes, decimals that a double would change, blank
 * lines, CRLF, and no LF at the end. */
static const char text[] = "{\"a\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}\n"
    "\r\n{\"v\":0.20}\r\n\n{\"v\":12345678901234567890.5}";
#define LINES 3

static struct {
	unsigned char p[4096];
	size_t n;
} zipped;

/* ${members} members of gzip after each other. */
static void
zip(int members)
{
	size_t each = sizeof(text) - 1, part = each / (size_t)members + 1;

	zipped.n = 0;
	for (size_t at = 0; at < each; at += part) {
		z_stream z = { .next_in = (Bytef *)(uintptr_t)(text + at),
			.avail_in = (uInt)(each - at < part ? each - at : part),
			.next_out = zipped.p + zipped.n,
			.avail_out = (uInt)(sizeof(zipped.p) - zipped.n) };

		cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8,
		    Z_DEFAULT_STRATEGY), Z_OK);
		cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
		zipped.n += z.total_out;
		(void)deflateEnd(&z);
	}
}

struct outcome {
	struct sv_status s;
	bool proven;
	struct ad_bulk_sink k;
};

/* ${bytes} in pieces of ${step}, into a file that must hold ${want}. */
static struct outcome
drain(struct sv_str bytes, size_t step, bool gzip, int64_t lines)
{
	struct outcome o;
	FILE *f = tmpfile();
	char got[sizeof(text)];
	bool ok = true;
	size_t n;

	cr_assert_not_null(f);
	ad_bulk_sink_begin(&o.k, fileno(f), gzip, 1 << 20);
	for (size_t i = 0; ok && i < bytes.n; i += step)
		ok = ad_bulk_sink_add(&o.k, (struct sv_str){ bytes.p + i,
		    bytes.n - i < step ? bytes.n - i : step });
	o.s = ad_bulk_sink_end(&o.k, (struct ad_bulk_said){ lines,
	    -1 }, &o.proven);
	if (sv_is_ok(o.s)) {
		n = (size_t)pread(fileno(f), got, sizeof(got), 0);
		cr_expect(n == sizeof(text) - 1 && memcmp(got, text, n) == 0);
	}
	(void)fclose(f);
	return o;
}

Test(bulk_sink, every_piece)
{
	struct sv_str plain = { text, sizeof(text) - 1 };
	struct outcome o;

	for (size_t step = 1; step <= plain.n; step++) {
		o = drain(plain, step, false, LINES);
		cr_expect(sv_is_ok(o.s) && o.proven, "step %zu", step);
		cr_expect_eq(o.k.lines, LINES);
		o = drain(plain, step, false, -1);
		cr_expect(sv_is_ok(o.s) && !o.proven);
	}
	for (int members = 1; members <= 3; members++) {
		zip(members);
		for (size_t step = 1; step <= zipped.n; step++) {
			o = drain((struct sv_str){ (char *)zipped.p,
			    zipped.n }, step, true, -1);
			cr_expect(sv_is_ok(o.s) && o.proven, "%d members, "
			    "step %zu: %s", members, step, o.k.err.text);
		}
	}
}

/* Cut anywhere, a compressed file is not whole, nor is a plain one of which the
 * number of lines is known or whose last line is cut. */
Test(bulk_sink, cut)
{
	struct outcome o;

	zip(2);
	for (size_t n = 1; n < zipped.n; n++) {
		o = drain((struct sv_str){ (char *)zipped.p, n }, 7, true,
		    LINES);
		cr_expect_eq(o.s.code, SV_CODE_BAD, "cut at %zu", n);
		cr_expect(o.k.err.text[0] != '\0');
	}
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		o = drain((struct sv_str){ text, n }, 7, false, LINES);
		cr_expect_eq(o.s.code, SV_CODE_BAD, "cut at %zu", n);
	}
}

Test(bulk_sink, damaged)
{
	struct outcome o;

	zip(1);
	zipped.p[zipped.n - 6] ^= 1;	/* in the CRC */
	o = drain((struct sv_str){ (char *)zipped.p, zipped.n }, 9, true, -1);
	cr_expect_eq(o.s.code, SV_CODE_BAD);
	o = drain(SV_LIT("<html>busy</html>"), 9, true, -1);
	cr_expect_eq(o.s.code, SV_CODE_BAD);
	zip(1);
	memcpy(zipped.p + zipped.n, "trash", 5);
	o = drain((struct sv_str){ (char *)zipped.p, zipped.n + 5 }, 9, true,
	    -1);
	cr_expect_eq(o.s.code, SV_CODE_BAD);
}

/* An empty file has no lines; that is proven only if it should have none. */
Test(bulk_sink, empty)
{
	struct ad_bulk_sink k;
	FILE *f = tmpfile();
	bool proven;

	ad_bulk_sink_begin(&k, fileno(f), false, 10);
	cr_expect(sv_is_ok(ad_bulk_sink_end(&k, (struct ad_bulk_said){ 0, -1 },
	    &proven)) && proven);
	ad_bulk_sink_begin(&k, fileno(f), false, 10);
	cr_expect(!ad_bulk_sink_add(&k, SV_LIT("{\"larger\":true}\n")));
	cr_expect_eq(ad_bulk_sink_end(&k, (struct ad_bulk_said){ -1,
	    -1 }, &proven).code, SV_CODE_BAD);
	(void)fclose(f);
}

Test(bulk_sink, full_disk)
{
	struct ad_bulk_sink k;
	FILE *f = fopen("/dev/full", "w");
	bool proven;

	cr_assert_not_null(f);
	ad_bulk_sink_begin(&k, fileno(f), false, 1 << 20);
	cr_expect(!ad_bulk_sink_add(&k, SV_LIT("{}\n")));
	cr_expect_eq(ad_bulk_sink_end(&k, (struct ad_bulk_said){ -1,
	    -1 }, &proven).code, SV_CODE_BAD);
	(void)fclose(f);
}
