/*
 * In which order the blocks of an export are read.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ad_sync_order.h"

#define BLOCK 131072		/* of ad_sync_block.c, about */
#define LINE 1024
#define MOST 64

static char folder[64];
static char path[8][128];
static struct ad_sync_file file[8];
static size_t n_files;

static void
make_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/salvor-order-XXXXXX");
	cr_assert(mkdtemp(folder) != NULL);
	(void)snprintf(path[0], sizeof(path[0]), "%s/more", folder);
	cr_assert(mkdir(path[0], 0700) == 0);
}

static void
remove_folder(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert(system(command) == 0);
}

TestSuite(sync_order, .init = make_folder, .fini = remove_folder);

/* The next file of the run, of about ${blocks}. */
static void
add_file(const char *name, int blocks)
{
	int lines = blocks * BLOCK / LINE - blocks;
	char *p = path[n_files];
	FILE *out;

	(void)snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	out = fopen(p, "w");
	cr_assert(out != NULL, "%s", p);
	for (int i = 0; i < lines; i++)
		(void)fprintf(out, "%0*d\n", LINE - 1, i);
	cr_assert(fclose(out) == 0);
	file[n_files++] = (struct ad_sync_file){ .path = p,
		.name = p + strlen(folder) + 1,
		.size = (int64_t)lines * LINE };
}

/* Blocks in the order in which they are read: "0 0 1 0 2". */
struct reading {
	char order[MOST * 2 + 1];
	int64_t offset[MOST];		/* behind each */
	size_t of[MOST], n;
	struct sv_status s;
};

static struct reading
read_all(void)
{
	struct ad_sync_block k = { .p = NULL };
	struct reading R = { .n = 0 };
	struct ad_sync_order O;
	char digest[33];

	cr_assert(sv_is_ok(ad_sync_order_make(&O, file, n_files)));
	while (R.n < MOST && sv_is_ok(R.s = ad_sync_order_next(&O, &k,
	    &R.of[R.n], digest))) {
		(void)snprintf(R.order + 2 * R.n, 3, "%zu ", R.of[R.n]);
		R.offset[R.n++] = k.offset;
	}
	if (R.n > 0)
		R.order[2 * R.n - 1] = '\0';
	ad_sync_order_free(&O);
	free(k.p);
	return R;
}

static void
check_order(const char *want)
{
	struct reading R = read_all();

	cr_assert_eq(R.s.code, SV_CODE_SKIP);
	cr_assert_str_eq(R.order, want);
}

Test(sync_order, types_are_read_side_by_side)
{
	add_file("Condition.0.ndjson", 2);
	add_file("Observation.0.ndjson", 4);
	add_file("Observation.1.ndjson", 2);
	add_file("Patient.0.ndjson", 1);
	check_order("0 1 3 1 1 0 1 2 2");
}

/* Then the order of the files says what is newer, and deletions are last. */
Test(sync_order, what_names_no_single_type_waits_for_what_is_before_it)
{
	add_file("0-0-Condition.ndjson", 2);
	add_file("0-1-Patient.ndjson", 2);
	add_file("0-2-deleted.ndjson", 2);
	add_file("0-3-Condition.ndjson", 1);
	add_file("Observation-and-Patient.ndjson", 2);
	check_order("0 1 0 1 2 2 3 4 4");
}

Test(sync_order, so_does_another_folder)
{
	add_file("more/Condition.ndjson", 2);
	add_file("Condition.ndjson", 1);
	add_file("Patient.ndjson", 2);
	check_order("0 0 1 2 2");
}

Test(sync_order, what_is_skipped_counts_as_read)
{
	add_file("Condition.0.ndjson", 3);
	add_file("Condition.1.ndjson", 1);
	add_file("Patient.ndjson", 4);
	file[0].skip = true;
	check_order("2 2 2 1 2");
}

Test(sync_order, nothing_to_read)
{
	check_order("");
	add_file("Patient.ndjson", 0);
	check_order("0");
	file[0].skip = true;
	check_order("");
}

/* Wherever a run was killed, what is left comes in the same order. */
Test(sync_order, goes_on_as_it_would_have)
{
	struct reading all, rest;

	add_file("Condition.ndjson", 3);
	add_file("Observation.0.ndjson", 4);
	add_file("Observation.1.ndjson", 3);
	add_file("Patient.ndjson", 2);
	all = read_all();
	for (size_t i = 0; i < all.n; i++) {
		struct ad_sync_file *f = &file[all.of[i]];

		f->offset = all.offset[i];
		f->skip = f->offset == f->size;
		rest = read_all();
		cr_assert_eq(rest.n, all.n - i - 1);
		cr_assert(memcmp(rest.of, all.of + i + 1, rest.n
		    * sizeof(rest.of[0])) == 0, "behind block %zu", i);
	}
}

Test(sync_order, a_file_that_is_gone_is_said)
{
	add_file("Condition.ndjson", 1);
	add_file("Patient.ndjson", 1);
	cr_assert(remove(path[1]) == 0);
	errno = 0;
	cr_assert_eq(read_all().s.code, SV_CODE_BAD);
	cr_assert_eq(errno, ENOENT);
}

static void
check_type(const char *name, const char *want)
{
	struct sv_str type = ad_sync_type_in_name(sv_str_of(name));

	cr_assert(sv_str_is(type, want), "%s: %.*s", name, SV_FMT(type));
}

Test(sync_order, types_in_names)
{
	check_type("Observation.ndjson", "Observation");
	check_type("12-3-MedicationRequest.ndjson", "MedicationRequest");
	check_type("Patient/7_Condition_Condition.ndjson", "Condition");
	check_type("observation.ndjson", "");
	check_type("Observations.ndjson", "");
	check_type("Patient+Condition.ndjson", "");
	check_type("0-1-Bundle.ndjson", "");
	check_type("0-1-deleted.ndjson", "");
	check_type("", "");
}
