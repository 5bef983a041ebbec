/*
 * What a client may do.
 */

#include "ad_auth.h"
#include "ad_memory.h"
#include "ad_scope.h"
#include "fhir_doc.h"
#include "sv_limits.h"

bool
ad_who_may(const struct ad_who *w, char act, struct sv_str type)
{
	unsigned need = act == 'r' || act == 's' ? AD_MAY_READ : AD_MAY_WRITE;

	return w->client != NULL && (w->client->may & need) != 0
	    && (w->scopes == NULL
	    || ad_scope_allows(sv_str_of(w->scopes), act, type));
}

/* What is sent without saying how may be new or not. */
static bool
may_do(const struct ad_who *w, struct sv_str method, struct sv_str type)
{
	if (sv_str_is(method, "DELETE"))
		return ad_who_may(w, 'd', type);
	if (sv_str_is(method, "PUT"))
		return ad_who_may(w, 'u', type);
	return ad_who_may(w, 'c', type)
	    && (sv_str_is(method, "POST") || ad_who_may(w, 'u', type));
}

static bool
may_entry(const struct ad_who *w, const struct fhir_entry *e)
{
	size_t end = sv_str_chr(e->url, '/'), query = sv_str_chr(e->url, '?');
	struct sv_str type = e->resource_type;

	if (type.n == 0)
		type = (struct sv_str){ e->url.p, end < query ? end : query };
	/* The envelope of a message is no resource that is kept. */
	return sv_str_is(type, "MessageHeader")
	    || (type.n > 0 && may_do(w, e->method, type));
}

/* Each entry of ${body}.  One that cannot be read is refused for that, and
 * nothing of it is kept. */
static bool
may_all(const struct ad_who *w, struct sv_str body)
{
	struct sv_arena A = ad_arena(SV_LIMIT_ARENA);
	struct fhir_issues is;
	struct fhir_doc doc;
	struct sv_status s;
	bool may;

	fhir_issues_init(&is, &A);
	s = fhir_doc_read(&A, body, &doc, &is);
	may = sv_is_ok(s) || s.code == SV_CODE_BAD;
	if (sv_is_ok(s) && !doc.is_bundle)
		may = may_do(w, SV_LIT("POST"), doc.resource_type);
	for (size_t i = 0; sv_is_ok(s) && doc.is_bundle && may
	    && i < doc.n_entries; i++)
		may = may_entry(w, &doc.entries[i]);
	sv_arena_free(&A);
	return may;
}

bool
ad_who_may_send(const struct ad_who *w, struct sv_str method,
    struct sv_str type, struct sv_str body)
{
	static const struct sv_str all = SV_STATIC("");

	if (type.n > 0)
		return may_do(w, method, type);
	if (w->client == NULL || (w->client->may & AD_MAY_WRITE) == 0)
		return false;
	return w->scopes == NULL || (ad_who_may(w, 'c', all)
	    && ad_who_may(w, 'u', all) && ad_who_may(w, 'd', all))
	    || may_all(w, body);
}

struct sv_str
ad_who_challenge(const struct ad_who *w, int status)
{
	if (status == 403)
		return w->scopes == NULL
		    ? SV_LIT("WWW-Authenticate: Bearer realm=\"salvor\"")
		    : SV_LIT("WWW-Authenticate: Bearer realm=\"salvor\", "
		    "error=\"insufficient_scope\"");
	/* A request that shows nothing is told no error (section 3.1). */
	return w->whose == AD_WHO_REFUSED ? SV_LIT("WWW-Authenticate: Bearer "
	    "realm=\"salvor\", error=\"invalid_token\"")
	    : SV_LIT("WWW-Authenticate: Bearer realm=\"salvor\"");
}
