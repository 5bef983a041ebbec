#include "hook.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_FILE 65536

static const char *const types[MAP_KEY_MAX] = { "Patient", "Condition",
	"Observation", "DiagnosticReport", "Procedure", "Medication" };

static void
need(bool ok)
{
	if (!ok)
		abort();
}

static bool
is_for(const struct fhir_entry *e, int key)
{
	return key == MAP_KEY_MEDICATIONS ? sv_str_starts(e->resource_type,
	    sv_str_of(types[key])) : sv_str_is(e->resource_type, types[key]);
}

static void
add_key(struct sv_buf *b, const struct fhir_doc *doc, int key)
{
	size_t n = 0;

	sv_buf_printf(b, "%s\"%s\":", b->p[b->n - 1] == '{' ? "" : ",",
	    map_template((enum map_key)key)->key);
	if (key != MAP_KEY_PATIENT)
		sv_buf_add(b, SV_LIT("{\"resourceType\":\"Bundle\",\"type\":"
		    "\"searchset\",\"entry\":["));
	for (size_t i = 0; i < doc->n_entries; i++) {
		const struct fhir_entry *e = &doc->entries[i];

		if (!is_for(e, key))
			continue;
		if (key == MAP_KEY_PATIENT) {
			sv_buf_add(b, e->json);
			return;
		}
		sv_buf_printf(b, "%s{\"resource\":", n++ > 0 ? "," : "");
		sv_buf_add(b, e->json);
		sv_buf_addc(b, '}');
	}
	sv_buf_add(b, key == MAP_KEY_PATIENT ? SV_LIT("null") : SV_LIT("]}"));
}

static struct sv_str
patient_id(struct sv_arena *A, struct fhir_doc *doc)
{
	for (size_t i = 0; i < doc->n_entries; i++) {
		struct fhir_at root;

		if (!is_for(&doc->entries[i], MAP_KEY_PATIENT))
			continue;
		need(sv_is_ok(fhir_entry_tree(A, &doc->entries[i])));
		root = fhir_entry_root(&doc->entries[i]);
		return fhir_text(&root, "id");
	}
	abort();
}

static struct sv_str
file_of(struct sv_arena *A, const char *name)
{
	const char *root = getenv("SALVOR_SOURCE_ROOT");
	char path[1024], *p = sv_arena_alloc(A, MAX_FILE);
	size_t n;
	FILE *f;

	need(root != NULL && p != NULL);
	(void)snprintf(path, sizeof(path), "%s/tests/cases/vignettes-fhir/"
	    "%s.json", root, name);
	need((f = fopen(path, "rb")) != NULL);
	n = fread(p, 1, MAX_FILE, f);
	(void)fclose(f);
	need(n > 0 && n < MAX_FILE);
	return (struct sv_str){ p, n };
}

struct sv_str
test_request(struct sv_arena *A, const char *name,
    const struct test_call *call)
{
	struct fhir_issues is;
	struct fhir_doc doc;
	struct sv_buf b;

	fhir_issues_init(&is, A);
	need(sv_is_ok(fhir_doc_read(A, file_of(A, name), &doc, &is)));
	sv_buf_init(&b, A, (size_t)4 << 20);
	sv_buf_printf(&b, "{\"hook\":\"%.*s\",\"hookInstance\":"
	    "\"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\",\"context\":{"
	    "\"userId\":\"Practitioner/p1\",\"patientId\":\"%.*s\"",
	    SV_FMT(map_hook_name(call->hook)), SV_FMT(patient_id(A, &doc)));
	if (call->selections != NULL)
		sv_buf_printf(&b, ",\"selections\":[%s]", call->selections);
	if (call->orders != NULL)
		sv_buf_printf(&b, ",\"draftOrders\":{\"resourceType\":"
		    "\"Bundle\",\"entry\":[%s]}", call->orders);
	sv_buf_add(&b, SV_LIT("},\"prefetch\":{"));
	for (int k = 0; k < MAP_KEY_MAX; k++) {
		if ((call->without & (1u << k)) == 0)
			add_key(&b, &doc, k);
	}
	sv_buf_add(&b, SV_LIT("}}"));
	need(sv_buf_ok(&b));
	return sv_buf_str(&b);
}
