/*
 * The members of a request; map_hook_prefetch.c reads what was prefetched.
 */
#include "map_hook.h"

#include "map_hook_part.h"

struct sv_str
map_hook_name(enum map_hook h)
{
	static const struct sv_str names[] = { SV_STATIC("patient-view"),
		SV_STATIC("order-select"), SV_STATIC("order-sign") };

	return names[h];
}

struct sv_status
map_hook_wrong(struct fhir_issues *is, const struct fhir_at *at,
    const char *what)
{
	fhir_issue_at(is, FHIR_FATAL, FHIR_CODE_INVALID, at, "%s", what);
	return SV_BAD;
}

/* The string ${name} of ${at}, which must be there. */
static struct sv_status
need_text(struct fhir_issues *is, const struct fhir_at *at, const char *name,
    struct sv_str *ret)
{
	struct fhir_at x = fhir_get(at, name);

	*ret = fhir_value(&x);
	if (fhir_is_string(&x) && x.index < 0 && ret->n > 0)
		return SV_OK;
	fhir_issue_at(is, FHIR_FATAL, FHIR_CODE_REQUIRED, at, "\"%s\" is "
	    "required, a string that is not empty.", name);
	return SV_BAD;
}

/* RFC 4122's form; the version does not matter. */
static bool
is_uuid(struct sv_str s)
{
	static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
		    || (c >= 'A' && c <= 'F');

		if (i >= sizeof(pattern) - 1
		    || (pattern[i] == 'x' ? !hex : c != '-'))
			return false;
	}
	return s.n == sizeof(pattern) - 1;
}

static bool
is_user(struct sv_str user)
{
	static const char *const users[] = { "Practitioner/",
		"PractitionerRole/", "Patient/", "RelatedPerson/" };

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		if (sv_str_starts(user, sv_str_of(users[i]))
		    && user.n > sv_str_of(users[i]).n)
			return true;
	}
	return false;
}

/* hookInstance, hook and who it is about [R12, R16, R17]. */
static struct sv_status
read_identity(struct map_hook_request *r, const struct fhir_at *root,
    const struct fhir_at *context, struct fhir_issues *is)
{
	struct sv_str hook;

	SV_TRY(need_text(is, root, "hook", &hook));
	if (!sv_str_eq(hook, map_hook_name(r->hook)))
		return map_hook_wrong(is, root, "\"hook\" is not the hook of "
		    "this service; discovery says which is.");
	SV_TRY(need_text(is, root, "hookInstance", &r->instance));
	if (!is_uuid(r->instance))
		return map_hook_wrong(is, root, "\"hookInstance\" is not a "
		    "UUID.");
	if (!fhir_is_object(context) || context->index >= 0)
		return map_hook_wrong(is, root, "\"context\" is required, an "
		    "object.");
	SV_TRY(need_text(is, context, "userId", &r->user));
	if (!is_user(r->user))
		return map_hook_wrong(is, context, "\"userId\" is "
		    "Practitioner/id, PractitionerRole/id, Patient/id or "
		    "RelatedPerson/id.");
	SV_TRY(need_text(is, context, "patientId", &r->patient));
	if (sv_str_starts(r->patient, SV_LIT("Patient/")))
		r->patient = sv_str_from(r->patient, 8);
	return r->patient.n > 0 ? SV_OK : map_hook_wrong(is, context,
	    "\"patientId\" is empty.");
}

/* access_token and what must stand beside it [R14]. */
static struct sv_status
read_authorization(struct map_hook_request *r, const struct fhir_at *a,
    struct fhir_issues *is)
{
	struct fhir_at expires = fhir_get(a, "expires_in");
	struct sv_str unused, type, seconds = fhir_value(&expires);
	struct sv_dec d;

	if (!fhir_is_object(a) || a->index >= 0)
		return map_hook_wrong(is, a, "\"fhirAuthorization\" is an "
		    "object.");
	SV_TRY(need_text(is, a, "access_token", &r->token));
	SV_TRY(need_text(is, a, "token_type", &type));
	SV_TRY(need_text(is, a, "scope", &unused));
	SV_TRY(need_text(is, a, "subject", &unused));
	if (!sv_str_is(type, "Bearer"))
		return map_hook_wrong(is, a, "\"token_type\" is \"Bearer\".");
	if (!sv_is_ok(sv_dec_parse(seconds, &d)) || d.scale != 0 || d.m < 0)
		return map_hook_wrong(is, a, "\"expires_in\" is a number of "
		    "seconds.");
	for (size_t i = 0; i < r->token.n; i++) {
		if (r->token.p[i] <= ' ' || r->token.p[i] == 0x7f)
			return map_hook_wrong(is, a, "\"access_token\" holds a "
			    "character that no token has.");
	}
	return SV_OK;
}

static struct sv_status
read_server(struct map_hook_request *r, const struct fhir_at *root,
    bool plain, struct fhir_issues *is)
{
	struct fhir_at server = fhir_get(root, "fhirServer");
	struct fhir_at a = fhir_get(root, "fhirAuthorization");

	if (fhir_is(&server)) {
		SV_TRY(need_text(is, root, "fhirServer", &r->server));
		if (!sv_str_starts(r->server, SV_LIT("https://")) && !(plain
		    && sv_str_starts(r->server, SV_LIT("http://"))))
			return map_hook_wrong(is, &server, "\"fhirServer\" is "
			    "an https URL.");
		if (sv_str_ends(r->server, SV_LIT("/")))
			r->server.n--;
	}
	if (!fhir_is(&a))
		return SV_OK;
	if (r->server.n == 0)
		return map_hook_wrong(is, root, "\"fhirAuthorization\" needs "
		    "\"fhirServer\" (cds-r-1).");
	return read_authorization(r, &a, is);
}

/* Is the order ${e} among the selections of ${context}? */
static bool
is_selected(const struct map_hook_request *r, const struct fhir_at *context,
    const struct fhir_entry *e)
{
	struct fhir_at root = fhir_entry_root(e), x;
	struct sv_str id = fhir_text(&root, "id");

	if (r->hook != MAP_HOOK_ORDER_SELECT)
		return true;
	for (x = fhir_first(context, "selections"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct fhir_reference ref = fhir_reference_of(fhir_value(&x));

		if (sv_str_eq(ref.type, e->resource_type)
		    && sv_str_eq(ref.id, id))
			return true;
	}
	return false;
}

static struct sv_status
take_orders(struct map_hook_request *r, const struct fhir_at *context,
    const struct fhir_at *bundle)
{
	struct fhir_at x;
	size_t n = 0;

	for (x = fhir_first(bundle, "entry"); fhir_is(&x); x = fhir_next(&x))
		n++;
	r->orders = sv_arena_zalloc(r->A, n + 1, sizeof(*r->orders));
	SV_ENSURE(r->orders != NULL, SV_NOMEM);
	for (x = fhir_first(bundle, "entry"); fhir_is(&x); x = fhir_next(&x)) {
		struct fhir_at res = fhir_get(&x, "resource");
		struct fhir_entry *e = &r->orders[r->n_orders];

		*e = (struct fhir_entry){ .path = "draftOrders",
			.resource_type = fhir_text(&res, "resourceType"),
			.full_url = fhir_text(&x, "fullUrl"),
			.tree = res.node };
		if (fhir_is_object(&res) && e->resource_type.n > 0
		    && is_selected(r, context, e))
			r->n_orders++;
	}
	return SV_OK;
}

/* draftOrders and selections [R16]; a Bundle without type is taken [R17]. */
static struct sv_status
read_orders(struct map_hook_request *r, const struct fhir_at *context,
    struct fhir_issues *is)
{
	struct fhir_at bundle = fhir_get(context, "draftOrders");
	struct fhir_at first = fhir_first(context, "selections");

	if (r->hook == MAP_HOOK_PATIENT_VIEW)
		return SV_OK;
	if (!fhir_is_object(&bundle) || bundle.index >= 0
	    || !sv_str_is(fhir_text(&bundle, "resourceType"), "Bundle"))
		return map_hook_wrong(is, context, "\"draftOrders\" is "
		    "required, a Bundle.");
	if (r->hook == MAP_HOOK_ORDER_SELECT && (!fhir_is_string(&first)
	    || first.index < 0))
		return map_hook_wrong(is, context, "\"selections\" is "
		    "required, an array of Type/id.");
	return take_orders(r, context, &bundle);
}

static struct sv_status
read_all(struct map_hook_request *r, const struct cJSON *tree,
    const struct map_hook_options *o, struct fhir_issues *is)
{
	struct fhir_at root = fhir_root(tree, "request");
	struct fhir_at context = fhir_get(&root, "context");
	struct fhir_at prefetch = fhir_get(&root, "prefetch");
	struct fhir_at extension = fhir_get(&root, "extension");

	SV_TRY(read_identity(r, &root, &context, is));
	SV_TRY(read_server(r, &root, o->plain, is));
	SV_TRY(read_orders(r, &context, is));
	if (fhir_is(&extension) && (!fhir_is_object(&extension)
	    || extension.index >= 0))
		return map_hook_wrong(is, &extension, "\"extension\" is an "
		    "object.");
	if (!fhir_is(&prefetch))
		return SV_OK;
	if (!fhir_is_object(&prefetch) || prefetch.index >= 0)
		return map_hook_wrong(is, &prefetch, "\"prefetch\" is an "
		    "object.");
	return map_hook_prefetch(r, &prefetch, o->wrapped, is);
}

struct sv_status
map_hook_read(struct sv_arena *A, struct sv_str text,
    const struct map_hook_options *o, struct map_hook_request *ret,
    struct fhir_issues *is)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	const struct cJSON *tree;

	*ret = (struct map_hook_request){ .A = A, .hook = o->hook };
	SV_TRY(fhir_json_scan_tree(A, text, &limits, &tree, is));
	return read_all(ret, tree, o, is);
}
