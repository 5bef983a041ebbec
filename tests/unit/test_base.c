#include <criterion/criterion.h>

#include "sv_buf.h"
#include "sv_date.h"
#include "sv_dec.h"
#include "test_arena.h"

static struct sv_dec
dec(const char *s)
{
	struct sv_dec d = { -1, -1 };

	cr_assert(sv_is_ok(sv_dec_parse(sv_str_of(s), &d)), "%s", s);
	return d;
}

Test(dec, reads_exactly)
{
	static const struct { const char *in, *out; } t[] = {
		{ "0", "0" }, { "-0", "0" }, { "0.20", "0.2" },
		{ "0.700", "0.7" }, { "1e2", "100" }, { "1E-3", "0.001" },
		{ "12.50e1", "125" }, { "999999999999999999",
		"999999999999999999" }, { "0.000000000000000001",
		"0.000000000000000001" }, { "-2.5", "-2.5" },
		{ "100000000000000000.0", "100000000000000000" },
	};
	char text[SV_DEC_TEXT_MAX];

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		sv_dec_text(dec(t[i].in), text);
		cr_expect_str_eq(text, t[i].out);
	}
}

Test(dec, refuses)
{
	static const char *const bad[] = { "", "-", "01", "1.", ".5", "1e",
		"+1", "1 ", "0x1", "NaN", "1e+" };
	static const char *const much[] = { "1e400", "1e-400",
		"1234567890123456789", "0.1234567890123456789", "1e18" };
	struct sv_dec d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(sv_dec_parse(sv_str_of(bad[i]), &d).code,
		    SV_CODE_BAD, "%s", bad[i]);
	for (size_t i = 0; i < sizeof(much) / sizeof(much[0]); i++)
		cr_expect_eq(sv_dec_parse(sv_str_of(much[i]), &d).code,
		    SV_CODE_LIMIT, "%s", much[i]);
}

Test(dec, phoenix_is_not_lost_in_binary)
{
	struct sv_dec d;

	cr_assert(sv_is_ok(sv_dec_sub(dec("2.3"), dec("0.3"), &d)));
	cr_expect_eq(sv_dec_cmp(d, dec("2.0")), 0);
	cr_expect_lt(sv_dec_cmp(dec("0.69"), dec("0.7")), 0);
	cr_expect_eq(sv_dec_cmp(dec("0.70"), dec("0.7")), 0);
	cr_expect_eq(sv_dec_mul(dec("999999999999999999"), dec("10"),
	    &d).code, SV_CODE_LIMIT);
}

Test(date, partial_dates_are_intervals)
{
	struct sv_date d;
	char text[SV_DATE_TEXT_MAX];

	cr_assert(sv_is_ok(sv_date_parse(SV_LIT("2024-02"), &d)));
	cr_expect_eq(d.hi - d.lo, 28);
	cr_assert(sv_is_ok(sv_date_parse(SV_LIT("2023"), &d)));
	cr_expect_eq(d.hi - d.lo, 364);
	cr_assert(sv_is_ok(sv_date_parse(
	    SV_LIT("2024-12-31T23:59:59.5-05:00"), &d)));
	sv_date_text(d, text);
	cr_expect_str_eq(text, "2024-12-31");
	cr_assert(sv_is_ok(sv_date_parse(SV_LIT("1970-01-01"), &d)));
	cr_expect_eq(d.lo, 0);
}

Test(date, refuses)
{
	static const char *const bad[] = { "", "2023-02-29", "2023-13",
		"2023-00-01", "23-01-01", "2023-1-1", "2023-01-01T10:00:00",
		"2023-01-01T24:00:00Z", "2023-01-01T10:00Z", "2023-01-01 ",
		"0000-01-01", "2023-01-01T10:00:00+15:00" };
	struct sv_date d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(sv_date_parse(sv_str_of(bad[i]), &d).code,
		    SV_CODE_BAD, "%s", bad[i]);
}

Test(date, months_are_clamped)
{
	int32_t jan31 = sv_date_day((struct sv_ymd){ 2023, 1, 31 });
	struct sv_ymd d = sv_date_ymd(sv_date_add_months(jan31, 1));

	cr_expect(d.month == 2 && d.day == 28);
	d = sv_date_ymd(sv_date_add_months(jan31, 13));
	cr_expect(d.year == 2024 && d.month == 2 && d.day == 29);
	for (int32_t day = -200000; day < 200000; day += 97)
		cr_assert_eq(sv_date_day(sv_date_ymd(day)), day);
}

Test(arena, holds_its_ceiling)
{
	struct sv_arena A = test_arena(1 << 20);
	size_t n = 0;

	while (sv_arena_alloc(&A, 1000) != NULL)
		n++;
	cr_expect_leq(A.held, (size_t)1 << 20);
	cr_expect_gt(n, 900);
	sv_arena_reset(&A);
	cr_expect_not_null(sv_arena_alloc(&A, 1000));
	cr_expect_null(sv_arena_alloc(&A, SIZE_MAX / 2));
	sv_arena_free(&A);
}

/* Every place of the find, at every length around the sixteen bytes that are
 * looked at together; near misses before and behind it. */
Test(str, find)
{
	struct sv_str part = SV_LIT("\"code\"");
	char text[64];

	for (size_t n = 0; n <= sizeof(text); n++) {
		struct sv_str s = { text, n };

		for (size_t i = 0; i < n; i++)
			text[i] = "\"cade\""[i % 6];
		cr_expect_eq(sv_str_find(s, part), n);
		for (size_t at = 0; at + part.n <= n; at++) {
			for (size_t i = 0; i < n; i++)
				text[i] = "\"cade\""[i % 6];
			for (size_t i = 0; i < part.n; i++)
				text[at + i] = part.p[i];
			cr_expect_eq(sv_str_find(s, part), at, "%zu of %zu",
			    at, n);
		}
	}
}

Test(str, cut)
{
	struct sv_str rest = SV_LIT("a;;b");

	cr_expect(sv_str_is(sv_str_cut(&rest, ';'), "a"));
	cr_expect(sv_str_is(rest, ";b"));
	cr_expect(sv_str_is(sv_str_cut(&rest, ';'), ""));
	cr_expect(sv_str_is(sv_str_cut(&rest, ';'), "b"));
	cr_expect_eq(rest.n, 0);
	cr_expect(sv_str_is(sv_str_cut(&rest, ';'), ""));
}

Test(str, eq_nocase)
{
	static const struct {
		const char *a, *b;
		bool same;
	} t[] = { { "gzip", "GZip", true }, { "", "", true },
		{ "gzip", "gzi", false }, { "@", "`", false },
		{ "[", "{", false }, { "\xc4", "\xe4", false } };

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		cr_expect_eq(sv_str_eq_nocase(sv_str_of(t[i].a),
		    sv_str_of(t[i].b)), t[i].same, "%s %s", t[i].a, t[i].b);
}

Test(buf, add_encoded)
{
	struct sv_arena A = test_arena(65536);
	struct sv_buf b;

	sv_buf_init(&b, &A, 4096);
	sv_buf_add_encoded(&b, SV_LIT("aZ0-._~ /:%\xc3\xa4\0"), "");
	sv_buf_addc(&b, ' ');
	sv_buf_add_encoded(&b, SV_LIT("urn:a/b c"), ":/");
	cr_expect(sv_str_is(sv_buf_str(&b),
	    "aZ0-._~%20%2F%3A%25%C3%A4%00 urn:a/b%20c"), "%.*s",
	    SV_FMT(sv_buf_str(&b)));
	sv_arena_free(&A);
}
