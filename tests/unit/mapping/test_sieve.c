/* Which raw lines pass the sieve; that it is sound is shown by fuzz_sieve, over
 * every case and example. */
#include <criterion/criterion.h>

#include "map_sieve.h"
#include "map_subject.h"
#include "sv_buf.h"
#include "test_arena.h"
#include "vignette.h"

#define OBSERVATION "{\"resourceType\":\"Observation\",\"code\":{\"coding\":[{" \
	"\"system\":\"http://loinc.org\",\"code\":\""
#define END "\"}]}}"

static const struct {
	const char *line;
	bool passes;
} rows[] = {
	{ OBSERVATION "2857-1" END, true },
	{ OBSERVATION "2951-2" END, false },
	{ OBSERVATION "2951-2\",\"code\" :\t\"2857-1" END, true },
	/* A refused code is one that is known: the clinician hears of it. */
	{ OBSERVATION "10886-0" END, true },
	/* A value that looks like a code of the role is no reason to drop. */
	{ OBSERVATION "2951-2" "\"}]},\"note\":[{\"text\":\"\\u00e9\"}]}", false },
	{ OBSERVATION "\\u0032857-1" END, true },
	{ OBSERVATION "2857\\u002D1" END, true },
	{ OBSERVATION "2951-2\"}]},\"c\\u006fde\":\"x\"}", true },
	{ OBSERVATION "2951-2\"}]},\"div\":\"\\u003cdiv\\u003e\"}", false },
	{ OBSERVATION "2951-2\"}]},\"modifierExtension\":[]}", true },
	{ OBSERVATION "2951-2", true },			/* does not end */
	{ "{ \"resourceType\" : \"Encounter\", \"id\":\"1\"}", false },
	{ "{\"id\":\"1\",\"resourceType\":\"Encounter\"}", false },
	{ "{\"id\":\"1\",\"resourceType\":\"Patient\"}", true },
	{ "{\"id\":\"1\",\"contained\":[{\"resourceType\":\"Encounter\"}],"
	    "\"resourceType\":\"Encounter\"}", true },
	{ "{\"id\":\"1\"}", true }, { "[]", true }, { "nonsense", true },
	{ "{\"resourceType\":\"Enc\\u006funter\"}", true },
	{ "{\"resourceType\":\"Bundle\",\"entry\":[]}", true },
	{ "{\"resourceType\":\"Condition\",\"code\":{\"coding\":[{\"code\":"
	    "\"C61\"}]}}", true },
	{ "{\"resourceType\":\"Condition\",\"code\":{\"coding\":[{\"code\":"
	    "\"C61.9\"}]}}", true },
	{ "{\"resourceType\":\"Condition\",\"code\":{\"coding\":[{\"code\":"
	    "\"I10\"}]}}", false },
	{ "{\"resourceType\":\"Condition\",\"code\":{\"coding\":[{\"code\":"
	    "\"prostate-cancer\"}]}}", true },
	{ "{\"resourceType\":\"Condition\",\"code\":{\"coding\":[{\"code\":"
	    "\"2857-1\"}]}}", false },
	{ "{\"resourceType\":\"MedicationRequest\",\"medicationReference\":"
	    "{\"reference\":\"Medication/1\"}}", true },
	{ "{\"resourceType\":\"MedicationRequest\",\"medication"
	    "CodeableConcept\":{\"coding\":[{\"code\":\"161\"}]}}", false },
};

static struct sv_arena A;
static struct map_sieve *sieve;

static void
load(void)
{
	static struct core_rulebook book;
	struct map_engine engine;

	A = test_arena((size_t)64 << 20);
	book = test_rulebook(&A);
	engine = test_engine(&A, &book);
	cr_assert(sv_is_ok(map_sieve_make(&A, engine.input.terminology,
	    &sieve)));
}

static void
end(void)
{
	sv_arena_free(&A);
}

TestSuite(sieve, .init = load, .fini = end);

Test(sieve, lines)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_sieve_scan c = map_sieve_begin(sieve,
		    sv_str_of(rows[i].line), 0);
		struct sv_str line;

		cr_expect(map_sieve_next(&c, &line) == rows[i].passes, "%s",
		    rows[i].line);
	}
}

/* What is found in one line is not taken for a find in another. */
Test(sieve, block)
{
	struct map_sieve_scan c;
	struct sv_str line;
	size_t want = 0, n = sizeof(rows) / sizeof(rows[0]), got = 0;
	struct sv_buf block;

	sv_buf_init(&block, &A, 8192);
	sv_buf_add(&block, SV_LIT("\n"));
	for (size_t i = 0; i < n; i++) {
		sv_buf_printf(&block, "%s%s", rows[i].line, i % 2 == 0 ? "\r\n"
		    : "\n\n");
		want += rows[i].passes;
	}
	c = map_sieve_begin(sieve, sv_buf_str(&block), 100);
	while (map_sieve_next(&c, &line)) {
		got++;
		cr_expect(line.p[line.n - 1] != '\r');
	}
	cr_expect_eq(got, want);
	cr_expect_eq((size_t)c.dropped, n - want);
	cr_expect_eq((size_t)c.line, 100 + 1 + n + n / 2);
}

/* Every type that is read into events is one whose codes are looked at. */
Test(sieve, types)
{
	static const char *const types[] = { "Condition", "Observation",
		"DiagnosticReport", "Procedure", "MedicationAdministration",
		"MedicationStatement", "MedicationRequest",
		"MedicationDispense", "Specimen" };
	struct map_sieve_scan c;
	struct sv_str line, text;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!map_is_clinical(sv_str_of(types[i])))
			continue;
		text = sv_arena_printf(&A, "{\"resourceType\":\"%s\","
		    "\"modifierExtension\":[]}", types[i]);
		c = map_sieve_begin(sieve, text, 0);
		cr_expect(map_sieve_next(&c, &line), "%s", types[i]);
	}
}
