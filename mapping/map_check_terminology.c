/*
 * Lint of ConceptMaps.
 */
#include "map_check.h"

#include "fhir_type.h"
#include "map_system.h"
#include "map_terminology.h"

#define SALVOR_SD "https://salvor.example/StructureDefinition/"

struct checker {
	struct fhir_at *roots;		/* of files that are no ConceptMap, and
					 * of those that cannot be read: none */
	size_t n;
	struct fhir_issues *is;
};

static bool
is_refused(const struct fhir_at *element)
{
	struct fhir_at target = fhir_get(element, "target");

	return sv_str_is(fhir_text(&target, "equivalence"), "disjoint")
	    || sv_str_is(fhir_text(&target, "equivalence"), "unmatched");
}

/* Does ${root} refuse ${code} of ${system}? */
static bool
refuses(const struct fhir_at *root, struct sv_str system, struct sv_str code)
{
	struct fhir_at g, x;

	for (g = fhir_first(root, "group"); fhir_is(&g); g = fhir_next(&g)) {
		if (!sv_str_eq(map_system_normal(fhir_text(&g, "source")),
		    system))
			continue;
		for (x = fhir_first(&g, "element"); fhir_is(&x);
		    x = fhir_next(&x)) {
			if (sv_str_eq(fhir_text(&x, "code"), code)
			    && is_refused(&x))
				return true;
		}
	}
	return false;
}

/* A site may overrule a refusal; that it does is worth a second look. */
static void
check_overruled(struct checker *C, const struct fhir_at *root,
    const struct fhir_at *element, struct sv_str system)
{
	struct fhir_at x = fhir_extension(element,
	    SALVOR_SD "replaces-mapping");
	enum map_role role = map_role_of(root);

	if (!fhir_is(&x) || is_refused(element))
		return;
	for (size_t i = 0; i < C->n; i++) {
		if (fhir_is(&C->roots[i])
		    && map_role_of(&C->roots[i]) == role
		    && refuses(&C->roots[i], system, fhir_text(element,
		    "code")))
			fhir_issue_at(C->is, FHIR_WARNING,
			    FHIR_CODE_BUSINESS_RULE, element, "%s refuses "
			    "this code, because it does not mean what it may "
			    "look like, and here it is accepted.",
			    C->roots[i].name);
	}
}

static void
check_display(struct checker *C, const struct fhir_at *at,
    struct sv_str system)
{
	struct fhir_at x = fhir_get(at, "display");
	const char *owner = map_system_owner(system);

	if (fhir_is(&x) && owner != NULL)
		fhir_issue_at(C->is, FHIR_WARNING, FHIR_CODE_BUSINESS_RULE,
		    &x, "Display texts of this code system belong to the %s. "
		    "Salvor needs none; write a comment of your own.", owner);
}

static void
check_element(struct checker *C, const struct fhir_at *root,
    const struct fhir_at *element, struct sv_str system)
{
	struct fhir_at code = fhir_get(element, "code");
	struct fhir_at prefix = fhir_extension(element,
	    SALVOR_SD "code-prefix");

	if (!fhir_is(&prefix) && fhir_is(&code)
	    && !map_system_code_ok(system, fhir_value(&code)))
		fhir_issue_at(C->is, FHIR_ERROR, FHIR_CODE_CODE_INVALID,
		    &code, "There is no code %.*s in %.*s: its form or its "
		    "check digit is wrong.", SV_FMT(fhir_value(&code)),
		    SV_FMT(system));
	check_display(C, element, system);
	check_overruled(C, root, element, system);
}

/* RFC 3986 section 4.3: a scheme, and no blanks. */
static bool
is_absolute(struct sv_str uri)
{
	return (sv_str_starts(uri, SV_LIT("http://"))
	    || sv_str_starts(uri, SV_LIT("https://"))
	    || sv_str_starts(uri, SV_LIT("urn:")))
	    && sv_str_chr(uri, ' ') == uri.n;
}

static void
check_group(struct checker *C, const struct fhir_at *root,
    const struct fhir_at *group)
{
	struct fhir_at source = fhir_get(group, "source"), x;
	struct sv_str system = map_system_normal(fhir_value(&source));

	if (!is_absolute(system))
		fhir_issue_at(C->is, FHIR_ERROR, FHIR_CODE_INVALID,
		    fhir_is(&source) ? &source : group, "A group needs a "
		    "source, the absolute URI of its code system.");
	else if (map_system_misspelt(system))
		fhir_issue_at(C->is, FHIR_WARNING, FHIR_CODE_INVALID,
		    &source, "%.*s is not the URI of that code system; codes "
		    "sent under its usual URI will not be found here.",
		    SV_FMT(system));
	for (x = fhir_first(group, "element"); fhir_is(&x);
	    x = fhir_next(&x))
		check_element(C, root, &x, system);
}

struct sv_status
map_check_terminology(struct sv_arena *A, const struct map_file *files,
    size_t n, struct fhir_issues *is)
{
	struct checker C = { .n = n, .is = is,
		.roots = sv_arena_zalloc(A, n + 1, sizeof(*C.roots)) };
	struct fhir_issues reading;
	struct fhir_at g;

	SV_ENSURE(C.roots != NULL, SV_NOMEM);
	fhir_issues_init(&reading, A);	/* loading has reported these */
	for (size_t i = 0; i < n; i++) {
		struct sv_status s = map_file_read(A, &files[i], &C.roots[i],
		    &reading);

		if (s.code != SV_CODE_SKIP)
			SV_TRY(s);
		if (fhir_is(&C.roots[i]) && !sv_str_is(fhir_text(&C.roots[i],
		    "resourceType"), "ConceptMap"))
			C.roots[i].node = NULL;
	}
	for (size_t i = 0; i < n; i++) {
		for (g = fhir_first(&C.roots[i], "group"); fhir_is(&g);
		    g = fhir_next(&g))
			check_group(&C, &C.roots[i], &g);
	}
	return SV_OK;
}
