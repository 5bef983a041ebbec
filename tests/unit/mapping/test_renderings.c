/*
 * Renderings for which there is no memory, or no room: told apart, because the
 * first may be tried again.
 */
#include <criterion/criterion.h>

#include "map_result.h"
#include "sv_limits.h"
#include "test_arena.h"
#include "vignette.h"

#define CEILING ((size_t)64 << 20)

typedef struct sv_status render_fn(struct sv_arena *A,
    const struct map_result *r, const struct map_output_options *o,
    struct sv_buf *out);

static const struct {
	const char *name;
	render_fn *render;
} renderings[] = {
	{ "bundle", map_bundle_write }, { "explain", map_explain_write },
	{ "text", map_text_write }, { "history", map_history_write },
	{ "html", map_html_write },
};
#define N_RENDERINGS (sizeof(renderings) / sizeof(renderings[0]))

static struct sv_arena A;
static struct map_result result;
static const struct map_output_options options = {
	.recorded = SV_STATIC("2026-05-01T08:00:00Z"),
	.software = SV_STATIC("salvor test") };

static void
setup(void)
{
	static struct core_rulebook book;
	static struct map_engine engine;
	static struct fhir_issues is;
	struct map_line line = { .as_of = sv_date_day(
	    (struct sv_ymd){ 2026, 5, 1 }) };

	A = test_arena((size_t)256 << 20);
	book = test_rulebook(&A);
	engine = test_engine(&A, &book);
	fhir_issues_init(&is, &A);
	line.A = &A;
	line.engine = &engine;
	line.is = &is;
	cr_assert(sv_is_ok(map_line_decide(&line, test_read(&A,
	    "tests/cases/vignettes-fhir/V013.json"), &result)));
}

static void
teardown(void)
{
	sv_arena_free(&A);
}

TestSuite(renderings, .init = setup, .fini = teardown);

/* With ${allowed} blocks: usual ones are too large for the arena, so that every
 * object takes its own. */
static struct sv_status
render(size_t i, long allowed, size_t room)
{
	struct sv_arena B = test_arena_failing(CEILING, &allowed);
	struct sv_buf out;
	struct sv_status s;

	B.block_size = CEILING + 1;
	sv_buf_init(&out, &B, room);
	s = renderings[i].render(&B, &result, &options, &out);
	sv_arena_free(&B);
	return s;
}

Test(renderings, without_memory)
{
	for (size_t i = 0; i < N_RENDERINGS; i++) {
		long k = 0;

		for (; k < 100000; k += 1 + k / 100) {
			struct sv_status s = render(i, k, SV_LIMIT_OUTPUT);

			if (sv_is_ok(s))
				break;
			cr_assert_eq(s.code, SV_CODE_NOMEM, "%s, %ld: %d",
			    renderings[i].name, k, s.code);
		}
		cr_expect(k > 5 && k < 100000, "%s: %ld", renderings[i].name,
		    k);
	}
}

Test(renderings, without_room)
{
	for (size_t i = 0; i < N_RENDERINGS; i++) {
		for (size_t room = 1; room < 2000; room += 97) {
			struct sv_status s = render(i, 1000000, room);

			cr_expect_eq(s.code, SV_CODE_LIMIT, "%s, %zu: %d",
			    renderings[i].name, room, s.code);
		}
	}
}
