#include "ad_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sv_str.h"

/* Append a copy of ${folder}/${name}, or of ${name} if ${folder} is NULL. */
static bool
add(struct ad_files *F, const char *folder, const char *name)
{
	size_t n = strlen(name) + (folder != NULL ? strlen(folder) : 0) + 2;
	char **bigger = realloc(F->path, (F->n + 1) * sizeof(*bigger));

	if (bigger == NULL)
		return false;
	F->path = bigger;
	if ((F->path[F->n] = malloc(n)) == NULL)
		return false;
	(void)snprintf(F->path[F->n++], n, "%s%s%s", folder != NULL ? folder
	    : "", folder != NULL ? "/" : "", name);
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_fhir_file(const char *name)
{
	struct sv_str s = sv_str_of(name);

	return name[0] != '.' && (sv_str_ends(s, SV_LIT(".json"))
	    || sv_str_ends(s, SV_LIT(".ndjson"))
	    || sv_str_ends(s, SV_LIT(".xml")));
}

static enum ad_exit
add_folder(struct ad_files *F, const char *folder)
{
	DIR *dir = opendir(folder);
	size_t first = F->n;
	struct dirent *d;
	bool ok = true;

	if (dir == NULL) {
		fprintf(stderr, "salvor: %s: %s\n", folder, strerror(errno));
		return AD_EXIT_REFUSED;
	}
	while (ok && (d = readdir(dir)) != NULL)
		ok = !is_fhir_file(d->d_name) || add(F, folder, d->d_name);
	(void)closedir(dir);
	if (!ok)
		return AD_EXIT_TEMPORARY;
	if (F->n == first) {
		fprintf(stderr, "salvor: %s holds no .json, .ndjson or .xml "
		    "file\n", folder);
		return AD_EXIT_REFUSED;
	}
	qsort(F->path + first, F->n - first, sizeof(*F->path), by_name);
	return AD_EXIT_OK;
}

/* The size of all files, unless one of them is a pipe. */
static int64_t
total(const struct ad_files *F)
{
	struct stat st;
	int64_t bytes = 0;

	for (size_t i = 0; i < F->n; i++) {
		if (stat(F->path[i], &st) != 0 || !S_ISREG(st.st_mode))
			return 0;
		bytes += st.st_size;
	}
	return bytes;
}

enum ad_exit
ad_files_find(const struct ad_options *o, struct ad_files *ret)
{
	enum ad_exit e = AD_EXIT_OK;
	struct stat st;

	*ret = (struct ad_files){ .n = 0 };
	if (o->n_files == 0 && !add(ret, NULL, "-"))
		e = AD_EXIT_TEMPORARY;
	for (size_t i = 0; e == AD_EXIT_OK && i < o->n_files; i++) {
		if (stat(o->files[i], &st) == 0 && S_ISDIR(st.st_mode))
			e = add_folder(ret, o->files[i]);
		else if (!add(ret, NULL, o->files[i]))
			e = AD_EXIT_TEMPORARY;
	}
	if (e == AD_EXIT_TEMPORARY)
		fprintf(stderr, "salvor: not enough memory\n");
	ret->bytes = total(ret);
	return e;
}

void
ad_files_free(struct ad_files *F)
{
	for (size_t i = 0; i < F->n; i++)
		free(F->path[i]);
	free(F->path);
}
