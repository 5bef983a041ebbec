/* Units of K1.5: what is converted, exactly, and what is never guessed. */
#include <criterion/criterion.h>

#include "map_units.h"

static const struct {
	enum core_concept concept;
	const char *value, *unit, *want;	/* want NULL: not convertible */
} rows[] = {
	{ CORE_PSA, "0.36", "ng/mL", "0.36" },
	{ CORE_PSA, "0.36", "ug/L", "0.36" },
	{ CORE_PSA, "360", "ng/L", "0.36" },
	{ CORE_PSA, "360", "pg/mL", "0.36" },
	{ CORE_PSA, "36", "ng/dL", "0.36" },
	{ CORE_PSA, "0.036", "ug/dL", "0.36" },
	{ CORE_PSA, "0.36", "mol/L", NULL },
	{ CORE_PSA, "0.36", "", NULL },
	{ CORE_TESTOSTERONE, "0.5", "ng/mL", "50" },
	{ CORE_TESTOSTERONE, "1", "nmol/L", "28.842" },
	{ CORE_AFP, "12", "ug/L", "12" },
	{ CORE_AFP, "12", "[IU]/mL", NULL },
	{ CORE_HCG, "12", "m[IU]/mL", "12" },
	{ CORE_HCG, "12", "ng/mL", NULL },
};

Test(units, table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fhir_quantity q = { .unit = sv_str_of(rows[i].unit),
			.code = sv_str_of(rows[i].unit) };
		struct core_interval got = { .set = false };
		struct sv_dec want;

		cr_assert(sv_is_ok(sv_dec_parse(sv_str_of(rows[i].value),
		    &q.value)));
		(void)map_units_convert(rows[i].concept, &q, &got);
		if (rows[i].want == NULL) {
			cr_expect(!got.set, "%s %s", rows[i].value,
			    rows[i].unit);
			continue;
		}
		cr_assert(sv_is_ok(sv_dec_parse(sv_str_of(rows[i].want),
		    &want)));
		cr_expect(got.set && core_is_exact(got)
		    && sv_dec_cmp(got.lo, want) == 0, "%s %s",
		    rows[i].value, rows[i].unit);
	}
}
