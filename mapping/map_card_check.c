/*
 * The rules for a response, written from the specification and its invariants
 * (cds-resp-1 to 7), not from the code that writes cards.
 */
#include "map_card.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "fhir_json.h"

struct checker {
	struct sv_arena *A;
	struct sv_str why;		/* .n 0: nothing is wrong */
};

static void
say(struct checker *K, const struct fhir_at *at, const char *what)
{
	if (K->why.n == 0)
		K->why = sv_arena_printf(K->A, "%.*s: %s",
		    SV_FMT(fhir_path(K->A, at)), what);
}

static void
must(struct checker *K, bool ok, const struct fhir_at *at, const char *what)
{
	if (!ok)
		say(K, at, what);
}

static bool
has(const struct fhir_at *at, const char *name)
{
	struct fhir_at x = fhir_get(at, name);

	return fhir_is(&x);
}

static bool
has_text(const struct fhir_at *at, const char *name)
{
	struct fhir_at x = fhir_get(at, name);

	return fhir_is_string(&x) && x.index < 0 && fhir_value(&x).n > 0;
}

static bool
is_one_of(struct sv_str s, const char *a, const char *b, const char *c)
{
	return sv_str_is(s, a) || sv_str_is(s, b)
	    || (c != NULL && sv_str_is(s, c));
}

/* RFC 3986: absolute, and no blank [R47]. */
static bool
is_url(struct sv_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ')
			return false;
	}
	return sv_str_starts(s, SV_LIT("https://"))
	    || sv_str_starts(s, SV_LIT("http://"));
}

static size_t
code_points(struct sv_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static bool
is_empty(const struct cJSON *node)
{
	switch (node->type & 0xff) {
	case cJSON_String:
		return node->valuestring[0] == '\0';
	case cJSON_Array:
	case cJSON_Object:
		return node->child == NULL;
	default:
		return cJSON_IsNull(node);
	}
}

/* No null, "", [] or {} but cards: [] [R2]. */
static void
check_empty(struct checker *K, const struct cJSON *node)
{
	for (; node != NULL; node = node->next) {
		const char *name = node->string != NULL ? node->string
		    : "element";
		struct fhir_at at;

		if (is_empty(node) && strcmp(name, "cards") != 0) {
			at = fhir_root(node, name);
			say(K, &at, "is null or empty (R2)");
		}
		check_empty(K, node->child);
	}
}

static void
check_coding(struct checker *K, const struct fhir_at *at, bool display)
{
	must(K, has_text(at, "code") && has_text(at, "system"), at,
	    "a Coding has code and system (R47)");
	must(K, !display || has_text(at, "display"), at,
	    "an override reason has a display (cds-resp-4)");
}

static void
check_source(struct checker *K, const struct fhir_at *card)
{
	struct fhir_at s = fhir_get(card, "source");
	struct fhir_at topic = fhir_get(&s, "topic");

	must(K, has_text(&s, "label"), card, "source.label is required (R38)");
	must(K, !has(&s, "url") || is_url(fhir_text(&s, "url")), &s,
	    "url is absolute (R38)");
	must(K, !has(&s, "icon") || is_url(fhir_text(&s, "icon")), &s,
	    "icon is absolute (R38)");
	if (fhir_is(&topic))
		check_coding(K, &topic, false);
	else
		say(K, &s, "a topic is always sent (R38)");
}

static void
check_action(struct checker *K, const struct fhir_at *a)
{
	struct sv_str type = fhir_text(a, "type");
	struct fhir_at res = fhir_get(a, "resource");
	bool deletes = sv_str_is(type, "delete");

	must(K, is_one_of(type, "create", "update", "delete"), a,
	    "type is create, update or delete (R42)");
	must(K, has_text(a, "description"), a,
	    "an action of a suggestion has a description (cds-resp-5)");
	must(K, deletes ? has_text(a, "resourceId") && !fhir_is(&res)
	    : has_text(&res, "resourceType"), a, "create and update carry a "
	    "resource, delete a resourceId (cds-resp-2)");
	must(K, !sv_str_is(type, "update") || has_text(&res, "id"), a,
	    "an update carries the whole resource, id included (R42)");
}

static size_t
check_suggestion(struct checker *K, const struct fhir_at *s)
{
	struct fhir_at x;
	struct sv_str behaviour = fhir_text(s, "actionSelectionBehavior");

	must(K, has_text(s, "label"), s, "label is required (R40)");
	must(K, has_text(s, "uuid"), s, "a uuid is always sent (R40)");
	must(K, has(s, "actions"), s, "actions are not empty (R40)");
	for (x = fhir_first(s, "actions"); fhir_is(&x); x = fhir_next(&x))
		check_action(K, &x);
	must(K, behaviour.n == 0 || is_one_of(behaviour, "all", "any",
	    "at-most-one"), s, "actionSelectionBehavior (cds-resp-7)");
	return sv_str_is(fhir_text(s, "isRecommended"), "true");
}

static void
check_suggestions(struct checker *K, const struct fhir_at *card)
{
	struct sv_str behaviour = fhir_text(card, "selectionBehavior");
	struct fhir_at x = fhir_first(card, "suggestions");
	size_t recommended = 0;

	must(K, !fhir_is(&x) || is_one_of(behaviour, "at-most-one", "any",
	    NULL), card, "suggestions need a selectionBehavior (cds-resp-6)");
	for (; fhir_is(&x); x = fhir_next(&x))
		recommended += check_suggestion(K, &x);
	must(K, recommended <= 1 || !sv_str_is(behaviour, "at-most-one"),
	    card, "at most one is recommended (cds-resp-1)");
}

static void
check_link(struct checker *K, const struct fhir_at *l)
{
	struct sv_str type = fhir_text(l, "type");

	must(K, has_text(l, "label") && is_url(fhir_text(l, "url")), l,
	    "a link has a label and an absolute url (R45)");
	must(K, is_one_of(type, "absolute", "smart", NULL), l,
	    "type is absolute or smart (R45)");
	must(K, !has(l, "appContext") || sv_str_is(type, "smart"), l,
	    "appContext is for smart links (cds-resp-3)");
}

static void
check_card(struct checker *K, const struct fhir_at *c)
{
	struct sv_str summary = fhir_text(c, "summary");
	struct fhir_at x;

	must(K, has_text(c, "summary") && code_points(summary)
	    <= MAP_SUMMARY_MAX, c, "summary has 1 to 139 characters (R35)");
	must(K, memchr(summary.p != NULL ? summary.p : "", '\n', summary.n)
	    == NULL, c, "summary is one sentence (R35)");
	must(K, is_one_of(fhir_text(c, "indicator"), "info", "warning",
	    "critical"), c, "indicator is info, warning or critical (R37)");
	must(K, has_text(c, "uuid"), c, "a uuid is always sent (R34)");
	check_source(K, c);
	check_suggestions(K, c);
	for (x = fhir_first(c, "overrideReasons"); fhir_is(&x);
	    x = fhir_next(&x))
		check_coding(K, &x, true);
	for (x = fhir_first(c, "links"); fhir_is(&x); x = fhir_next(&x))
		check_link(K, &x);
}

struct sv_status
map_card_check(struct sv_arena *A, struct sv_str response,
    struct sv_str *ret_why)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct checker K = { .A = A, .why = { NULL, 0 } };
	const struct cJSON *tree;
	struct fhir_issues is;
	struct fhir_at root, x;
	struct sv_status s;

	fhir_issues_init(&is, A);
	s = fhir_json_scan_tree(A, response, &limits, &tree, &is);
	if (!sv_is_ok(s)) {
		*ret_why = is.n > 0 ? is.at[0].text : SV_LIT("no JSON");
		return s;
	}
	root = fhir_root(tree, "response");
	must(&K, cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(tree,
	    "cards")), &root, "cards is required, an array (R33)");
	check_empty(&K, tree->child);
	for (x = fhir_first(&root, "cards"); fhir_is(&x); x = fhir_next(&x))
		check_card(&K, &x);
	*ret_why = K.why;
	return K.why.n == 0 ? SV_OK : SV_BAD;
}
