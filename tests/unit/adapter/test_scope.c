/*
 * SMART system scopes.
 */
#include <criterion/criterion.h>

#include "ad_scope.h"

/* Every letter that ${scopes} allow on ${type}, in the order of "cruds". */
static const char *
allowed(const char *scopes, const char *type)
{
	static char acts[6];
	size_t n = 0;

	for (const char *a = "cruds"; *a != '\0'; a++) {
		if (ad_scope_allows(sv_str_of(scopes), *a, sv_str_of(type)))
			acts[n++] = *a;
	}
	acts[n] = '\0';
	return acts;
}

Test(scope, what_they_allow)
{
	static const struct {
		const char *scopes, *type, *acts;
	} rows[] = {
		{ "system/*.cruds", "Patient", "cruds" },
		{ "system/*.cruds", "", "cruds" },
		{ "system/*.*", "Patient", "cruds" },
		{ "system/*.read", "Patient", "rs" },
		{ "system/*.write", "Patient", "cud" },
		{ "system/Patient.read", "Patient", "rs" },
		{ "system/Patient.read", "", "" },
		{ "system/Patient.*", "Observation", "" },
		{ "system/Patient.rs", "Patient", "rs" },
		{ "system/Patient.c", "Patient", "c" },
		{ "system/Patient.s system/Patient.u", "Patient", "us" },
		{ "openid  system/Patient.d ", "Patient", "d" },
		{ "system/Patient.sr", "Patient", "" },
		{ "system/Patient.rr", "Patient", "" },
		{ "system/Patient.rx", "Patient", "" },
		{ "system/Patient.", "Patient", "" },
		{ "system/Patient", "Patient", "" },
		{ "system/patient.rs", "Patient", "" },
		{ "system/Patient.READ", "Patient", "" },
		{ "System/Patient.read", "Patient", "" },
		{ "system/Patient.rs?gender=male", "Patient", "" },
		{ "system/PatientX.rs", "Patient", "" },
		{ "system/Patien.rs", "Patient", "" },
		{ "user/Patient.rs patient/Patient.rs", "Patient", "" },
		{ "xsystem/Patient.rs", "Patient", "" },
		{ "system/.rs", "", "" },
		{ "", "Patient", "" }, { " ", "", "" }, { "system/", "", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(allowed(rows[i].scopes, rows[i].type),
		    rows[i].acts, "%s on %s", rows[i].scopes, rows[i].type);
}
