/*
 * Bundle bytes to guidance bytes on one core, against cJSON parsing alone on
 * the same bytes in the same run.  Two loads: the cases as they are (every
 * resource matters), and the same among resources that do not matter, as a
 * real history has them.  "bench_line N": only the core, N times all cases.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test_arena.h"
#include "vignette.h"

#define CASES 125
#define ROUNDS 20
/* Knowledge K4: what a plain Python evaluation of facts and rules takes. */
#define PYTHON_MS 0.4

static double
clock_of(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
now(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

/* ${text} without the blanks between its tokens. */
static struct sv_str
compact(struct sv_arena *A, struct sv_str text)
{
	char *p = sv_arena_str(A, text).p == NULL ? NULL
	    : sv_arena_alloc(A, text.n + 1);
	bool in = false;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' && (i == 0 || text.p[i - 1] != '\\'))
			in = !in;
		if (in || (c != ' ' && c != '\n'))
			p[n++] = c;
	}
	return (struct sv_str){ p, n };
}

/* The same Bundle with ${k} resources of no interest behind its own. */
static struct sv_str
dilute(struct sv_arena *A, struct sv_str text, int k)
{
	struct sv_buf b;

	sv_buf_init(&b, A, (size_t)8 << 20);
	sv_buf_add(&b, (struct sv_str){ text.p, text.n - 2 });
	for (int i = 0; i < k; i++)
		sv_buf_printf(&b, ",{\"fullUrl\":\"urn:uuid:00000000-0000-4000-"
		    "8000-%012d\",\"resource\":{\"resourceType\":\"Encounter\","
		    "\"id\":\"enc%d\",\"status\":\"finished\",\"class\":{"
		    "\"system\":\"http://terminology.hl7.org/CodeSystem/v3-"
		    "ActCode\",\"code\":\"AMB\"},\"type\":[{\"coding\":[{"
		    "\"system\":\"http://snomed.info/sct\",\"code\":"
		    "\"185345009\",\"display\":\"Encounter for symptom\"}]}],"
		    "\"period\":{\"start\":\"2019-03-0%dT09:00:00+01:00\","
		    "\"end\":\"2019-03-0%dT09:15:00+01:00\"},"
		    "\"serviceProvider\":{\"display\":\"General practice\"}}}",
		    i, i, i % 9 + 1, i % 9 + 1);
	sv_buf_add(&b, SV_LIT("]}"));
	return sv_buf_str(&b);
}

static double
parse_alone(const struct sv_str *in)
{
	double t = now();

	for (int r = 0; r < ROUNDS; r++) {
		for (int i = 0; i < CASES; i++)
			cJSON_Delete(cJSON_ParseWithLength(in[i].p, in[i].n));
	}
	return now() - t;
}

static double
whole_line(const struct map_engine *e, const struct sv_str *in,
    const struct vignette *v, size_t *written)
{
	struct sv_arena A = test_arena((size_t)256 << 20);
	double t = now();

	*written = 0;
	for (int i = 0; i < ROUNDS * CASES; i++) {
		struct map_output_options o = { .recorded = SV_LIT(
		    "2026-05-01T08:00:00Z"), .software = SV_LIT("bench") };
		struct fhir_issues is;
		struct map_result r;
		struct sv_buf out;

		sv_arena_reset(&A);
		fhir_issues_init(&is, &A);
		sv_buf_init(&out, &A, (size_t)64 << 20);
		if (!sv_is_ok(map_line_decide(&(struct map_line){ &A, e,
		    v[i % CASES].known.as_of, &is }, in[i % CASES], &r))
		    || !sv_is_ok(map_bundle_write(&A, &r, &o, &out)))
			printf("case %d failed\n", i % CASES);
		*written += out.n;
	}
	t = now() - t;
	sv_arena_free(&A);
	return t;
}

static void
compare(const char *name, const struct map_engine *e, const struct sv_str *in,
    const struct vignette *v)
{
	double bytes = 0, parse, line;
	size_t written;

	for (int i = 0; i < CASES; i++)
		bytes += (double)in[i].n * ROUNDS;
	(void)parse_alone(in);
	parse = parse_alone(in);
	line = whole_line(e, in, v, &written);
	printf("%-28s %6.0f bytes in, %6.0f out a patient; %8.0f patients/s, "
	    "%6.0f MB/s; cJSON alone %6.0f MB/s; line / parse = %.2f\n", name,
	    bytes / ROUNDS / CASES, (double)written / ROUNDS / CASES,
	    ROUNDS * CASES / line, bytes / line / 1e6, bytes / parse / 1e6,
	    line / parse);
}

static void
core_alone(const struct core_rulebook *book, const struct vignette *v,
    int rounds)
{
	struct sv_arena A = test_arena((size_t)64 << 20);
	/* It only computes: processor time, which other processes do not
	 * take from it. */
	double t = clock_of(CLOCK_PROCESS_CPUTIME_ID), events = 0;
	int n = rounds * CASES;

	for (int i = 0; i < n; i++) {
		const struct vignette *c = &v[i % CASES];
		struct core_decision d;

		sv_arena_reset(&A);
		if (!sv_is_ok(core_decide(&A, book, &c->known, &d)))
			printf("case failed\n");
	}
	t = clock_of(CLOCK_PROCESS_CPUTIME_ID) - t;
	for (int i = 0; i < CASES; i++)
		events += (double)v[i].known.n_events / CASES;
	printf("%-28s %8.0f patients/s of %.1f events; the specification's "
	    "evaluator in Python, %.1f ms a patient: %.0f times as fast\n",
	    "core: events to findings", n / t, events, PYTHON_MS,
	    PYTHON_MS / 1e3 * n / t);
	sv_arena_free(&A);
}

int
main(int argc, char **argv)
{
	struct sv_arena A = test_arena((size_t)1 << 30);
	struct core_rulebook book = test_rulebook(&A);
	struct map_engine e = test_engine(&A, &book);
	struct sv_str plain[CASES], diluted[CASES];
	size_t n;
	struct vignette *v = vignettes_load(&A, &n);

	if (argc > 1) {
		core_alone(&book, v, (int)strtol(argv[1], NULL, 10));
		return 0;
	}
	for (int i = 0; i < CASES; i++) {
		char path[128];

		(void)snprintf(path, sizeof(path),
		    "tests/cases/vignettes-fhir/V%03d.json", i + 1);
		plain[i] = compact(&A, test_read(&A, path));
		diluted[i] = dilute(&A, plain[i], 60);
	}
	core_alone(&book, v, 200);
	compare("cases as they are", &e, plain, v);
	compare("among 60 other resources", &e, diluted, v);
	sv_arena_free(&A);
	return 0;
}
