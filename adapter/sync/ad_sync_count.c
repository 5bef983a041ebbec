/*
 * Counts of a run, by file and type.
 */
#include "ad_sync_run.h"

#include <stdlib.h>

static const char *const types[AD_SYNC_TYPES] = { "Patient", "Condition",
	"Observation", "DiagnosticReport", "Procedure", "MedicationRequest",
	"MedicationAdministration", "MedicationStatement",
	"MedicationDispense", "Medication", "Specimen", "other" };

struct sv_str
ad_sync_type_name(int type)
{
	return sv_str_of(types[type]);
}

int
ad_sync_type_of(struct sv_str name)
{
	int i = 0;

	while (i < AD_SYNC_OTHER && !sv_str_is(name, types[i]))
		i++;
	return i;
}

const char *
ad_sync_count_name(enum ad_sync_count c)
{
	static const char *const names[AD_SYNC_COUNTS] = { "lines", "dropped",
		"passed over", "new", "replaced", "unchanged", "late",
		"deleted", "refused" };

	return names[c];
}

void
ad_sync_counts_add(struct ad_sync_counts *to,
    const struct ad_sync_counts *from)
{
	for (int c = 0; c < AD_SYNC_COUNTS; c++) {
		to->n[c] += from->n[c];
		for (int t = 0; t < AD_SYNC_TYPES; t++)
			to->by_type[t][c] += from->by_type[t][c];
	}
}

struct sv_str
ad_sync_counts_text(struct sv_arena *A, const struct ad_sync_counts *c)
{
	const int64_t *n = c->n;
	struct sv_buf b;

	sv_buf_init(&b, A, 65536);
	for (size_t i = 0; i < sizeof(*c) / sizeof(*n); i++) {
		sv_buf_addu(&b, (uint64_t)(i < AD_SYNC_COUNTS ? n[i]
		    : c->by_type[i / AD_SYNC_COUNTS - 1][i % AD_SYNC_COUNTS]));
		sv_buf_addc(&b, ' ');
	}
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}

void
ad_sync_counts_read(struct sv_str text, struct ad_sync_counts *ret)
{
	*ret = (struct ad_sync_counts){ .n = { 0 } };
	for (size_t i = 0; text.n > 0
	    && i < sizeof(*ret) / sizeof(ret->n[0]); i++) {
		int64_t v = strtoll(text.p, NULL, 10);

		if (i < AD_SYNC_COUNTS)
			ret->n[i] = v;
		else
			ret->by_type[i / AD_SYNC_COUNTS - 1]
			    [i % AD_SYNC_COUNTS] = v;
		text = sv_str_from(text, sv_str_chr(text, ' ') + 1);
	}
}

struct ad_sync_counts
ad_sync_total(const struct ad_sync *Y)
{
	struct ad_sync_counts all = { .n = { 0 } };

	for (size_t i = 0; i < Y->n_files; i++)
		ad_sync_counts_add(&all, &Y->file[i].counts);
	return all;
}
