/**
 * intake_fixture.h: a store in a temporary folder, and a laboratory that sends
 * to it.
 */
#ifndef INTAKE_FIXTURE_H
#define INTAKE_FIXTURE_H

#include <string.h>

#include "ad_intake.h"
#include "messages.h"
#include "store_fixture.h"
#include "vignette.h"

/* 2026-05-01T12:00:00Z */
#define NOW_MS ((int64_t)1777636800000)

static struct core_rulebook book;
static struct map_engine engine;
static const struct sv_str ehr[] = { SV_STATIC("ehr") };
static struct ad_intake_config cfg;

static inline void
setup(void)
{
	make_store();
	book = test_rulebook(&A);
	engine = test_engine(&A, &book);
	cfg = (struct ad_intake_config){ .engine = &engine,
		.destinations = ehr, .n_destinations = 1,
		.software = SV_LIT("salvor test") };
}

/* Send ${body}; the answer, its body copied. */
static inline struct ad_answer
send(const char *method, const char *type, const char *id, struct sv_str body)
{
	struct ad_request r = { .source = SV_LIT("lab"),
		.method = sv_str_of(method), .type = sv_str_of(type),
		.id = sv_str_of(id), .body = body, .received_ms = NOW_MS };
	struct ad_intake *I;
	struct ad_answer a;

	cr_assert(sv_is_ok(ad_intake_read(&cfg, &r, &I)));
	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_intake_apply(I, S)), "%s", ad_store_error(S));
	cr_assert(sv_is_ok(ad_store_commit(S)));
	a = ad_intake_answer(I);
	a.body = sv_arena_str(&A, a.body);
	ad_intake_free(I);
	return a;
}

static inline struct ad_answer
post(const char *text)
{
	return send("POST", "", "", sv_str_of(text));
}

static inline int64_t
count_rows(void)
{
	struct ad_store_counts c;

	cr_assert(sv_is_ok(ad_store_count(S, &c)));
	return c.rows[AD_ROW_WAITING];
}

/* The decisions that hold for the patient ${name}, joined. */
static inline struct sv_str
holds(const char *name)
{
	struct ad_guidance *g;
	struct sv_str all = { "", 0 };
	int64_t patient;
	size_t n;

	cr_assert(sv_is_ok(ad_store_find_patient(S, SV_LIT("lab"),
	    sv_str_of(name), &patient)));
	cr_assert(sv_is_ok(ad_store_current(S, &A, patient, &g, &n)));
	for (size_t i = 0; i < n; i++)
		all = sv_arena_printf(&A, "%.*s%.*s ", SV_FMT(all),
		    SV_FMT(g[i].decision));
	return all;
}

static inline bool
contains(struct sv_str text, const char *part)
{
	return text.n > 0 && memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static const char *const clean[] = { PATIENT, CANCER, SURGERY,
	PSA("p1", META("1"), "final", "2025-11-10", "0.24"),
	PSA("p2", META("2"), "corrected", "2026-02-10", "0.40") };

static inline void
send_clean(void)
{
	for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
		cr_assert_eq(post(clean[i]).status, 200);
}

#endif
