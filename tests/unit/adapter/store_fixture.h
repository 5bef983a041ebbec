/**
 * store_fixture.h: a store in a temporary folder.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ad_store.h"
#include "test_arena.h"

static struct sv_arena A;
static struct ad_store *S;
static char folder[32], file[64];

/* The store ${file}, opened as ${mode}. */
static inline struct ad_store *
open_store(enum ad_store_mode mode)
{
	struct sv_err err = { .text = "" };
	struct ad_store *ret = ad_store_open(file, mode, &err);

	cr_assert(ret != NULL, "%s", err.text);
	return ret;
}

static inline void
make_store(void)
{
	A = test_arena((size_t)512 << 20);
	(void)snprintf(folder, sizeof(folder), "/tmp/salvor-store-XXXXXX");
	cr_assert(mkdtemp(folder) != NULL);
	(void)snprintf(file, sizeof(file), "%s/s.db", folder);
	S = open_store(AD_STORE_SERVICE);
}

static inline void
remove_store(void)
{
	char command[128];

	ad_store_close(S);
	sv_arena_free(&A);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert(system(command) == 0);
}

#endif
