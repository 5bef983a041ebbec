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
ad_sync_counts_put(struct sv_buf *b, const struct ad_sync_counts *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < AD_SYNC_COUNTS; k++) {
			sv_buf_addu(b, (uint64_t)c[i].n[k]);
			sv_buf_addc(b, ' ');
		}
	}
}

int64_t
ad_sync_number(struct sv_str *text)
{
	struct sv_str word = sv_str_cut(text, ' ');

	return word.n > 0 ? strtoll(word.p, NULL, 10) : 0;
}

void
ad_sync_counts_read(struct sv_str *text, struct ad_sync_counts *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < AD_SYNC_COUNTS; k++)
			ret[i].n[k] = ad_sync_number(text);
	}
}

struct ad_sync_counts
ad_sync_total(const struct ad_sync *Y)
{
	struct ad_sync_counts all = { .n = { 0 } };

	for (size_t i = 0; i < Y->n_files; i++) {
		for (int c = 0; c < AD_SYNC_COUNTS; c++)
			all.n[c] += Y->file[i].counts.n[c];
	}
	return all;
}
