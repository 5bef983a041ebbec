/*
 * However the resources of a patient arrive, once they are all there the
 * guidance is the same, and so is what the receiver shows as valid.
 */
#define _GNU_SOURCE	/* memmem */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_intake.h"
#include "fault_disk.h"
#include "fhir_type.h"
#include "resources.h"
#include "sv_limits.h"
#include "test_arena.h"
#include "vignette.h"

#define NOW_MS ((int64_t)1777636800000)	/* 2026-05-01T12:00:00Z */
#define MAX_KEYS 512

/* What the receiver keeps: the newest resource by its identity. */
struct receiver {
	struct sv_str key[MAX_KEYS];
	struct sv_str status[MAX_KEYS];
	size_t n;
};

static struct sv_arena A;	/* rules */
static struct core_rulebook book;
static struct map_engine engine;
static const struct sv_str ehr[] = { SV_STATIC("ehr") };
static struct ad_intake_config cfg;
static struct ad_store *S;
static char folder[] = "/tmp/salvor-equal-XXXXXX", file[64], lock[80];
static unsigned dice;

static unsigned
roll(unsigned n)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 16) % n;
}

static void
clean_up(void)
{
	(void)remove(lock);
	(void)remove(folder);
}

static void
setup(void)
{
	A = test_arena((size_t)512 << 20);
	resources_init();
	book = test_rulebook(&A);
	engine = test_engine(&A, &book);
	cfg = (struct ad_intake_config){ .engine = &engine,
		.destinations = ehr, .n_destinations = 1,
		.software = SV_LIT("salvor test") };
	cr_assert(mkdtemp(folder) != NULL);
	(void)snprintf(file, sizeof(file), "%s/s.db", folder);
	(void)snprintf(lock, sizeof(lock), "%s.lock", file);
	(void)atexit(clean_up);
	fault_disk_install();
}

TestSuite(equal, .init = setup, .timeout = 3600);

static void
open_store(void)
{
	struct sv_err err = { .text = "" };

	ad_store_close(S);
	fault_disk_wipe();
	S = ad_store_open(file, AD_STORE_SERVICE, &err);
	cr_assert(S != NULL, "%s", err.text);
}

static void
send(const char *method, struct sv_str type, struct sv_str id,
    struct sv_str body)
{
	struct ad_request q = { .source = SV_LIT("ehr"),
		.method = sv_str_of(method), .type = type, .id = id,
		.body = body, .received_ms = NOW_MS };
	struct ad_intake *I;
	struct ad_answer a;

	cr_assert(sv_is_ok(ad_intake_read(&cfg, &q, &I)));
	cr_assert(sv_is_ok(ad_store_begin(S)));
	cr_assert(sv_is_ok(ad_intake_apply(I, S)), "%s", ad_store_error(S));
	cr_assert(sv_is_ok(ad_store_commit(S)));
	a = ad_intake_answer(I);
	cr_assert_eq(a.fate, AD_FATE_APPLIED, "%.*s %.*s", SV_FMT(body),
	    SV_FMT(a.body));
	ad_intake_free(I);
}

static void
put(const struct resource *x, struct sv_str text)
{
	send("PUT", x->type, x->id, text);
}

static void
shuffle(size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t j = roll((unsigned)i), t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

/* (a) All at once. */
static void
clean(void)
{
	struct sv_buf b;

	sv_buf_init(&b, &resources_arena, (size_t)4 << 20);
	sv_buf_add(&b, SV_LIT("{\"resourceType\":\"Bundle\",\"type\":"
	    "\"collection\",\"entry\":["));
	for (size_t i = 0; i < resources_n; i++) {
		const struct resource *x = &resources[i];

		sv_buf_add(&b, sv_arena_printf(&resources_arena,
		    "%s{\"fullUrl\":\"https://ehr.example/fhir/%.*s/%.*s\","
		    "\"resource\":%.*s}", i > 0 ? "," : "", SV_FMT(x->type),
		    SV_FMT(x->id), SV_FMT(x->text)));
	}
	sv_buf_add(&b, SV_LIT("]}"));
	cr_assert(sv_buf_ok(&b));
	send("POST", SV_LIT(""), SV_LIT(""), sv_buf_str(&b));
}

/* (b) One by one, in any order. */
static void
shuffled(void)
{
	size_t order[RESOURCES_MAX];

	shuffle(order, resources_n);
	for (size_t i = 0; i < resources_n; i++)
		put(&resources[order[i]], resources[order[i]].text);
}

/* (c) Some twice, some three times. */
static void
repeated(void)
{
	shuffled();
	for (size_t i = 0; i < resources_n * 2; i++) {
		const struct resource *x = &resources[roll((unsigned)resources_n)];

		put(x, x->text);
	}
	clean();
}

/* (d) Older versions come late. */
static void
late(void)
{
	shuffled();
	for (size_t i = 0; i < resources_n; i++) {
		if (resources[i].wrong.p != NULL)
			put(&resources[i], resources[i].wrong);
	}
}

/* (e) First wrong, then corrected. */
static void
corrected(void)
{
	size_t order[RESOURCES_MAX];

	shuffle(order, resources_n);
	for (size_t i = 0; i < resources_n; i++) {
		const struct resource *x = &resources[order[i]];

		put(x, x->wrong.p != NULL ? x->wrong : x->text);
	}
	shuffled();
}

/* (f) First filed under the wrong resources_patient. */
static void
misfiled(void)
{
	char from[120];
	size_t order[RESOURCES_MAX];

	(void)snprintf(from, sizeof(from), "\"%.*s\"", SV_FMT(resources_patient));
	shuffle(order, resources_n);
	for (size_t i = 0; i < resources_n; i++) {
		const struct resource *x = &resources[order[i]];

		if (!sv_str_is(x->type, "Patient") && roll(3) == 0)
			put(x, resources_replace(x->wrong.p != NULL ? x->wrong : x->text,
			    from, "\"Patient/wrong\""));
	}
	shuffled();
}

/* (g) What does not belong there is deleted, or said to be in error. */
static void
with_extras(void)
{
	shuffled();
	for (size_t i = 0; i < resources_n; i++) {
		struct sv_str id = sv_arena_printf(&resources_arena, "%.*s-x",
		    SV_FMT(resources[i].id)), error;

		if (resources[i].extra.p == NULL)
			continue;
		send("PUT", resources[i].type, id, resources[i].extra);
		error = resources_replace(resources_replace_first(resources[i].extra,
		    "\"versionId\":\"1\"", "\"versionId\":\"2\""),
		    "\"status\": \"final\"", "\"status\": \"entered-in-error\"");
		if (memmem(error.p, error.n, "entered-in-error", 16) != NULL)
			send("PUT", resources[i].type, id, error);
		else
			send("DELETE", resources[i].type, id, SV_LIT(""));
	}
}

/* (h) Filed under two patients who then turn out to be one. */
static void
merged(void)
{
	struct sv_str link = sv_arena_printf(&resources_arena,
	    "{\"resourceType\":\"Patient\","
	    "\"id\":\"other\",\"active\":false,\"link\":[{\"other\":{"
	    "\"reference\":\"%.*s\"},\"type\":\"replaced-by\"}]}",
	    SV_FMT(resources_patient));
	char from[120];

	(void)snprintf(from, sizeof(from), "\"%.*s\"", SV_FMT(resources_patient));
	for (size_t i = 0; i < resources_n; i++)
		put(&resources[i], roll(2) == 0 || sv_str_is(resources[i].type, "Patient")
		    ? resources[i].text : resources_replace(resources[i].text,
		    from, "\"Patient/other\""));
	send("PUT", SV_LIT("Patient"), SV_LIT("other"), link);
}

static void
receive(struct receiver *R, struct fhir_entry *e)
{
	struct fhir_at root, id;
	struct sv_str key;
	size_t i = 0;

	cr_assert(sv_is_ok(fhir_entry_tree(&resources_arena, e)));
	root = fhir_entry_root(e);
	id = fhir_first(&root, "identifier");
	key = sv_arena_str(&resources_arena, fhir_text(&id, "value"));
	while (i < R->n && !sv_str_eq(R->key[i], key))
		i++;
	/* Conditional create: what is there stays. */
	if (i < R->n && sv_str_is(e->method, "POST"))
		return;
	cr_assert_lt(i, MAX_KEYS);
	if (i == R->n)
		R->key[R->n++] = key;
	R->status[i] = sv_arena_str(&resources_arena, fhir_text(&root, "status"));
}

static int
in_order(const void *a, const void *b)
{
	const struct sv_str *x = a, *y = b;

	return sv_str_cmp(*x, *y);
}

/* The plans and warnings that the receiver shows as valid, sorted. */
static struct sv_str
shown(void)
{
	struct receiver R = { .n = 0 };
	struct sv_str valid[MAX_KEYS], all = { "", 0 };
	struct ad_row row;
	size_t n = 0;

	for (int64_t id = 1; sv_is_ok(ad_store_get_row(S, &resources_arena, id,
	    &row)); id++) {
		struct fhir_issues is;
		struct fhir_doc doc;

		fhir_issues_init(&is, &resources_arena);
		cr_assert(sv_is_ok(fhir_doc_read(&resources_arena, row.body, &doc, &is)));
		for (size_t i = 0; i < doc.n_entries; i++) {
			if (sv_str_is(doc.entries[i].resource_type, "CarePlan")
			    || sv_str_is(doc.entries[i].resource_type,
			    "DetectedIssue"))
				receive(&R, &doc.entries[i]);
		}
	}
	for (size_t i = 0; i < R.n; i++) {
		if (!sv_str_is(R.status[i], "revoked")
		    && !sv_str_is(R.status[i], "cancelled"))
			valid[n++] = R.key[i];
	}
	qsort(valid, n, sizeof(valid[0]), in_order);
	for (size_t i = 0; i < n; i++)
		all = sv_arena_printf(&resources_arena, "%.*s%.*s\n", SV_FMT(all),
		    SV_FMT(valid[i]));
	return all;
}

/* The decisions that hold for any resources_patient. */
static struct sv_str
holding(void)
{
	struct sv_str all = { "", 0 };
	struct ad_guidance *g;
	size_t n;

	for (int64_t p = 1; p <= 4; p++) {
		cr_assert(sv_is_ok(ad_store_current(S, &resources_arena, p, &g, &n)));
		for (size_t i = 0; i < n; i++)
			all = sv_arena_printf(&resources_arena, "%.*s%d %.*s\n", SV_FMT(all),
			    g[i].cancer, SV_FMT(g[i].decision));
	}
	return all;
}

static const struct {
	const char *name;
	void (*arrive)(void);
} ways[] = {
	{ "shuffled", shuffled }, { "repeated", repeated }, { "late", late },
	{ "corrected", corrected }, { "misfiled", misfiled },
	{ "with extras", with_extras }, { "merged", merged },
};

static int
compare(int number)
{
	struct sv_str decisions, valid;
	int different = 0;

	open_store();
	clean();
	decisions = holding();
	valid = shown();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		bool same;

		dice = (unsigned)number * 7919 + (unsigned)i;
		open_store();
		ways[i].arrive();
		same = sv_str_eq(holding(), decisions);
		if (same && sv_str_eq(shown(), valid))
			continue;
		different++;
		fprintf(stderr, "V%03d %s: other %s\n", number, ways[i].name,
		    same ? "plans at the receiver" : "decisions");
	}
	return different;
}

Test(equal, however_it_arrives_the_guidance_is_the_same)
{
	const char *from = getenv("SALVOR_FAULT_CASE");
	int different = 0, tried = 0;
	int step = getenv("SALVOR_FAULT_ALL") != NULL ? 1 : 3;

	for (int i = 1; i <= 125; i += step) {
		if (from != NULL && strtol(from, NULL, 10) != i)
			continue;
		if (!resources_load(i))
			continue;
		different += compare(i);
		tried++;
	}
	ad_store_close(S);
	cr_assert(from != NULL || tried > 30, "%d", tried);
	cr_assert_eq(different, 0);
}
