/* Runs a fuzz target over the files and the files of the folders named, for
 * compilers without libFuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

static size_t inputs;

static void
replay_file(const char *path)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct sv_str text = test_read(&A, path);
	/* Exactly as large as the input: a byte beyond is found. */
	uint8_t *copy = malloc(text.n > 0 ? text.n : 1);

	fuzz_must(copy != NULL);
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	(void)LLVMFuzzerTestOneInput(copy, text.n);
	free(copy);
	sv_arena_free(&A);
	inputs++;
}

/* ${path} and, if it is a folder, all below it. */
static void
replay(const char *path)
{
	char below[4096];
	struct dirent *d;
	DIR *D = opendir(path);

	if (D == NULL) {
		replay_file(path);
		return;
	}
	while ((d = readdir(D)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s", path,
		    d->d_name);
		replay(below);
	}
	(void)closedir(D);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%zu inputs\n", inputs);
	return inputs > 0 ? 0 : 1;
}
