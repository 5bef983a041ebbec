#include "test_arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *
more(void *ctx, size_t n)
{
	long *allowed = ctx;

	if (allowed != NULL && (*allowed)-- <= 0)
		return NULL;
	return malloc(n);
}

static void *
more_but_one(void *ctx, size_t n)
{
	long *before = ctx;

	return (*before)-- == 0 ? NULL : malloc(n);
}

static void
done(void *ctx, void *block)
{
	(void)ctx;
	free(block);
}

struct sv_arena
test_arena(size_t ceiling)
{
	return test_arena_failing(ceiling, NULL);
}

struct sv_arena
test_arena_failing(size_t ceiling, long *allowed)
{
	struct sv_arena A;

	sv_arena_init(&A, (struct sv_arena_source){ more, done, allowed },
	    ceiling);
	return A;
}

struct sv_arena
test_arena_refusing_once(size_t ceiling, long *before)
{
	struct sv_arena A;

	sv_arena_init(&A, (struct sv_arena_source){ more_but_one, done,
	    before }, ceiling);
	return A;
}

static void
full_path(const char *path, char out[1024])
{
	const char *root = getenv("SALVOR_SOURCE_ROOT");

	(void)snprintf(out, 1024, "%s%s%s", path[0] == '/' ? "" :
	    root != NULL ? root : ".", path[0] == '/' ? "" : "/", path);
}

bool
test_exists(const char *path)
{
	char full[1024];

	full_path(path, full);
	return access(full, R_OK) == 0;
}

struct sv_str
test_read(struct sv_arena *A, const char *path)
{
	char full[1024];
	FILE *f;
	long n;
	char *p;

	full_path(path, full);
	if ((f = fopen(full, "rb")) == NULL || fseek(f, 0, SEEK_END) != 0
	    || (n = ftell(f)) < 0) {
		fprintf(stderr, "cannot read %s\n", full);
		abort();
	}
	rewind(f);
	if ((p = sv_arena_alloc(A, (size_t)n + 1)) == NULL
	    || fread(p, 1, (size_t)n, f) != (size_t)n) {
		fprintf(stderr, "cannot read %s\n", full);
		abort();
	}
	p[n] = '\0';
	(void)fclose(f);
	return (struct sv_str){ p, (size_t)n };
}
