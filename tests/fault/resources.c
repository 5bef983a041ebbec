#define _GNU_SOURCE	/* memmem */
#include "resources.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ad_memory.h"
#include "fhir_doc.h"
#include "fhir_type.h"
#include "test_arena.h"

#define BASE "https://ehr.example/fhir/"

struct resource resources[RESOURCES_MAX];
size_t resources_n;
struct sv_str resources_patient;
struct sv_arena resources_arena;

void
resources_init(void)
{
	resources_arena = ad_arena((size_t)512 << 20);
}

struct sv_str
resources_replace(struct sv_str text, const char *from, const char *to)
{
	struct sv_buf b;
	size_t n = strlen(from);

	sv_buf_init(&b, &resources_arena, (size_t)1 << 20);
	while (text.n > 0) {
		const char *at = memmem(text.p, text.n, from, n);
		size_t before = at != NULL ? (size_t)(at - text.p) : text.n;

		sv_buf_add(&b, (struct sv_str){ text.p, before });
		if (at != NULL)
			sv_buf_add(&b, sv_str_of(to));
		text = sv_str_from(text, before + (at != NULL ? n : 0));
	}
	cr_assert(sv_buf_ok(&b));
	return sv_buf_str(&b);
}

struct sv_str
resources_replace_first(struct sv_str text, const char *from, const char *to)
{
	const char *at = memmem(text.p, text.n, from, strlen(from));
	size_t before;

	if (at == NULL)
		return (struct sv_str){ NULL, 0 };
	before = (size_t)(at - text.p);
	return sv_arena_printf(&resources_arena, "%.*s%s%.*s", (int)before, text.p, to,
	    SV_FMT(sv_str_from(text, before + strlen(from))));
}

static struct sv_str
with_version(struct sv_str text, const char *version, const char *updated)
{
	char meta[128];

	(void)snprintf(meta, sizeof(meta), "{\"meta\":{\"versionId\":\"%s\","
	    "\"lastUpdated\":\"%s\"},", version, updated);
	return resources_replace_first(text, "{", meta);
}

/* Another value, date or code than the right one. */
static struct sv_str
made_wrong(struct sv_str text)
{
	static const char *const change[][2] = {
		{ "DateTime\": \"202", "DateTime\": \"201" },
		{ "DateTime\": \"201", "DateTime\": \"200" },
		{ "\"code\": \"399068003\"", "\"code\": \"254637007\"" } };
	struct sv_str t = { NULL, 0 };
	char from[16], to[16];

	for (char c = '0'; t.p == NULL && c <= '9'; c++) {
		(void)snprintf(from, sizeof(from), "\"value\": %c", c);
		(void)snprintf(to, sizeof(to), "\"value\": 8%c", c);
		t = resources_replace_first(text, from, to);
	}
	for (size_t i = 0; t.p == NULL && i < 3; i++)
		t = resources_replace_first(text, change[i][0], change[i][1]);
	return t;
}

/* References as a server keeps them: "Patient/7". */
static struct sv_str
resolved(const struct fhir_doc *d, struct sv_str text)
{
	char name[256], full[256];

	for (size_t i = 0; i < d->n_entries; i++) {
		struct fhir_entry *e = &d->entries[i];
		struct fhir_at root = fhir_entry_root(e);

		(void)snprintf(full, sizeof(full), "\"%.*s\"",
		    SV_FMT(e->full_url));
		(void)snprintf(name, sizeof(name), "\"%.*s/%.*s\"",
		    SV_FMT(e->resource_type), SV_FMT(fhir_text(&root, "id")));
		text = resources_replace(text, full, name);
	}
	return text;
}

static void
add_resource(const struct fhir_doc *d, struct fhir_entry *e)
{
	struct resource *x = &resources[resources_n++];
	struct sv_str text = resolved(d, e->json), wrong;
	struct fhir_at root;
	char id[80], other[80];

	root = fhir_entry_root(e);
	*x = (struct resource){ .type = e->resource_type,
		.id = fhir_text(&root, "id") };
	if (sv_str_is(x->type, "Patient"))
		resources_patient = sv_arena_printf(&resources_arena,
		    "Patient/%.*s", SV_FMT(x->id));
	wrong = sv_str_is(x->type, "Patient") ? (struct sv_str){ NULL, 0 }
	    : made_wrong(text);
	x->text = with_version(text, "2", "2026-04-02T00:00:00Z");
	if (wrong.p == NULL)
		return;
	x->wrong = with_version(wrong, "1", "2026-04-01T00:00:00Z");
	(void)snprintf(id, sizeof(id), "\"id\": \"%.*s\"", SV_FMT(x->id));
	(void)snprintf(other, sizeof(other), "\"id\": \"%.*s-x\"",
	    SV_FMT(x->id));
	x->extra = resources_replace_first(x->wrong, id, other);
}

bool
resources_load(int number)
{
	struct fhir_issues is;
	struct fhir_doc doc;
	char path[128];

	sv_arena_reset(&resources_arena);
	resources_n = 0;
	resources_patient = (struct sv_str){ "", 0 };
	(void)snprintf(path, sizeof(path),
	    "tests/cases/vignettes-fhir/V%03d.json", number);
	if (!test_exists(path))
		return false;
	fhir_issues_init(&is, &resources_arena);
	cr_assert(sv_is_ok(fhir_doc_read(&resources_arena,
	    test_read(&resources_arena, path), &doc, &is)));
	for (size_t i = 0; i < doc.n_entries; i++)
		cr_assert(sv_is_ok(fhir_entry_tree(&resources_arena, &doc.entries[i])));
	for (size_t i = 0; i < doc.n_entries; i++) {
		struct sv_str t = doc.entries[i].json;

		if (i >= RESOURCES_MAX || memmem(t.p, t.n, "\"meta\"", 6) != NULL)
			return false;
		add_resource(&doc, &doc.entries[i]);
	}
	return resources_patient.n > 0;
}
