/* A CDS Hooks request to cards: whatever comes in, what goes out is valid. */
#include "fuzz.h"
#include "map_card.h"
#include "vignette.h"

static struct sv_arena config;
static struct core_rulebook book;
static struct map_engine engine;

static void
prepare(void)
{
	if (engine.book != NULL)
		return;
	config = test_arena(FUZZ_ARENA);
	book = test_rulebook(&config);
	engine = test_engine(&config, &book);
	engine.input.vouched = true;
}

static void
answer(struct sv_arena *A, struct map_hook_request *q,
    struct fhir_issues *is)
{
	struct map_card_options o = { .software = SV_LIT("fuzz"),
		.recorded = SV_LIT("2026-05-01T08:00:00Z"),
		.base = SV_LIT("https://salvor.example"),
		.reasons = map_reasons, .n_reasons = map_n_reasons,
		.profile = { .max_cards = 3 } };
	struct map_result r = { .issues = is };
	struct map_card_call call = { q, &r, &engine, &o };
	struct map_cards cards;
	struct sv_str why;
	struct sv_buf out;

	if (map_hook_ability(q, false) == MAP_UNABLE
	    || !sv_is_ok(map_line_decide_doc(&(struct map_line){ A, &engine,
	    20574, is }, &(struct fhir_doc){ .entries = q->entries,
	    .n_entries = q->n_entries }, &r)))
		return;
	sv_buf_init(&out, A, (size_t)64 << 20);
	fuzz_must(sv_is_ok(map_card_write(A, &call, &out, &cards)));
	fuzz_must(sv_is_ok(map_card_check(A, sv_buf_str(&out), &why)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	prepare();
	for (int h = 0; h < MAP_HOOK_MAX; h++) {
		struct sv_arena A = test_arena(FUZZ_ARENA);
		struct map_hook_options o = { .hook = (enum map_hook)h,
			.plain = true, .wrapped = true };
		struct map_hook_request q;
		struct fhir_issues is;

		fhir_issues_init(&is, &A);
		if (sv_is_ok(map_hook_read(&A, (struct sv_str){
		    (const char *)data, n }, &o, &q, &is)))
			answer(&A, &q, &is);
		else
			fuzz_must(is.n > 0);
		sv_arena_free(&A);
	}
	return 0;
}
