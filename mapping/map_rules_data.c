#include "map_rules_data.h"

#include "fhir_type.h"

#define MAX_CHANGES 128
#define MAP_REPLACES \
	"https://salvor.example/StructureDefinition/replaces-mapping"

/* The part of ${at} called ${name}. */
static struct fhir_at
part(const struct fhir_at *at, const char *name)
{
	struct fhir_at x;

	for (x = fhir_first(at, "part"); fhir_is(&x); x = fhir_next(&x)) {
		if (sv_str_is(fhir_text(&x, "name"), name))
			break;
	}
	return x;
}

static struct sv_str
part_text(const struct fhir_at *at, const char *name, const char *value)
{
	struct fhir_at x = part(at, name);

	return fhir_text(&x, value);
}

/* Remember a change, with its reason; a change without one is an error. */
static struct sv_status
add_change(struct sv_arena *A, struct core_rulebook *book,
    struct core_site_change c, const struct fhir_at *at,
    struct fhir_issues *is)
{
	struct core_site_change *list;

	if (c.reason.n == 0)
		c.reason = part_text(at, "reason", "valueString");
	c.path = fhir_path(A, at);
	SV_ENSURE(c.path.p != NULL && c.what.p != NULL, SV_NOMEM);
	if (c.reason.n == 0 || book->n_changes == MAX_CHANGES)
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_REQUIRED, at,
		    "A change needs its reason, which is shown in every "
		    "output: of a site file the part 'reason', of a "
		    "ConceptMap 'purpose', of replaces-mapping valueString. "
		    "At most 128 changes.");
	if (book->n_changes == MAX_CHANGES)
		return SV_OK;
	list = sv_arena_zalloc(A, book->n_changes + 1, sizeof(*list));
	SV_ENSURE(list != NULL, SV_NOMEM);
	for (size_t i = 0; i < book->n_changes; i++)
		list[i] = book->changes[i];
	list[book->n_changes++] = c;
	book->changes = list;
	return SV_OK;
}

static struct sv_status
read_set(struct sv_arena *A, const struct fhir_at *at,
    struct core_rulebook *book, struct fhir_issues *is)
{
	struct sv_str name = part_text(at, "parameter", "valueCode");
	struct fhir_at value = part(at, "value");
	enum core_param_id id = map_rules_param_named(name, at, is);
	char was[SV_DEC_TEXT_MAX], becomes[SV_DEC_TEXT_MAX];
	struct core_site_change c = { .rule = { NULL, 0 } };

	if (id == CORE_PARAM_COUNT)
		return SV_OK;
	if (!fhir_is(&value)) {
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_REQUIRED, at,
		    "'set' needs a part 'value' (valueQuantity).");
		return SV_OK;
	}
	sv_dec_text(book->params.value[id], was);
	if (!map_rules_param_value(&value, id, book, is))
		return SV_OK;
	book->about[id].place = fhir_path(A, &value);
	SV_ENSURE(book->about[id].place.p != NULL, SV_NOMEM);
	book->about[id].by_site = true;
	sv_dec_text(book->params.value[id], becomes);
	c.what = sv_arena_printf(A, "parameter %.*s changed from %s to %s%s%.*s",
	    SV_FMT(name), was, becomes, core_param_unit(id).n > 0 ? " " : "",
	    SV_FMT(core_param_unit(id)));
	return add_change(A, book, c, at, is);
}

static struct sv_status
read_site(struct sv_arena *A, const struct fhir_at *root,
    struct core_rulebook *book, struct fhir_issues *is)
{
	struct fhir_at x;

	for (x = fhir_first(root, "parameter"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct sv_str name = fhir_text(&x, "name");
		struct sv_str rule = part_text(&x, "rule", "valueCode");

		if (sv_str_is(name, "set")) {
			SV_TRY(read_set(A, &x, book, is));
		} else if (sv_str_is(name, "switch-off") && rule.n > 0) {
			SV_TRY(add_change(A, book, (struct core_site_change){
				.what = sv_arena_printf(A, "rule %.*s "
				"switched off", SV_FMT(rule)),
				.rule = rule }, &x, is));
		} else if (sv_str_is(name, "draft-rules")
		    && (sv_str_is(fhir_text(&x, "valueCode"), "off")
		    || sv_str_is(fhir_text(&x, "valueCode"), "on"))) {
			book->drafts_off = sv_str_is(fhir_text(&x,
			    "valueCode"), "off");
		} else {
			fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_INVALID, &x,
			    "A site file holds 'set', 'switch-off' (with a "
			    "part 'rule') and 'draft-rules' (valueCode on or "
			    "off).");
		}
	}
	return SV_OK;
}

static void
read_sign_off(const struct fhir_at *root, struct core_rulebook *book,
    struct fhir_issues *is)
{
	struct core_sign_off *s = &book->sign_off;
	struct fhir_at x;

	for (x = fhir_first(root, "parameter"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct sv_str name = fhir_text(&x, "name");

		if (sv_str_is(name, "by"))
			s->by = fhir_text(&x, "valueString");
		else if (sv_str_is(name, "on"))
			s->on = fhir_text(&x, "valueInstant");
		else if (sv_str_is(name, "sha256"))
			s->sha256 = fhir_text(&x, "valueString");
	}
	if (s->by.n == 0 || s->on.n == 0 || s->sha256.n != 64)
		fhir_issue_at(is, FHIR_ERROR, FHIR_CODE_REQUIRED, root,
		    "A sign-off needs by (valueString), on (valueInstant) and "
		    "sha256 (valueString); 'salvor rules --sign NAME' writes "
		    "one.");
}

struct sv_status
map_rules_parameters(struct sv_arena *A, const struct fhir_at *root,
    struct core_rulebook *book, struct fhir_issues *is)
{
	struct sv_str id = fhir_text(root, "id");

	if (sv_str_is(id, "site"))
		return read_site(A, root, book, is);
	if (!sv_str_is(id, "sign-off"))
		return map_rules_params(A, root, book, is);
	read_sign_off(root, book, is);
	return SV_OK;
}

/* An element that overrules another file. */
static struct sv_status
read_replaced(struct sv_arena *A, const struct fhir_at *element,
    struct core_rulebook *book, struct fhir_issues *is)
{
	struct fhir_at x = fhir_extension(element, MAP_REPLACES);
	struct fhir_at target = fhir_get(element, "target");

	if (!fhir_is(&x))
		return SV_OK;
	return add_change(A, book, (struct core_site_change){
		.what = sv_arena_printf(A, "code %.*s mapped anew to '%.*s' "
		"(%.*s)", SV_FMT(fhir_text(element, "code")),
		SV_FMT(fhir_text(&target, "code")),
		SV_FMT(fhir_text(&target, "equivalence"))),
		.reason = fhir_text(&x, "valueString") }, element, is);
}

struct sv_status
map_rules_terminology(struct sv_arena *A, const struct fhir_at *root,
    struct core_rulebook *book, struct fhir_issues *is)
{
	bool ours = sv_str_starts(fhir_text(root, "url"),
	    SV_LIT("https://salvor.example/ConceptMap/"));
	struct fhir_at g, x;
	size_t n = 0;

	for (g = fhir_first(root, "group"); fhir_is(&g); g = fhir_next(&g)) {
		for (x = fhir_first(&g, "element"); fhir_is(&x);
		    x = fhir_next(&x)) {
			SV_TRY(read_replaced(A, &x, book, is));
			n++;
		}
	}
	if (ours)
		return SV_OK;
	return add_change(A, book, (struct core_site_change){
		.what = sv_arena_printf(A, "%zu codes mapped by %.*s", n,
		SV_FMT(sv_str_of(root->name))),
		.reason = fhir_text(root, "purpose") }, root, is);
}

struct sv_status
map_rules_statements(struct sv_arena *A, const struct fhir_at *root,
    struct core_rulebook *book)
{
	struct core_source_statement *s = sv_arena_zalloc(A, 128, sizeof(*s));
	struct fhir_at x;

	SV_ENSURE(s != NULL, SV_NOMEM);
	for (x = fhir_first(root, "relatedArtifact");
	    fhir_is(&x) && book->n_statements < 128; x = fhir_next(&x))
		s[book->n_statements++] = (struct core_source_statement){
			fhir_text(&x, "label"), fhir_text(&x, "citation"),
			fhir_text(&x, "display") };
	book->statements = s;
	return SV_OK;
}

/* Take rule ${c}->rule out. */
static void
switch_off(struct core_rulebook *book, struct core_rule *rules,
    const struct core_site_change *c, struct fhir_issues *is)
{
	size_t i = 0;

	while (i < book->n_rules && !sv_str_eq(rules[i].id, c->rule))
		i++;
	if (i == book->n_rules) {
		fhir_issue_addf(is, FHIR_ERROR, FHIR_CODE_NOT_FOUND, c->path,
		    "No rule has the id '%.*s', or it is switched off twice; "
		    "'salvor rules' lists the ids.", SV_FMT(c->rule));
		return;
	}
	for (book->n_rules--; i < book->n_rules; i++)
		rules[i] = rules[i + 1];
}

static void
keep_drafts_out(struct core_rulebook *book, struct core_rule *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < book->n_rules; i++) {
		if (!rules[i].draft)
			rules[n++] = rules[i];
	}
	book->n_drafts_off = book->n_rules - n;
	book->n_rules = n;
}

struct sv_status
map_rules_finish(struct sv_arena *A, struct core_rulebook *book,
    struct core_rule *rules, struct fhir_issues *is)
{
	struct core_sign_off *s = &book->sign_off;

	if (book->n_changes > 0 || book->drafts_off) {
		book->version = sv_arena_printf(A, "%.*s+site.%.8s",
		    SV_FMT(book->version), book->sha256.p);
		SV_ENSURE(book->version.p != NULL, SV_NOMEM);
	}
	s->holds = s->file.n > 0 && sv_str_eq(s->sha256, book->sha256);
	for (size_t i = 0; s->holds && i < book->n_rules; i++)
		rules[i].draft = false;
	for (size_t i = 0; i < book->n_changes; i++) {
		if (book->changes[i].rule.n > 0)
			switch_off(book, rules, &book->changes[i], is);
	}
	if (book->drafts_off)
		keep_drafts_out(book, rules);
	return SV_OK;
}
