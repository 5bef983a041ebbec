/*
 * Cards from the clinical cases: what the specification asks of every card,
 * and what the rules say of orders.  The numbers are those of
 * tests/cases/cds-requirements.tsv.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook.h"
#include "map_card_part.h"
#include "test_arena.h"
#include "vignette.h"

#define HIFU "{\"resource\":{\"resourceType\":\"ServiceRequest\",\"id\":\"o1\"," \
	"\"status\":\"draft\",\"intent\":\"order\",\"code\":{\"coding\":[{"	\
	"\"system\":\"http://www.ama-assn.org/go/cpt\",\"code\":\"55880\"}]," \
	"\"text\":\"HIFU *ablation* <b>of</b> prostate\"},\"subject\":{"	\
	"\"reference\":\"Patient/x\"}}}"
#define BONE "{\"resource\":{\"resourceType\":\"ServiceRequest\",\"id\":\"o2\"," \
	"\"code\":{\"coding\":[{\"system\":\"http://www.ama-assn.org/go/cpt\"," \
	"\"code\":\"77402\"}]},\"bodySite\":[{\"coding\":[{\"system\":"	\
	"\"https://salvor.example/CodeSystem/site\",\"code\":\"bone\"}]}]}}"
#define LEUPROLIDE "{\"resource\":{\"resourceType\":\"MedicationRequest\","	\
	"\"id\":\"o3\",\"status\":\"draft\",\"medicationCodeableConcept\":{"	\
	"\"coding\":[{\"system\":\"http://www.whocc.no/atc\",\"code\":"	\
	"\"L02AE\"}]}}}"

struct setting {
	struct sv_arena A;
	struct core_rulebook book;
	struct map_engine engine;
	struct map_card_options o;
	struct map_hook_request q;
	struct map_result r;
	struct map_cards cards;
	struct fhir_issues is;
	const char *day;
};

static struct setting *
set_up(void)
{
	struct setting *s = calloc(1, sizeof(*s));

	cr_assert(s != NULL);
	s->A = test_arena((size_t)256 << 20);
	s->book = test_rulebook(&s->A);
	s->engine = test_engine(&s->A, &s->book);
	s->engine.input.vouched = true;
	s->o = (struct map_card_options){ .software = SV_LIT("salvor test"),
		.recorded = SV_LIT("2026-05-01T08:00:00Z"),
		.base = SV_LIT("https://salvor.example"),
		.reasons = map_reasons, .n_reasons = map_n_reasons,
		.profile = { .max_cards = 3 } };
	s->day = "2026-05-01";
	return s;
}

static void
tear_down(struct setting *s)
{
	sv_arena_free(&s->A);
	free(s);
}

/* The response to ${request}, checked; "" if the request is refused. */
static struct sv_str
answer(struct setting *s, struct sv_str request, enum map_hook hook)
{
	struct map_hook_options ho = { .hook = hook };
	struct map_card_call call = { &s->q, &s->r, &s->engine, &s->o };
	struct sv_str why = { NULL, 0 };
	struct sv_date day;
	struct sv_buf out;

	fhir_issues_init(&s->is, &s->A);
	cr_assert(sv_is_ok(sv_date_parse(sv_str_of(s->day), &day)));
	if (!sv_is_ok(map_hook_read(&s->A, request, &ho, &s->q, &s->is)))
		return (struct sv_str){ NULL, 0 };
	if (!sv_is_ok(map_line_decide_doc(&(struct map_line){ &s->A,
	    &s->engine, day.lo, &s->is }, &(struct fhir_doc){
	    .entries = s->q.entries, .n_entries = s->q.n_entries }, &s->r)))
		return (struct sv_str){ NULL, 0 };
	sv_buf_init(&out, &s->A, (size_t)1 << 20);
	cr_assert(sv_is_ok(map_card_write(&s->A, &call, &out, &s->cards)));
	cr_assert(sv_is_ok(map_card_check(&s->A, sv_buf_str(&out), &why)),
	    "%.*s", SV_FMT(why));
	return sv_buf_str(&out);
}

static bool
contains(struct sv_str s, const char *part)
{
	return s.n > 0 && memmem(s.p, s.n, part, strlen(part)) != NULL;
}

static struct sv_str
view(struct setting *s, const char *name)
{
	struct test_call c = { .hook = MAP_HOOK_PATIENT_VIEW };

	return answer(s, test_request(&s->A, name, &c), c.hook);
}

static struct sv_str
sign(struct setting *s, const char *name, const char *orders)
{
	struct test_call c = { .hook = MAP_HOOK_ORDER_SIGN, .orders = orders };

	return answer(s, test_request(&s->A, name, &c), c.hook);
}

/* R33 R34 R35 R37 R38 R40 R42 R44 R47 R48: every case gives a valid response,
 * and cards exactly if there is guidance; the same bytes again. */
Test(card, every_case)
{
	struct setting *s = set_up();
	size_t n = 0, cards = 0;
	struct vignette *v = vignettes_load(&s->A, &n);

	for (size_t i = 0; i < n; i++) {
		char name[16], day[SV_DATE_TEXT_MAX];
		struct sv_str first, second;
		size_t want = 0;

		(void)snprintf(name, sizeof(name), "%.*s", SV_FMT(v[i].id));
		sv_date_text(sv_date_exact(v[i].known.as_of), day);
		s->day = day;
		first = view(s, name);
		cr_assert(first.n > 0, "%s", name);
		for (size_t g = 0; g < s->r.decision.n_guidance; g++)
			want += s->r.decision.guidance[g].output
			    != CORE_OUTPUT_NONE;
		/* A search does not answer with urn:uuid references. */
		if (s->q.n_foreign > 0)
			continue;
		cr_expect(s->cards.n_shown == want, "%s", name);
		cr_expect((want == 0) == sv_str_is(fhir_text(&v[i].expect,
		    "output"), "none"), "%s", name);
		cards += want;
		second = view(s, name);
		cr_expect(sv_str_eq(first, second), "%s (R34)", name);
	}
	cr_assert(cards > 70, "%zu", cards);
	tear_down(s);
}

/* R36: what a sender wrote is neither Markdown nor HTML. */
Test(card, escapes)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	static const struct { const char *in, *out; } rows[] = {
		{ "a *b* _c_ `d`", "a \\*b\\* \\_c\\_ \\`d\\`" },
		{ "<script>&", "&lt;script&gt;&amp;" },
		{ "[x](http://evil)", "\\[x\\](http\\://evil)" },
		{ "# x\n- y", "\\# x - y" },
		{ "- y", "\\- y" }, { "www.evil", "www\\.evil" },
		{ "0.36 ng/mL (2026-05-01)", "0.36 ng/mL (2026-05-01)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sv_buf b;

		sv_buf_init(&b, &A, 1000);
		map_card_escape(&b, sv_str_of(rows[i].in));
		cr_expect(sv_str_is(sv_buf_str(&b), rows[i].out), "%s: %.*s",
		    rows[i].in, SV_FMT(sv_buf_str(&b)));
	}
	sv_arena_free(&A);
}

/* R35: fewer than 140 characters, not bytes; cut between words, a number stays
 * with its unit. */
Test(card, clips)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct sv_str s;

	s = map_card_clip(&A, SV_LIT("PSA is 0.7 ng/mL now"), 14);
	cr_expect(sv_str_is(s, "PSA is\u2026"), "%.*s", SV_FMT(s));
	s = map_card_clip(&A, SV_LIT("\u00e4\u00e4\u00e4 \u00e4\u00e4"), 6);
	cr_expect(s.n == 11);
	s = map_card_clip(&A, SV_LIT("\u00e4\u00e4\u00e4 \u00e4\u00e4"), 5);
	cr_expect(sv_str_is(s, "\u00e4\u00e4\u00e4\u2026"), "%.*s", SV_FMT(s));
	sv_arena_free(&A);
}

/* R70: local salvage after radiation without a biopsy is warned of, whether
 * the failure is established (V049) or not; the biopsy is offered. */
Test(card, local_salvage_without_biopsy)
{
	struct setting *s = set_up();
	struct sv_str a = sign(s, "V049", HIFU);

	cr_assert_eq(s->cards.n_shown, 1);
	cr_expect(contains(a, "\"indicator\":\"warning\""));
	cr_expect(contains(a, "biopsy comes first"));
	cr_expect(contains(a, "\"resourceId\":\"ServiceRequest/o1\""));
	cr_expect(contains(a, "\"code\":\"prostate-biopsy\""));
	cr_expect(contains(a, "\"selectionBehavior\":\"at-most-one\""));
	cr_expect(contains(a, "HIFU \\\\*ablation\\\\* &lt;b&gt;of"), "R36");
	cr_expect(contains(a, "PRO-RT-02"));
	a = sign(s, "V049", BONE);
	cr_expect_eq(s->cards.n_shown, 0, "radiation of a bone");
	tear_down(s);
}

/* R39, R40: a client that takes only "any" and one action a suggestion. */
Test(card, profile_of_one_action)
{
	struct setting *s = set_up();
	struct sv_str a;

	s->o.profile.any_only = s->o.profile.single_action = true;
	a = sign(s, "V049", HIFU);
	cr_expect(contains(a, "\"selectionBehavior\":\"any\""));
	cr_expect(!contains(a, "}],\"label\"") && !contains(a,
	    "\"o1\"},{\"type\""), "one action each");
	cr_expect(contains(a, "\"label\":\"Remove this order\""));
	s->o.profile.plain_topic = true;
	a = sign(s, "V049", HIFU);
	cr_expect(contains(a, "\"topic\":{\"code\":\"PRORT02\""), "R38");
	s->o.profile.no_suggestions = true;
	a = sign(s, "V049", HIFU);
	cr_expect(!contains(a, "\"suggestions\""), "R43");
	tear_down(s);
}

/* R41: actionSelectionBehavior only to a client that is known to take it. */
Test(card, version_3)
{
	struct setting *s = set_up();

	cr_expect(!contains(sign(s, "V049", HIFU), "actionSelectionBehavior"));
	s->o.profile.version_3 = true;
	cr_expect(contains(sign(s, "V049", HIFU),
	    "\"actionSelectionBehavior\":\"all\""));
	tear_down(s);
}

/* R70: of order-select only what is selected is looked at. */
Test(card, selections)
{
	struct setting *s = set_up();
	struct test_call c = { .hook = MAP_HOOK_ORDER_SELECT, .orders = HIFU,
		.selections = "\"ServiceRequest/o1\"" };

	(void)answer(s, test_request(&s->A, "V049", &c), c.hook);
	cr_expect_eq(s->cards.n_shown, 1);
	c.selections = "\"ServiceRequest/other\"";
	(void)answer(s, test_request(&s->A, "V049", &c), c.hook);
	cr_expect_eq(s->cards.n_shown, 0);
	tear_down(s);
}

/* R70: ADT ordered for a recurrence after radiation that nobody evaluated for
 * local salvage. */
Test(card, adt_alone)
{
	struct setting *s = set_up();
	struct sv_str a = sign(s, "V049", LEUPROLIDE);

	cr_assert_eq(s->cards.n_shown, 1, "%.*s", SV_FMT(a));
	cr_expect(contains(a, "PRO-RT-07"));
	cr_expect(contains(a, "As it would be with this order"));
	tear_down(s);
}

/* R20 R22 R23: what is missing is named, and nothing is advised. */
Test(card, missing_data)
{
	struct setting *s = set_up();
	struct test_call c = { .hook = MAP_HOOK_PATIENT_VIEW,
		.without = 1u << MAP_KEY_OBSERVATIONS };
	struct sv_str a = answer(s, test_request(&s->A, "V049", &c), c.hook);

	cr_expect(map_hook_ability(&s->q, false) == MAP_BLIND);
	cr_expect(map_hook_ability(&s->q, true) == MAP_ABLE);
	cr_assert_eq(s->cards.n_shown, 1);
	cr_expect(contains(a, "(observations): not sent"));
	cr_expect(!contains(a, "suggestions"));
	c.without = 1u << MAP_KEY_REPORTS;
	a = answer(s, test_request(&s->A, "V049", &c), c.hook);
	cr_expect(contains(a, "Reports were not sent"));
	cr_expect(contains(a, "suggestions"));
	c.without = 1u << MAP_KEY_CONDITIONS;
	(void)answer(s, test_request(&s->A, "V049", &c), c.hook);
	cr_expect(map_hook_ability(&s->q, false) == MAP_UNABLE);
	tear_down(s);
}

static bool
overrides(void *ctx, const struct map_card_shown *c)
{
	return strcmp(ctx, c->content) == 0;
}

/* R50: what was overridden is not said again, unless it changed or is
 * critical. */
Test(card, overridden)
{
	struct setting *s = set_up();
	char content[65];

	(void)view(s, "V049");
	cr_assert_eq(s->cards.n_shown, 1);
	memcpy(content, s->cards.shown[0].content, sizeof(content));
	s->o.is_overridden = overrides;
	s->o.ctx = content;
	(void)view(s, "V049");
	cr_expect_eq(s->cards.n_shown, 0);
	cr_expect_eq(s->cards.n_overridden, 1);
	(void)view(s, "V013");
	cr_expect_eq(s->cards.n_shown, 1);
	for (size_t i = 0; i < s->book.n_rules; i++)
		((struct core_rule *)&s->book.rules[i])->urgency
		    = CORE_URGENCY_CRITICAL;
	(void)view(s, "V049");
	cr_expect_eq(s->cards.n_shown, 1, "critical");
	tear_down(s);
}

/* R49: at most N cards, the rest is counted. */
Test(card, at_most)
{
	struct setting *s = set_up();
	struct sv_str a;

	s->o.profile.max_cards = 1;
	a = sign(s, "V049", HIFU "," LEUPROLIDE);
	cr_expect_eq(s->cards.n_shown, 1);
	cr_expect_eq(s->cards.n_hidden, 1);
	cr_expect(contains(a, "1 more cards are not shown"));
	cr_expect(contains(a, "\"indicator\":\"warning\""), "the worst first");
	tear_down(s);
}

/* R45: links. */
Test(card, links)
{
	struct setting *s = set_up();
	struct sv_str a;

	s->o.page = SV_LIT("https://salvor.example/patients/1");
	s->o.app = SV_LIT("https://salvor.example/launch");
	a = view(s, "V049");
	cr_expect(contains(a, "\"type\":\"absolute\"}"));
	cr_expect(contains(a, "\"type\":\"smart\",\"appContext\""));
	tear_down(s);
}

/* R2 R33 to R47: the self-check finds each kind of mistake (R48). */
Test(card, self_check)
{
	static const char ok[] = "{\"cards\":[{\"uuid\":\"d1577c69-dfbe-44ad-"
	    "ba6d-3e05e953b2ea\",\"summary\":\"s\",\"indicator\":\"info\","
	    "\"source\":{\"label\":\"l\",\"topic\":{\"code\":\"c\",\"system\":"
	    "\"s\"}}%s}]}";
	static const char *const bad[] = {
		",\"detail\":\"\"", ",\"links\":[]", ",\"extension\":{}",
		",\"detail\":null",
		",\"suggestions\":[{\"label\":\"x\",\"uuid\":\"u\",\"actions\":"
		    "[{\"type\":\"delete\",\"description\":\"d\","
		    "\"resourceId\":\"A/1\"}]}]",
		",\"selectionBehavior\":\"any\",\"suggestions\":[{\"label\":"
		    "\"x\",\"uuid\":\"u\",\"actions\":[{\"type\":\"create\","
		    "\"description\":\"d\"}]}]",
		",\"selectionBehavior\":\"any\",\"suggestions\":[{\"label\":"
		    "\"x\",\"uuid\":\"u\",\"actions\":[{\"type\":\"CREATE\","
		    "\"description\":\"d\",\"resource\":{\"resourceType\":"
		    "\"T\"}}]}]",
		",\"selectionBehavior\":\"all\",\"suggestions\":[{\"label\":"
		    "\"x\",\"uuid\":\"u\"}]",
		",\"overrideReasons\":[{\"code\":\"c\",\"system\":\"s\"}]",
		",\"links\":[{\"label\":\"l\",\"url\":\"/x\",\"type\":"
		    "\"absolute\"}]",
		",\"links\":[{\"label\":\"l\",\"url\":\"https://x\",\"type\":"
		    "\"absolute\",\"appContext\":\"c\"}]",
	};
	struct sv_arena A = test_arena((size_t)4 << 20);
	struct sv_str why;

	cr_expect(sv_is_ok(map_card_check(&A, sv_arena_printf(&A, ok, ""),
	    &why)), "%.*s", SV_FMT(why));
	cr_expect(sv_is_ok(map_card_check(&A, SV_LIT("{\"cards\":[]}"),
	    &why)));
	cr_expect(!sv_is_ok(map_card_check(&A, SV_LIT("{}"), &why)));
	cr_expect(!sv_is_ok(map_card_check(&A, SV_LIT("{\"cards\":{}}"),
	    &why)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(!sv_is_ok(map_card_check(&A, sv_arena_printf(&A, ok,
		    bad[i]), &why)) && why.n > 0, "%s", bad[i]);
	sv_arena_free(&A);
}
