/*
 * The official R4 examples exist as JSON and as XML: both must give the same
 * element paths and values, numbers digit by digit.  Narrative is compared by
 * presence, since its white space is free.
 */
#include <criterion/criterion.h>
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir_xml.h"
#include "test_arena.h"

struct lines {
	struct sv_arena *A;
	struct sv_str *at;
	size_t n, cap;
};

static void
add_line(struct lines *L, const char *path, const struct cJSON *n)
{
	const char *v = cJSON_IsTrue(n) ? "true" : cJSON_IsFalse(n) ? "false"
	    : n->valuestring;

	cr_assert_lt(L->n, L->cap);
	if (strlen(path) >= 9 && strcmp(path + strlen(path) - 9, ".text.div")
	    == 0)
		v = "";
	L->at[L->n++] = sv_arena_printf(L->A, "%s = %c %s", path,
	    cJSON_IsString(n) ? 's' : 'p', v);
}

/* Every primitive below ${n}; null is what XML does not write. */
static void
flatten(struct lines *L, const char *path, const struct cJSON *n)
{
	int i = 0;

	if (n->child == NULL) {
		if (!cJSON_IsNull(n))
			add_line(L, path, n);
		return;
	}
	for (const struct cJSON *c = n->child; c != NULL; c = c->next) {
		struct sv_str below = cJSON_IsArray(n)
		    ? sv_arena_printf(L->A, "%s[%d]", path, i++)
		    : sv_arena_printf(L->A, "%s.%s", path, c->string);

		flatten(L, below.p, c);
	}
}

static int
by_text(const void *a, const void *b)
{
	return sv_str_cmp(*(const struct sv_str *)a,
	    *(const struct sv_str *)b);
}

static struct lines
lines_of(struct sv_arena *A, const struct cJSON *tree)
{
	struct lines L = { A, NULL, 0, 400000 };

	L.at = sv_arena_zalloc(A, L.cap, sizeof(*L.at));
	flatten(&L, "", tree);
	qsort(L.at, L.n, sizeof(*L.at), by_text);
	return L;
}

/* The tree of the JSON or XML file ${name}; no issue may be raised. */
static const struct cJSON *
tree_of(struct sv_arena *A, const char *dir, const char *form,
    const char *name)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_json_scan scan;
	struct fhir_issues is;
	struct sv_status s;
	const struct cJSON *tree = NULL;
	struct sv_str text;
	char path[2048];

	fhir_issues_init(&is, A);
	(void)snprintf(path, sizeof(path), "%s/%s/%s.%s", dir, form, name,
	    form);
	text = test_read(A, path);
	if (strcmp(form, "xml") == 0)
		s = fhir_xml_tree(A, text, &limits, &tree, &is);
	else if (sv_is_ok(s = fhir_json_scan(A, text, &limits, &scan, &is)))
		s = fhir_json_tree(A, text, &tree);
	cr_assert(sv_is_ok(s) && is.n == 0, "%s: %s %s", path, is.n > 0
	    ? is.at[0].expression.p : "", is.n > 0 ? is.at[0].text.p : "");
	return tree;
}

/* 1 if the two trees of ${name} differ; the first difference is printed. */
static size_t
compare(struct sv_arena *A, const char *name, const struct cJSON *json,
    const struct cJSON *xml)
{
	struct lines a = lines_of(A, json);
	struct lines b = lines_of(A, xml);
	size_t i = 0;

	while (i < a.n && i < b.n && sv_str_eq(a.at[i], b.at[i]))
		i++;
	if (i == a.n && i == b.n)
		return 0;
	cr_log_warn("%s: JSON %s, XML %s", name, i < a.n ? a.at[i].p : "-",
	    i < b.n ? b.at[i].p : "-");
	return 1;
}

/* ${tree} printed as XML, and read again. */
static const struct cJSON *
printed(struct sv_arena *A, const char *name, const struct cJSON *tree)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	const struct cJSON *again = NULL;
	struct fhir_issues is;
	struct sv_buf b;
	struct sv_status s;

	fhir_issues_init(&is, A);
	sv_buf_init(&b, A, (size_t)32 << 20);
	fhir_xml_print(&b, tree);
	cr_assert(sv_buf_ok(&b), "%s", name);
	s = fhir_xml_tree(A, sv_buf_str(&b), &limits, &again, &is);
	cr_assert(sv_is_ok(s) && is.n == 0, "%s: %s %s", name, is.n > 0
	    ? is.at[0].expression.p : "", is.n > 0 ? is.at[0].text.p : "");
	return again;
}

/* 0 if JSON, XML, and JSON printed as XML are the same resource. */
static size_t
differences(struct sv_arena *A, const char *dir, const char *name)
{
	const struct cJSON *json = tree_of(A, dir, "json", name);

	return compare(A, name, json, tree_of(A, dir, "xml", name))
	    + compare(A, name, json, printed(A, name, json));
}

Test(twins, official_examples)
{
	struct sv_arena A = test_arena((size_t)512 << 20);
	size_t n = 0, bad = 0;
	struct dirent *d;
	char dir[1024], json[1100];
	DIR *D;

	(void)snprintf(dir, sizeof(dir), "%s/r4-pairs",
	    getenv("SALVOR_TEST_DATA"));
	(void)snprintf(json, sizeof(json), "%s/json", dir);
	cr_assert_not_null(D = opendir(json));
	while ((d = readdir(D)) != NULL) {
		char *dot = strstr(d->d_name, ".json");

		if (dot == NULL)
			continue;
		*dot = '\0';
		/* Its 1E-245 is refused: no exponent has three digits. */
		if (strcmp(d->d_name, "observation-decimal") == 0)
			continue;
		sv_arena_reset(&A);
		n++;
		bad += differences(&A, dir, d->d_name);
	}
	(void)closedir(D);
	sv_arena_free(&A);
	cr_expect_eq(n, 582);
	cr_expect_eq(bad, 0, "%zu of %zu pairs differ", bad, n);
}
