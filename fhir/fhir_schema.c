#include "fhir_schema.h"

#include <string.h>

const struct fhir_type *
fhir_type_of(struct sv_str name)
{
	size_t lo = 0, hi = fhir_r4_n_types;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = sv_str_cmp(name, sv_str_of(fhir_r4_types[mid].name));

		if (d == 0)
			return &fhir_r4_types[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct fhir_element *
fhir_element_of(const struct fhir_type *t, const char *name)
{
	const struct fhir_element *e = fhir_r4_elements + t->first;

	for (uint16_t i = 0; i < t->n; i++) {
		if (strcmp(e[i].name, name) == 0)
			return &e[i];
	}
	return NULL;
}
