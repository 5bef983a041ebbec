/**
 * fuzz.h: one fuzz target a file, run by libFuzzer (./dev fuzz) or over the
 * seeds by replay.c (./dev test).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "test_arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Memory of one input. */
#define FUZZ_ARENA ((size_t)256 << 20)

/** Stop here if ${ok} does not hold, so that the input is kept. */
static inline void
fuzz_must(bool ok)
{
	if (!ok)
		abort();
}

#endif
