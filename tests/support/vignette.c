#include "vignette.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir_json.h"
#include "map_rules.h"
#include "test_arena.h"

static void
die(const char *what)
{
	fprintf(stderr, "vignettes: %s\n", what);
	abort();
}

static struct sv_dec
dec(struct sv_str s)
{
	struct sv_dec d = { 0, 0 };

	if (!sv_is_ok(sv_dec_parse(s, &d)))
		die("not a number");
	return d;
}

static struct sv_date
date(const struct fhir_at *e, const char *name)
{
	struct sv_date d = { 0, 0, SV_DATE_NONE };
	struct sv_str s = fhir_text(e, name);

	if (s.n > 0 && !sv_is_ok(sv_date_parse(s, &d)))
		die("not a date");
	return d;
}

/* K1.5, as far as the cases go. */
static void
set_number(const struct fhir_at *e, struct sv_str text, struct core_event *ev)
{
	struct sv_str unit = fhir_text(e, "unit");
	struct sv_dec v = dec(text);

	ev->value = core_exactly(v);
	if (ev->concept == CORE_PSA) {
		if (unit.n == 0)
			ev->unit = CORE_UNIT_MISSING;
		else if (sv_str_is(unit, "ng/L")) {
			if (!sv_is_ok(sv_dec_mul(v, SV_DEC(1, 3), &v)))
				die("unit");
			ev->value = core_exactly(v);
		} else if (!sv_str_is(unit, "ng/mL")
		    && !sv_str_is(unit, "ug/L"))
			ev->unit = CORE_UNIT_UNUSABLE;
	}
	if (sv_str_is(fhir_text(e, "comparator"), "<")) {
		ev->value.lo = SV_DEC(0, 0);
		ev->value.hi_open = true;
	}
}

static struct core_interval
number(const struct fhir_at *attrs, const char *name)
{
	struct sv_str s = fhir_text(attrs, name);

	return s.n == 0 ? (struct core_interval){ .set = false }
	    : core_exactly(dec(s));
}

static void
set_attrs(const struct fhir_at *a, struct core_event *ev)
{
	struct sv_str s = fhir_text(a, "specimen");

	ev->count = number(a, "count");
	ev->grade_group = number(a, "grade_group");
	ev->uln = number(a, "uln");
	ev->assay = fhir_text(a, "assay");
	ev->site = core_site_of(fhir_text(a, "site"));
	if (sv_str_is(s, "prostatectomy"))
		ev->specimen = CORE_SPECIMEN_PROSTATECTOMY;
	else if (sv_str_is(s, "diagnostic_biopsy"))
		ev->specimen = CORE_SPECIMEN_DIAGNOSTIC_BIOPSY;
	s = fhir_text(a, "certainty");
	if (sv_str_is(s, "refuted"))
		ev->certainty = CORE_CERTAINTY_REFUTED;
	else if (s.n > 0 && !sv_str_is(s, "confirmed"))
		ev->certainty = CORE_CERTAINTY_PROVISIONAL;
}

static struct core_event
event(struct sv_arena *A, const struct fhir_at *e)
{
	struct core_event ev = { .concept = core_concept_of(fhir_text(e,
	    "concept")) };
	struct fhir_at value = fhir_get(e, "value");
	struct fhir_at attrs = fhir_get(e, "attrs");
	struct sv_str status = fhir_text(e, "status");

	ev.kind = core_concept_kind(ev.concept);
	ev.source = sv_arena_printf(A, "Observation/%.*s",
	    SV_FMT(fhir_text(e, "id")));
	ev.date = date(e, "date");
	ev.end = date(e, "end");
	if (fhir_text(e, "version").n > 0)
		ev.version = (uint32_t)dec(fhir_text(e, "version")).m;
	if (sv_str_is(status, "entered-in-error"))
		ev.status = CORE_STATUS_ENTERED_IN_ERROR;
	if (fhir_is_number(&value))
		set_number(e, fhir_value(&value), &ev);
	else
		ev.code = core_value_of(fhir_value(&value));
	set_attrs(&attrs, &ev);
	return ev;
}

struct vignette *
vignettes_load(struct sv_arena *A, size_t *ret_n)
{
	struct sv_str text = test_read(A, "tests/cases/vignettes.json");
	struct vignette *v = sv_arena_zalloc(A, 512, sizeof(*v));
	struct fhir_at *keep = sv_arena_zalloc(A, 512, sizeof(*keep));
	static struct fhir_at root;
	const struct cJSON *tree;
	struct fhir_at x, e;

	*ret_n = 0;
	if (!sv_is_ok(fhir_json_tree(A, text, &tree)))
		die("cannot be parsed");
	root = fhir_root(tree, "vignettes");
	for (x = fhir_first(&root, "vignettes"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct vignette *c = &v[*ret_n];
		struct core_event *events = sv_arena_zalloc(A, 64,
		    sizeof(*events));

		keep[*ret_n] = x;
		c->id = fhir_text(&x, "id");
		c->known = (struct core_history){ events, 0, date(&x,
		    "reference_date").lo };
		c->expect = fhir_get(&keep[*ret_n], "expect");
		for (e = fhir_first(&x, "events"); fhir_is(&e);
		    e = fhir_next(&e))
			events[c->known.n_events++] = event(A, &e);
		(*ret_n)++;
	}
	return v;
}

static int
by_name(const void *a, const void *b)
{
	return sv_str_cmp(((const struct map_file *)a)->name,
	    ((const struct map_file *)b)->name);
}

struct map_file *
test_files(struct sv_arena *A, const char *dir, size_t *ret_n)
{
	struct map_file *f = sv_arena_zalloc(A, 64, sizeof(*f));
	const char *top = getenv("SALVOR_SOURCE_ROOT");
	char path[1024];
	struct dirent *d;
	DIR *D;

	*ret_n = 0;
	(void)snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".",
	    dir);
	if ((D = opendir(path)) == NULL)
		die("no such folder");
	while ((d = readdir(D)) != NULL && *ret_n < 64) {
		if (!sv_str_ends(sv_str_of(d->d_name), SV_LIT(".json")))
			continue;
		f[*ret_n].name = sv_arena_str(A, sv_str_of(d->d_name));
		(void)snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		f[(*ret_n)++].bytes = test_read(A, path);
	}
	(void)closedir(D);
	qsort(f, *ret_n, sizeof(*f), by_name);
	return f;
}

struct core_rulebook
test_rulebook(struct sv_arena *A)
{
	struct core_rulebook book;
	struct fhir_issues is;
	size_t n;
	struct map_file *f = test_files(A, "conf/rules", &n);

	fhir_issues_init(&is, A);
	if (!sv_is_ok(map_rules_load(A, f, n, &book, &is))) {
		for (size_t i = 0; i < is.n; i++)
			fprintf(stderr, "%.*s: %.*s\n",
			    SV_FMT(is.at[i].expression), SV_FMT(is.at[i].text));
		die("the rule book has errors");
	}
	return book;
}

struct map_engine
test_engine(struct sv_arena *A, const struct core_rulebook *book)
{
	struct map_engine engine = { .book = book };
	struct map_terminology *t;
	struct fhir_issues is;
	size_t n;
	struct map_file *f = test_files(A, "conf/terminology", &n);

	fhir_issues_init(&is, A);
	if (!sv_is_ok(map_terminology_load(A, f, n, &t, &is))) {
		for (size_t i = 0; i < is.n; i++)
			fprintf(stderr, "%.*s: %.*s\n",
			    SV_FMT(is.at[i].expression), SV_FMT(is.at[i].text));
		die("the terminology has errors");
	}
	engine.input.terminology = t;
	return engine;
}
