#include "core_concept.h"

struct concept_row {
	struct sv_str name, unit;
	enum core_kind kind;
};

#define CORE_X(id, name, kind, unit) { SV_STATIC(name), SV_STATIC(unit), CORE_##kind },
static const struct concept_row concepts[] = {
	{ SV_STATIC(""), SV_STATIC(""), CORE_OBSERVATION },
	CORE_CONCEPTS(CORE_X)
};
#undef CORE_X

#define CORE_X(id, name) SV_STATIC(name),
static const struct sv_str values[] = { SV_STATIC(""), CORE_VALUES(CORE_X) };
static const struct sv_str sites[] = { SV_STATIC(""), CORE_SITES(CORE_X) };
#undef CORE_X

struct sv_str
core_concept_name(enum core_concept c)
{
	return concepts[c].name;
}

struct sv_str
core_concept_unit(enum core_concept c)
{
	return concepts[c].unit;
}

enum core_kind
core_concept_kind(enum core_concept c)
{
	return concepts[c].kind;
}

enum core_concept
core_concept_of(struct sv_str name)
{
	for (int i = 1; i < CORE_CONCEPT_MAX; i++) {
		if (sv_str_eq(concepts[i].name, name))
			return (enum core_concept)i;
	}
	return CORE_CONCEPT_NONE;
}

/* The index of ${name} in ${list}, or 0. */
static int
find(const struct sv_str *list, int n, struct sv_str name)
{
	for (int i = 1; i < n; i++) {
		if (sv_str_eq(list[i], name))
			return i;
	}
	return 0;
}

struct sv_str
core_value_name(enum core_value v)
{
	return values[v];
}

enum core_value
core_value_of(struct sv_str name)
{
	return (enum core_value)find(values, CORE_VALUE_MAX, name);
}

struct sv_str
core_site_name(enum core_site s)
{
	return sites[s];
}

enum core_site
core_site_of(struct sv_str name)
{
	return (enum core_site)find(sites, CORE_SITE_MAX, name);
}
