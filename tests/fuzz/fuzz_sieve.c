/* The sieve of registry exports is sound: a resource that it drops gives no
 * event and no issue.  Each resource of the document is a line. */
#include "fuzz.h"
#include "map_sieve.h"
#include "map_subject.h"
#include "vignette.h"

static struct sv_arena config;
static struct core_rulebook book;
static struct map_engine engine;
static struct map_sieve *sieve;

static void
load(void)
{
	if (sieve != NULL)
		return;
	config = test_arena(FUZZ_ARENA);
	book = test_rulebook(&config);
	engine = test_engine(&config, &book);
	engine.input.vouched = true;
	fuzz_must(sv_is_ok(map_sieve_make(&config, engine.input.terminology,
	    &sieve)));
}

/* A line has no line ends; in JSON they are space. */
static struct sv_str
as_line(struct sv_arena *A, struct sv_str json)
{
	char *p = sv_arena_alloc(A, json.n + 1);

	fuzz_must(p != NULL);
	for (size_t i = 0; i < json.n; i++)
		p[i] = json.p[i] == '\n' ? ' ' : json.p[i];
	return (struct sv_str){ p, json.n };
}

static void
check(struct sv_arena *A, struct fhir_entry *e)
{
	struct map_sieve_scan c = map_sieve_begin(sieve, as_line(A, e->json),
	    0);
	struct map_patient p = { .n_events = 0 };
	struct fhir_issues is;
	struct sv_str line;

	if (map_sieve_next(&c, &line))
		return;
	fuzz_must(c.line == 1 && c.dropped == 1);
	if (!map_is_clinical(e->resource_type))
		return;
	fhir_issues_init(&is, A);
	(void)!sv_is_ok(map_input(A, &(struct fhir_doc){ .entries = e,
	    .n_entries = 1 }, &engine.input, &p, &is));
	fuzz_must(p.n_events == 0);
	/* That a lone resource names no patient says nothing of its data. */
	for (size_t i = 0; i < is.n; i++)
		fuzz_must(is.at[i].severity == FHIR_FATAL
		    || sv_str_is(is.at[i].detail, "subject-missing"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct fhir_issues is;
	struct fhir_doc doc;

	load();
	fhir_issues_init(&is, &A);
	if (sv_is_ok(fhir_doc_read(&A, (struct sv_str){ (const char *)data, n },
	    &doc, &is))) {
		for (size_t i = 0; i < doc.n_entries; i++) {
			if (doc.entries[i].json.n > 0)
				check(&A, &doc.entries[i]);
		}
	}
	sv_arena_free(&A);
	return 0;
}
