#include "ad_bulk_kickoff.h"

#include <curl/curl.h>
#include <string.h>

#include "fhir_doc.h"
#include "fhir_write.h"

#define MAX_REQUEST ((size_t)16 << 20)

/* How far ${s} goes on as ${form}, in which 0 stands for any digit; 0 if it
 * does not go on so to the end of ${form}. */
static size_t
matches(struct sv_str s, const char *form)
{
	size_t n = strlen(form);

	if (s.n < n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';

		if (form[i] == '0' ? !digit : s.p[i] != form[i])
			return 0;
	}
	return n;
}

bool
ad_bulk_is_instant(struct sv_str s)
{
	size_t n = matches(s, "0000-00-00T00:00:00");

	if (n == 0)
		return false;
	s = sv_str_from(s, n);
	if (s.n > 0 && s.p[0] == '.') {
		for (n = 1; matches(sv_str_from(s, n), "0") > 0; n++)
			continue;
		s = sv_str_from(s, n);
	}
	return sv_str_is(s, "Z") || (s.n == 6 && (matches(s, "+00:00") > 0
	    || matches(s, "-00:00") > 0));
}

static struct sv_status
wrong(struct sv_err *err, const char *what, struct sv_str value)
{
	sv_err_set(err, "", "%s: \"%.*s\"", what, SV_FMT(value));
	return SV_BAD;
}

/* As a URL is written: anything else is percent-encoded in it (RFC 3986). */
static bool
is_ascii(struct sv_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	}
	return true;
}

/* A server does not search: parameters that shape a result page mean nothing
 * in an export (Bulk Data, "Query Parameters"). */
static struct sv_status
check_filter(struct sv_str f, struct sv_err *err)
{
	static const char *const shapes[] = { "_include", "_revinclude",
		"_sort", "_count", "_elements", "_summary", "_total" };
	size_t mark = sv_str_chr(f, '?');
	struct sv_str rest = sv_str_from(f, mark + 1);

	if (rest.n == 0 || !is_ascii(f)
	    || !fhir_is_resource_type((struct sv_str){ f.p, mark }))
		return wrong(err, "type-filter takes Type?query", f);
	while (rest.n > 0) {
		struct sv_str one = sv_str_cut(&rest, '&');
		struct sv_str name = { one.p, sv_str_chr(one, '=') };

		for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
			struct sv_str plain = { name.p, sv_str_chr(name, ':') };

			if (sv_str_is(plain, shapes[i]))
				return wrong(err, "type-filter cannot shape "
				    "the result", f);
		}
	}
	return SV_OK;
}

static struct sv_status
check_patients(const struct ad_bulk_export *e, struct sv_err *err)
{
	if (e->n_patients > 0 && sv_str_is(e->level, "system"))
		return wrong(err, "patients cannot be chosen at level",
		    e->level);
	if (e->n_patients > 0 && e->method == AD_BULK_GET)
		return wrong(err, "patients are sent by kickoff", SV_LIT("post"));
	return SV_OK;
}

static struct sv_status
check_level(const struct ad_bulk_export *e, struct sv_err *err)
{
	bool group = sv_str_is(e->level, "group");

	if (!group && !sv_str_is(e->level, "system")
	    && !sv_str_is(e->level, "patient"))
		return wrong(err, "level is system, patient or group", e->level);
	if (group != (e->group.n > 0))
		return wrong(err, "group goes with level group", e->group);
	return SV_OK;
}

static struct sv_status
check_instant(struct sv_str s, struct sv_err *err)
{
	return s.n == 0 || ad_bulk_is_instant(s) ? SV_OK
	    : wrong(err, "since and until take a full instant with its zone, "
	    "as 2026-11-24T02:00:00Z", s);
}

static struct sv_status
check(const struct ad_bulk_export *e, struct sv_err *err)
{
	SV_TRY(check_level(e, err));
	SV_TRY(check_patients(e, err));
	SV_TRY(check_instant(e->since, err));
	SV_TRY(check_instant(e->until, err));
	for (size_t i = 0; i < e->n_types; i++) {
		if (!fhir_is_resource_type(e->types[i]))
			return wrong(err, "no resource type", e->types[i]);
	}
	for (size_t i = 0; i < e->n_elements; i++) {
		if (!is_ascii(e->elements[i]))
			return wrong(err, "no element", e->elements[i]);
	}
	for (size_t i = 0; i < e->n_filters; i++)
		SV_TRY(check_filter(e->filters[i], err));
	return SV_OK;
}

/* In a comma list a comma of the value itself is encoded once more. */
static void
add_in_list(struct sv_buf *b, struct sv_str s)
{
	while (s.n > 0) {
		size_t n = sv_str_chr(s, ',');

		if (n > 0)
			sv_buf_add_encoded(b, (struct sv_str){ s.p, n }, "");
		if (n < s.n)
			sv_buf_add(b, SV_LIT("%252C"));
		s = sv_str_from(s, n + 1);
	}
}

static void
add_query(struct sv_buf *b, const char *name)
{
	struct sv_str so_far = sv_buf_str(b);

	sv_buf_printf(b, "%c%s=", sv_str_chr(so_far, '?') < so_far.n ? '&' : '?',
	    name);
}

static void
add_list(struct sv_buf *b, const char *name, const struct sv_str *v, size_t n,
    bool comma)
{
	for (size_t i = 0; i < n; i++) {
		if (!comma) {
			add_query(b, name);
			sv_buf_add_encoded(b, v[i], "");
			continue;
		}
		if (i == 0)
			add_query(b, name);
		else
			sv_buf_addc(b, ',');
		add_in_list(b, v[i]);
	}
}

static void
put_parameter(struct fhir_writer *w, const char *name, const char *type,
    struct sv_str value)
{
	fhir_open(w, "parameter");
	fhir_put_lit(w, "name", name);
	fhir_put_str(w, type, value);
	fhir_close(w);
}

/* A comma of the value itself is encoded, or it would end the value. */
static void
add_joined(struct sv_buf *b, struct sv_str s)
{
	while (s.n > 0) {
		size_t n = sv_str_chr(s, ',');

		sv_buf_add(b, (struct sv_str){ s.p, n });
		if (n < s.n)
			sv_buf_add(b, SV_LIT("%2C"));
		s = sv_str_from(s, n + 1);
	}
}

/* All values as one, for servers that want comma lists; ${joined} is room for
 * it, or NULL for a parameter each. */
static void
put_list(struct fhir_writer *w, const char *name, const struct sv_str *v,
    size_t n, struct sv_buf *joined)
{
	for (size_t i = 0; i < n; i++) {
		if (joined == NULL) {
			put_parameter(w, name, "valueString", v[i]);
			continue;
		}
		if (i > 0)
			sv_buf_addc(joined, ',');
		add_joined(joined, v[i]);
	}
	if (joined != NULL && n > 0)
		put_parameter(w, name, "valueString", sv_buf_str(joined));
}

static void
put_lists(struct fhir_writer *w, struct sv_arena *A,
    const struct ad_bulk_export *e)
{
	bool comma = e->lists == AD_BULK_COMMA;
	struct sv_buf types, filters, elements;

	sv_buf_init(&types, A, MAX_REQUEST);
	sv_buf_init(&filters, A, MAX_REQUEST);
	sv_buf_init(&elements, A, MAX_REQUEST);
	put_list(w, "_type", e->types, e->n_types, comma ? &types : NULL);
	put_list(w, "_typeFilter", e->filters, e->n_filters, comma ? &filters
	    : NULL);
	put_list(w, "_elements", e->elements, e->n_elements, comma ? &elements
	    : NULL);
}

static struct sv_status
write_body(struct sv_arena *A, const struct ad_bulk_export *e,
    struct sv_str *ret)
{
	bool any = e->since.n + e->until.n + e->n_types + e->n_filters
	    + e->n_elements + e->n_patients > 0;
	struct fhir_writer w;
	struct sv_buf b;

	sv_buf_init(&b, A, MAX_REQUEST);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	fhir_open_resource(&w, NULL, "Parameters");
	if (any)
		fhir_open_array(&w, "parameter");
	if (e->since.n > 0)
		put_parameter(&w, "_since", "valueInstant", e->since);
	if (e->until.n > 0)
		put_parameter(&w, "_until", "valueInstant", e->until);
	put_lists(&w, A, e);
	for (size_t i = 0; i < e->n_patients; i++) {
		fhir_open(&w, "parameter");
		fhir_put_lit(&w, "name", "patient");
		fhir_open(&w, "valueReference");
		fhir_put_str(&w, "reference", sv_arena_printf(A, "Patient/%.*s",
		    SV_FMT(e->patients[i])));
		fhir_close(&w);
		fhir_close(&w);
	}
	if (any)
		fhir_close_array(&w);
	fhir_close(&w);
	*ret = sv_buf_str(&b);
	return fhir_write_status(&w);
}

static void
add_address(struct sv_buf *b, const struct ad_bulk_export *e)
{
	struct sv_str base = e->base;

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	sv_buf_add(b, base);
	if (sv_str_is(e->level, "patient"))
		sv_buf_add(b, SV_LIT("/Patient"));
	if (sv_str_is(e->level, "group")) {
		sv_buf_add(b, SV_LIT("/Group/"));
		sv_buf_add_encoded(b, e->group, "");
	}
	sv_buf_addc(b, '/');
	sv_buf_add(b, e->operation.n > 0 ? e->operation : SV_LIT("$export"));
}

struct sv_status
ad_bulk_kickoff_make(struct sv_arena *A, const struct ad_bulk_export *e,
    struct ad_bulk_kickoff *ret, struct sv_err *err)
{
	bool comma = e->lists != AD_BULK_REPEAT;
	struct sv_buf b;

	SV_TRY(check(e, err));
	*ret = (struct ad_bulk_kickoff){ .post = e->method == AD_BULK_POST
	    || e->n_patients > 0 };
	sv_buf_init(&b, A, MAX_REQUEST);
	add_address(&b, e);
	if (ret->post) {
		SV_TRY(write_body(A, e, &ret->body));
	} else {
		add_list(&b, "_since", &e->since, e->since.n > 0, false);
		add_list(&b, "_until", &e->until, e->until.n > 0, false);
		add_list(&b, "_type", e->types, e->n_types, comma);
		add_list(&b, "_typeFilter", e->filters, e->n_filters, comma);
		add_list(&b, "_elements", e->elements, e->n_elements, comma);
	}
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	ret->url = sv_arena_str(A, sv_buf_str(&b));
	return ret->url.p != NULL ? SV_OK : SV_NOMEM;
}
