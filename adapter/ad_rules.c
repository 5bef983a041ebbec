#include "ad_rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fhir_json.h"
#include "map_rulebook.h"

struct fhir_at
ad_rules_cases(const struct ad_options *o, struct ad_engine *E)
{
	struct fhir_at none = { .node = NULL };
	const struct cJSON *tree;
	struct sv_str text;
	char path[4096];

	if (o->cases != NULL)
		(void)snprintf(path, sizeof(path), "%s/vignettes.json",
		    o->cases);
	else
		(void)snprintf(path, sizeof(path), "%s/cases/vignettes.json",
		    E->conf);
	text = ad_engine_file(&E->arena, path);
	if (text.p == NULL
	    || !sv_is_ok(fhir_json_read(&E->arena, text, &tree)))
		return none;
	return fhir_root(tree, "vignettes.json");
}

/* The sign-off of the rule set as it is loaded, for sign-off.json. */
static void
print_sign_off(const struct ad_options *o, struct ad_engine *E,
    struct sv_buf *out)
{
	struct sv_buf by;

	sv_buf_init(&by, &E->arena, 4096);
	fhir_escape_json(&by, sv_str_of(o->sign));
	sv_buf_printf(out, "{\n  \"resourceType\": \"Parameters\",\n"
	    "  \"id\": \"sign-off\",\n  \"parameter\": [\n"
	    "    { \"name\": \"by\", \"valueString\": \"%.*s\" },\n"
	    "    { \"name\": \"on\", \"valueInstant\": \"%s\" },\n"
	    "    { \"name\": \"sha256\", \"valueString\": \"%.*s\" }\n"
	    "  ]\n}\n", SV_FMT(sv_buf_str(&by)), o->recorded,
	    SV_FMT(E->book.sha256));
}

static bool
print(const struct ad_options *o, struct ad_engine *E)
{
	struct fhir_at cases = ad_rules_cases(o, E);
	struct map_rulebook_options mo = { .colour = o->colour,
		.form = o->format == AD_FORMAT_HTML ? MAP_RULEBOOK_HTML
		: o->format == AD_FORMAT_MARKDOWN ? MAP_RULEBOOK_MARKDOWN
		: MAP_RULEBOOK_TEXT, .cases = &cases };
	struct sv_buf out;
	struct sv_str s;

	sv_buf_init(&out, &E->arena, (size_t)16 << 20);
	if (o->sign != NULL)
		print_sign_off(o, E, &out);
	else if (!sv_is_ok(map_rulebook_write(&E->arena, &E->book, &mo, &out)))
		out.failed = true;
	s = sv_buf_str(&out);
	if (!sv_buf_ok(&out)) {
		fprintf(stderr, "salvor: the rule book does not fit into "
		    "memory\n");
		return false;
	}
	if (fwrite(s.p, 1, s.n, stdout) == s.n && fflush(stdout) == 0)
		return true;
	fprintf(stderr, "salvor: standard output: %s\n", strerror(errno));
	return false;
}

enum ad_exit
ad_rules(const struct ad_options *o)
{
	struct ad_engine E;
	enum ad_exit e;

	if (o->format != AD_FORMAT_NONE && o->format != AD_FORMAT_TEXT
	    && o->format < AD_FORMAT_HTML) {
		fprintf(stderr, "salvor: --format of rules is text, md or "
		    "html\n");
		return AD_EXIT_USAGE;
	}
	e = ad_engine_load(o, &E);
	if (e == AD_EXIT_OK && !print(o, &E))
		e = AD_EXIT_TEMPORARY;
	ad_engine_free(&E);
	return e;
}
