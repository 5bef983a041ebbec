/*
 * cJSON alone: parse every line of the files of a folder, and nothing else.
 * What salvor sync is held against (bench_sync.py).
 *
 * usage: bench_cjson FOLDER
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t lines;

static bool
parse_file(const char *folder, const char *name)
{
	char path[4096], *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f;
	bool ok = true;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	(void)setvbuf(f, NULL, _IOFBF, (size_t)1 << 20);
	while (ok && (n = getline(&line, &cap, f)) > 0) {
		struct cJSON *tree = cJSON_ParseWithLength(line, (size_t)n);

		ok = tree != NULL;
		cJSON_Delete(tree);
		lines++;
	}
	free(line);
	(void)fclose(f);
	return ok;
}

int
main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *d;
	bool ok = dir != NULL;

	while (ok && (d = readdir(dir)) != NULL)
		ok = d->d_name[0] == '.' || parse_file(argv[1], d->d_name);
	if (dir != NULL)
		(void)closedir(dir);
	if (!ok)
		return 1;
	printf("%zu lines\n", lines);
	return 0;
}
