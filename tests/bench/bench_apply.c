/*
 * What one message costs the processor, without sockets and disks: read, then
 * applied and committed in units of sixteen.  Run it under callgrind to see
 * where: on a shared machine instructions say more than time.
 *
 * usage: bench_apply BODY N [same].  BODY is a Bundle with @ where the name of
 * the patient goes (bench_intake.py --body BYTES); each message is of a new
 * patient, or with "same" adds one result to a patient who has all of BODY.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ad_intake.h"
#include "sv_buf.h"
#include "test_arena.h"
#include "vignette.h"

#define UNIT 16
#define NOW_MS ((int64_t)1777636800000)	/* 2026-05-01T12:00:00Z */

static const struct sv_str ehr[] = { SV_STATIC("ehr") };
static struct ad_intake_config cfg;
static double reading, applying;

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench_apply: %s\n", what);
		exit(1);
	}
}

/* ${text} with every @ as ${name}. */
static struct sv_str
named(struct sv_arena *A, struct sv_str text, const char *name)
{
	struct sv_buf b;

	sv_buf_init(&b, A, text.n * 4);
	while (text.n > 0) {
		size_t n = sv_str_chr(text, '@');

		sv_buf_add(&b, (struct sv_str){ text.p, n });
		if (n < text.n)
			sv_buf_add(&b, sv_str_of(name));
		text = sv_str_from(text, n + 1);
	}
	check(sv_buf_ok(&b), "memory");
	return sv_buf_str(&b);
}

/* A further result of the patient ${k}, ${i} days later. */
static struct sv_str
result(struct sv_arena *A, int k, int i)
{
	return sv_arena_printf(A, "{\"resourceType\":\"Observation\",\"id\":"
	    "\"r%d-%d\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
	    "\"http://loinc.org\",\"code\":\"2857-1\"}]},\"subject\":{"
	    "\"reference\":\"https://ehr.example/fhir/Patient/pat-%d\"},"
	    "\"effectiveDateTime\":\"2026-04-%02d\",\"valueQuantity\":{"
	    "\"value\":0.%d,\"unit\":\"ng/mL\",\"system\":"
	    "\"http://unitsofmeasure.org\",\"code\":\"ng/mL\"}}", k, i, k,
	    1 + i % 28, 20 + i);
}

static void
unit(struct ad_store *S, const struct sv_str *body, int n)
{
	struct ad_intake *I[UNIT];
	double t = now();

	for (int i = 0; i < n; i++)
		check(sv_is_ok(ad_intake_read(&cfg, &(struct ad_request){
		    .source = SV_LIT("bench"), .method = SV_LIT("POST"),
		    .received_ms = NOW_MS, .body = body[i] }, &I[i])), "read");
	reading += now() - t;
	t = now();
	check(sv_is_ok(ad_store_begin(S)), "begin");
	for (int i = 0; i < n; i++) {
		check(sv_is_ok(ad_store_savepoint(S))
		    && sv_is_ok(ad_intake_apply(I[i], S))
		    && sv_is_ok(ad_store_release(S)), ad_store_error(S));
		check(ad_intake_answer(I[i]).fate == AD_FATE_APPLIED,
		    ad_intake_answer(I[i]).body.p);
	}
	check(sv_is_ok(ad_store_commit(S)), ad_store_error(S));
	applying += now() - t;
	for (int i = 0; i < n; i++)
		ad_intake_free(I[i]);
}

int
main(int argc, char **argv)
{
	struct sv_arena A = test_arena((size_t)512 << 20), B;
	struct core_rulebook book = test_rulebook(&A);
	struct map_engine engine = test_engine(&A, &book);
	char folder[] = "/tmp/salvor-bench-XXXXXX", command[64], path[64];
	struct sv_str body[UNIT], whole;
	struct ad_store *S;
	struct sv_err err = { .text = "" };
	bool same = argc > 3;
	int n;

	check(argc > 2 && mkdtemp(folder) != NULL, "usage: BODY N [same]");
	n = (int)strtol(argv[2], NULL, 10);
	whole = test_read(&A, argv[1]);
	cfg = (struct ad_intake_config){ .engine = &engine,
		.sha256 = SV_LIT("0123456789abcdef"), .destinations = ehr,
		.n_destinations = 1, .software = SV_LIT("salvor bench") };
	(void)snprintf(path, sizeof(path), "%s/s.db", folder);
	S = ad_store_open(path, AD_STORE_SERVICE, &err);
	check(S != NULL, err.text);
	for (int i = 0; i < n; i += UNIT) {
		B = test_arena((size_t)64 << 20);
		if (i == UNIT)
			reading = applying = 0;
		for (int k = 0; k < UNIT; k++) {
			char name[24];

			(void)snprintf(name, sizeof(name), "%d",
			    same ? k : i + k);
			body[k] = same && i > 0 ? result(&B, k, i / UNIT)
			    : named(&B, whole, name);
		}
		unit(S, body, UNIT);
		sv_arena_free(&B);
	}
	printf("a message: read %.0f us, applied and committed %.0f us\n",
	    reading / (n - UNIT) * 1e6, applying / (n - UNIT) * 1e6);
	ad_store_close(S);
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	sv_arena_free(&A);
	return system(command);
}
