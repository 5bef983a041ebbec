/* Three-valued logic and numbers known as intervals: K1.1, K1.2. */
#include <criterion/criterion.h>

#include "core_interval.h"
#include "table.h"

static const enum core_tri F = CORE_FALSE, T = CORE_TRUE, U = CORE_UNKNOWN;

Test(interval, kleene)
{
	const enum core_tri v[] = { F, T, U };
	const enum core_tri and[3][3] = { { F, F, F }, { F, T, U },
		{ F, U, U } };
	const enum core_tri or[3][3] = { { F, T, U }, { T, T, T },
		{ U, T, U } };

	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 3; k++) {
			cr_expect_eq(core_and(v[i], v[k]), and[i][k]);
			cr_expect_eq(core_or(v[i], v[k]), or[i][k]);
		}
	}
	cr_expect_eq(core_not(F), T);
	cr_expect_eq(core_not(T), F);
	cr_expect_eq(core_not(U), U);
}

Test(interval, comparisons)
{
	static const struct {
		const char *a, *b;
		enum core_tri lt, ge, gt, le, eq;
	} t[] = {
		{ "0.7", "0.7", 0, 1, 0, 1, 1 },
		{ "0.7", "0.70", 0, 1, 0, 1, 1 },
		{ "0.69", "0.7", 1, 0, 0, 1, 0 },
		{ "0.71", "0.7", 0, 1, 1, 0, 0 },
		{ "<0.7", "0.7", 1, 0, 0, 1, 0 },
		{ "<0.71", "0.7", 2, 2, 2, 2, 2 },
		{ ">0.7", "0.7", 0, 1, 1, 0, 0 },
		{ ">0.6", "0.7", 2, 2, 2, 2, 2 },
		{ "0.6~0.7", "0.7", 2, 2, 0, 1, 2 },
		{ "0.7~0.8", "0.7", 0, 1, 2, 2, 2 },
		{ "0.5~0.6", "0.7", 1, 0, 0, 1, 0 },
		{ "0.8~0.9", "0.7", 0, 1, 1, 0, 0 },
		{ "0.7", "<0.7", 0, 1, 1, 0, 0 },
		{ "0.7", ">0.7", 1, 0, 0, 1, 0 },
		{ "0.7", ">0.6", 2, 2, 2, 2, 2 },
		{ "0.7", "0.6~0.7", 0, 1, 2, 2, 2 },
		{ "0.6~0.8", "0.7~0.9", 2, 2, 2, 2, 2 },
		{ ">0.7", ">0.6", 2, 2, 2, 2, 2 },
		{ "0.6~0.8", "0.6~0.8", 2, 2, 2, 2, 2 },
		{ "", "0.7", 2, 2, 2, 2, 2 },
		{ "0.7", "", 2, 2, 2, 2, 2 },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_interval a = table_number(sv_str_of(t[i].a));
		struct core_interval b = table_number(sv_str_of(t[i].b));

		cr_expect_eq(core_compare(a, CORE_LT, b), t[i].lt, "%zu", i);
		cr_expect_eq(core_compare(a, CORE_GE, b), t[i].ge, "%zu", i);
		cr_expect_eq(core_compare(a, CORE_GT, b), t[i].gt, "%zu", i);
		cr_expect_eq(core_compare(a, CORE_LE, b), t[i].le, "%zu", i);
		cr_expect_eq(core_compare(a, CORE_EQ, b), t[i].eq, "%zu", i);
		cr_expect_eq(core_compare(a, CORE_NE, b), core_not(t[i].eq),
		    "%zu", i);
	}
}

static bool
same(struct core_interval a, struct core_interval b)
{
	return a.set == b.set && sv_dec_cmp(a.lo, b.lo) == 0
	    && a.hi_inf == b.hi_inf && a.lo_open == b.lo_open
	    && a.hi_open == b.hi_open
	    && (a.hi_inf || sv_dec_cmp(a.hi, b.hi) == 0);
}

Test(interval, hull)
{
	static const struct {
		const char *a, *b, *hull;
	} t[] = {
		{ "1", "2", "1~2" }, { "2", "1", "1~2" }, { "1", "1", "1" },
		{ "", "1", "1" }, { "1", "", "1" },
		{ "1~3", "2", "1~3" }, { "2", "1~3", "1~3" },
		{ "1", ">2", ">=1" }, { ">2", "1", ">=1" },
		{ ">2", ">1", ">1" }, { ">1", ">2", ">1" },
		{ ">1", "1", ">=1" }, { "1", ">1", ">=1" },
		{ "<1", "1", "0~1" }, { "1", "<1", "0~1" },
		{ "<1", "0.5", "<1" }, { "0.5", "<1", "<1" },
		{ "<1", "<2", "<2" }, { "<2", "<1", "<2" },
		{ "<1", "<1", "<1" }, { "<1", "2", "0~2" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_interval want = table_number(sv_str_of(t[i].hull));

		if (*t[i].hull == '>' && t[i].hull[1] == '=') {
			want = table_number(SV_LIT(">1"));
			want.lo_open = false;
		}
		cr_expect(same(core_hull(table_number(sv_str_of(t[i].a)),
		    table_number(sv_str_of(t[i].b))), want), "%zu", i);
	}
}

Test(interval, exact)
{
	cr_expect(core_is_exact(table_number(SV_LIT("1"))));
	cr_expect(core_is_exact(table_number(SV_LIT("1~1.0"))));
	cr_expect(!core_is_exact(table_number(SV_LIT("1~2"))));
	cr_expect(!core_is_exact(table_number(SV_LIT("<1"))));
	cr_expect(!core_is_exact(table_number(SV_LIT(">0"))));
	cr_expect(!core_is_exact(table_number(SV_LIT(""))));
}
