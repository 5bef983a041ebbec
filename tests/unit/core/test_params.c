/* The parameters: names, units, defaults, whole numbers. */
#include <criterion/criterion.h>

#include "core_params.h"

Test(params, every_name_leads_back_and_no_other)
{
	for (int i = 0; i < CORE_PARAM_COUNT; i++) {
		struct sv_str name = core_param_name((enum core_param_id)i);

		cr_expect_gt(name.n, 0);
		cr_expect_eq((int)core_param_of(name), i, "%.*s",
		    SV_FMT(name));
	}
	cr_expect_eq(core_param_of(SV_LIT("")), CORE_PARAM_COUNT);
	cr_expect_eq(core_param_of(SV_LIT("bcr_ps")), CORE_PARAM_COUNT);
	cr_expect_eq(core_param_of(SV_LIT("bcr_psa_")), CORE_PARAM_COUNT);
	cr_expect_eq(core_param_of(SV_LIT("BCR_PSA")), CORE_PARAM_COUNT);
}

Test(params, defaults_are_those_of_the_specification)
{
	static const struct {
		const char *name, *unit;
		struct sv_dec value;
	} t[] = {
		{ "high_risk_psa", "ng/mL", { 7, 1 } },
		{ "bcr_psa", "ng/mL", { 2, 1 } },
		{ "phoenix_rise", "ng/mL", { 2, 0 } },
		{ "days_per_month", "d", { 304375, 4 } },
		{ "life_expectancy_long", "a", { 10, 0 } },
		{ "ipfsg_hcg_high", "[IU]/L", { 1000, 0 } },
		{ "oligometastatic_max", "", { 5, 0 } },
		{ "absurd_psa", "ng/mL", { 100000, 0 } },
	};
	struct core_params p;

	core_params_default(&p);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		enum core_param_id id = core_param_of(sv_str_of(t[i].name));

		cr_assert_lt(id, CORE_PARAM_COUNT);
		cr_expect(sv_str_is(core_param_unit(id), t[i].unit));
		cr_expect_eq(sv_dec_cmp(p.value[id], t[i].value), 0, "%s",
		    t[i].name);
	}
}

Test(params, a_whole_number_is_cut_not_rounded)
{
	static const struct {
		struct sv_dec value;
		int32_t whole;
	} t[] = {
		{ { 183, 0 }, 183 }, { { 0, 0 }, 0 }, { { 7, 1 }, 0 },
		{ { 99, 1 }, 9 }, { { 100, 1 }, 10 }, { { 304375, 4 }, 30 },
		{ { 9999, 3 }, 9 },
	};
	struct core_params p;

	core_params_default(&p);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		p.value[CORE_PARAM_ADT_WASHOUT_DAYS] = t[i].value;
		cr_expect_eq(core_param_int(&p, CORE_PARAM_ADT_WASHOUT_DAYS),
		    t[i].whole, "%zu", i);
	}
}
