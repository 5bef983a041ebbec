/*
 * Which files there are, and which were taken in already.
 */
#include "ad_sync_run.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ad_sync_block.h"
#include "ad_sync_fetch.h"

bool
ad_sync_is_part(const struct ad_sync *Y)
{
	return Y->o->since != NULL || Y->o->patients != NULL;
}

static struct sv_status
cannot(struct ad_sync *Y, const char *path)
{
	(void)snprintf(Y->why, sizeof(Y->why), "%.300s: %s", path,
	    strerror(errno));
	return SV_BAD;
}

struct sv_status
ad_sync_add_file(struct ad_sync *Y, const char *folder, const char *name)
{
	struct ad_sync_file *bigger = realloc(Y->file, (Y->n_files + 1)
	    * sizeof(*bigger)), *f;
	size_t n = strlen(folder) + strlen(name) + 2;
	struct stat st;

	SV_ENSURE(bigger != NULL, SV_NOMEM);
	Y->file = bigger;
	f = &bigger[Y->n_files];
	*f = (struct ad_sync_file){ .path = malloc(n) };
	SV_ENSURE(f->path != NULL, SV_NOMEM);
	Y->n_files++;
	(void)snprintf(f->path, n, "%s/%s", folder, name);
	f->name = f->path + strlen(folder) + 1;
	if (stat(f->path, &st) != 0)
		return cannot(Y, f->path);
	f->size = st.st_size;
	f->modified = (int64_t)st.st_mtim.tv_sec * 1000000000
	    + st.st_mtim.tv_nsec;
	return SV_OK;
}

/* By name; what is deleted comes last ([M6] of the specification). */
static int
by_name(const void *a, const void *b)
{
	const char *x = ((const struct ad_sync_file *)a)->name;
	const char *y = ((const struct ad_sync_file *)b)->name;
	int dx = strstr(x, "deleted") != NULL, dy = strstr(y, "deleted") != NULL;

	return dx != dy ? dx - dy : strcmp(x, y);
}

static struct sv_status
list_folder(struct ad_sync *Y, const char *folder)
{
	DIR *dir = opendir(folder);
	struct sv_status s = SV_OK;
	struct dirent *d;

	if (dir == NULL)
		return cannot(Y, folder);
	while (sv_is_ok(s) && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] != '.' && sv_str_ends(sv_str_of(d->d_name),
		    SV_LIT(".ndjson")))
			s = ad_sync_add_file(Y, folder,
			    d->d_name);
	}
	(void)closedir(dir);
	SV_TRY(s);
	if (Y->n_files == 0) {
		(void)snprintf(Y->why, sizeof(Y->why), "%.300s holds no "
		    ".ndjson file: is the export there?", folder);
		return SV_BAD;
	}
	qsort(Y->file, Y->n_files, sizeof(*Y->file), by_name);
	return SV_OK;
}

static struct sv_status
digest_file(struct ad_sync *Y, struct ad_sync_file *f)
{
	struct ad_sync_blocks B;
	struct sv_status s = ad_sync_blocks_make(&B);

	if (sv_is_ok(s) && !ad_sync_blocks_open(&B, f->path, f->size))
		s = cannot(Y, f->path);
	if (sv_is_ok(s))
		ad_sync_blocks_digest(&B, f->digest);
	ad_sync_blocks_free(&B);
	return s;
}

static struct ad_taken
taken_of(const struct ad_sync *Y, const struct ad_sync_file *f)
{
	return (struct ad_taken){ .registry = Y->state.name,
		.name = sv_str_of(f->name), .run = Y->state.run,
		.size = f->size, .modified = f->modified,
		.rules = sv_str_of(Y->u->engine.terminology_sha256), .digest = { "", 0 } };
}

/* This run has begun it, or is done with it. */
static struct sv_status
find_begun(struct ad_sync *Y, struct ad_sync_file *f)
{
	struct ad_taken t = taken_of(Y, f);
	struct sv_status s = ad_store_get_file(Y->R, &Y->A, &t);

	SV_TRY(s);
	f->begun = true;
	f->skip = t.done;
	f->offset = t.offset;
	f->line = t.line;
	f->patients = t.patients;
	(void)snprintf(f->digest, sizeof(f->digest), "%.*s", SV_FMT(t.digest));
	ad_sync_counts_read(&t.counts, &f->counts, 1);
	return SV_OK;
}

/* The last run, or this one under another name, took it in. */
static struct sv_status
find_taken(struct ad_sync *Y, struct ad_sync_file *f)
{
	struct ad_taken t = taken_of(Y, f);
	struct sv_status s = ad_store_find_file(Y->R, &Y->A, &t);

	SV_TRY(s);
	SV_TRY(digest_file(Y, f));
	t.digest = sv_str_of(f->digest);
	SV_TRY(ad_store_find_file(Y->R, &Y->A, &t));
	f->skip = true;
	f->offset = f->size;
	f->line = t.line;
	f->patients = t.patients;
	return SV_OK;
}

static struct sv_status
look_up(struct ad_sync *Y, struct ad_sync_file *f)
{
	struct sv_status s = Y->state.run != 0 ? find_begun(Y, f) : SV_SKIP;

	if (s.code != SV_CODE_SKIP || Y->o->full || ad_sync_is_part(Y))
		return s;
	return find_taken(Y, f);
}

static void
read_again(struct ad_sync_file *f)
{
	f->begun = f->skip = false;
	f->offset = f->line = f->patients = 0;
	f->counts = (struct ad_sync_counts){ .n = { 0 } };
}

/* Who left is known only if all Patients are read, or none has changed. */
static void
read_patients_again(struct ad_sync *Y)
{
	bool changed = false;

	for (size_t i = 0; i < Y->n_files; i++)
		changed = changed || !Y->file[i].skip;
	changed = changed && Y->conf->purge_left && !ad_sync_has_members(Y);
	for (size_t i = 0; changed && i < Y->n_files; i++) {
		struct ad_sync_file *f = &Y->file[i];

		if (f->skip && f->patients > 0
		    && f->counts.n[AD_SYNC_LINES] == 0)
			read_again(f);
	}
}

/* Are all files there, as they were, of which this run noted how far they are,
 * when it was interrupted? */
static struct sv_status
are_begun_there(struct ad_sync *Y, bool *ret)
{
	int64_t noted = 0, there = 0;

	for (size_t i = 0; i < Y->n_files; i++)
		there += Y->file[i].begun ? 1 : 0;
	SV_TRY(ad_store_count_files(Y->R, Y->state.name, Y->state.run,
	    &noted));
	*ret = noted == there;
	return SV_OK;
}

static struct sv_status
look_up_all(struct ad_sync *Y, bool *ret_there)
{
	struct sv_status s = SV_OK;
	int64_t done = 0, all = 0;

	for (size_t i = 0; i < Y->n_files; i++)
		all += Y->file[i].size;
	ad_progress_phase(Y->P, "comparing", all, true);
	SV_TRY(ad_store_begin(Y->R));
	for (size_t i = 0; sv_is_ok(s) && i < Y->n_files; i++) {
		s = look_up(Y, &Y->file[i]);
		if (s.code == SV_CODE_SKIP)
			s = SV_OK;
		done += Y->file[i].size;
		ad_progress_show(Y->P, done);
	}
	if (sv_is_ok(s))
		s = are_begun_there(Y, ret_there);
	ad_store_rollback(Y->R);
	return s;
}

/* What was counted and refused of a file that is another one now cannot be told
 * from the rest: so all is counted again.  What is in the store stays. */
static struct sv_status
begin_anew(struct ad_sync *Y)
{
	struct sv_status s;

	ad_sync_say(Y, "files of the interrupted run are not there as they "
	    "were: it begins anew");
	for (size_t i = 0; i < Y->n_files; i++)
		read_again(&Y->file[i]);
	memset(Y->by_type, 0, sizeof(Y->by_type));
	SV_TRY(ad_sync_cut_refused(Y, 0));
	SV_TRY(ad_store_begin(Y->S));
	s = ad_store_drop_run(Y->S, Y->state.name, Y->state.run);
	if (sv_is_ok(s))
		s = ad_sync_put_state(Y);
	return ad_store_end(Y->S, s);
}

struct sv_status
ad_sync_plan(struct ad_sync *Y)
{
	bool there;

	SV_TRY(Y->conf->url != NULL ? ad_sync_fetch(Y)
	    : list_folder(Y, Y->conf->folder));
	SV_TRY(look_up_all(Y, &there));
	if (!there) {
		SV_TRY(begin_anew(Y));
		SV_TRY(look_up_all(Y, &there));
	}
	read_patients_again(Y);
	for (size_t i = 0; i < Y->n_files; i++)
		Y->n_skipped += Y->file[i].skip ? 1 : 0;
	return SV_OK;
}

struct sv_status
ad_sync_note_file(struct ad_sync *Y, size_t i)
{
	const struct ad_sync_file *f = &Y->file[i];
	struct ad_taken t = taken_of(Y, f);
	struct sv_buf counts;

	/* A part is no reason to skip the file another time. */
	if (ad_sync_is_part(Y))
		return SV_OK;
	t.digest = sv_str_of(f->digest);
	t.done = f->skip || f->done;
	t.offset = f->offset;
	t.line = f->line;
	t.patients = f->patients;
	ad_sync_note(Y, &counts);
	ad_sync_counts_put(&counts, &f->counts, 1);
	SV_ENSURE(sv_buf_ok(&counts), SV_NOMEM);
	t.counts = sv_buf_str(&counts);
	return ad_store_put_file(Y->S, &t);
}

void
ad_sync_files_free(struct ad_sync *Y)
{
	for (size_t i = 0; i < Y->n_files; i++)
		free(Y->file[i].path);
	free(Y->file);
	Y->file = NULL;
	Y->n_files = 0;
}
