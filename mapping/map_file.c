#include "map_file.h"

#include "fhir_json.h"

/* Issues of the scanner know no file: put its name before their paths. */
static struct sv_status
name_issues(struct sv_arena *A, const struct map_file *file, size_t from,
    struct fhir_issues *is)
{
	for (size_t i = from; i < is->n; i++) {
		struct sv_str *path = &is->at[i].expression;

		*path = sv_arena_printf(A, path->n > 0 ? "%.*s: %.*s"
		    : "%.*s%.*s", SV_FMT(file->name), SV_FMT(*path));
		SV_ENSURE(path->p != NULL, SV_NOMEM);
	}
	return SV_OK;
}

struct sv_status
map_file_read(struct sv_arena *A, const struct map_file *file,
    struct fhir_at *ret, struct fhir_issues *is)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	const struct cJSON *tree;
	struct fhir_at plain;
	struct sv_str name;
	size_t before = is->n;
	struct sv_status s = fhir_json_check(file->bytes, &limits, is);

	if (s.code == SV_CODE_BAD || s.code == SV_CODE_LIMIT) {
		SV_TRY(name_issues(A, file, before, is));
		return SV_SKIP;
	}
	SV_TRY(s);
	SV_TRY(fhir_json_tree(A, file->bytes, &tree));
	plain = fhir_root(tree, "");
	name = sv_arena_printf(A, "%.*s: %.*s", SV_FMT(file->name),
	    SV_FMT(fhir_text(&plain, "resourceType")));
	SV_ENSURE(name.p != NULL, SV_NOMEM);
	*ret = fhir_root(tree, name.p);
	return SV_OK;
}
