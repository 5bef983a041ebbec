/*
 * Trees of text that is known to be strict: one pass without checks.
 */
#include "fhir_json.h"

#include "fhir_json_build.h"
#include "fhir_json_token.h"

struct text {
	const char *p, *end;
	bool object[SV_LIMIT_DEPTH + 2];	/* what is open */
};

static void
blank(struct text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\n'
	    || *t->p == '\r' || *t->p == '\t' || *t->p == ','
	    || *t->p == ':'))
		t->p++;
}

/* Go behind the string whose opening quote is at t->p. */
static bool
skip_string(struct text *t, bool *ret_escaped)
{
	*ret_escaped = false;
	for (t->p++;; t->p += *t->p == '\\' ? 2 : 1) {
		t->p = fhir_json_plain(t->p, t->end);
		if (t->p >= t->end || *t->p == '"')
			break;
		*ret_escaped = *ret_escaped || *t->p == '\\';
	}
	return t->p++ < t->end;
}

static bool
ends_plain(char c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n'
	    || c == '\r' || c == '\t';
}

/* A value that holds no other. */
static bool
single(struct fhir_json_build *B, struct text *t)
{
	const char *from = t->p;
	bool escaped;

	if (*from == '"')
		return skip_string(t, &escaped)
		    && fhir_json_build_value(B, from, t->p, escaped);
	while (t->p < t->end && !ends_plain(*t->p))
		t->p++;
	return fhir_json_build_value(B, from, t->p, false);
}

/* The value at t->p, or the beginning of one.  False without memory. */
static bool
value(struct fhir_json_build *B, struct text *t)
{
	if (*t->p != '{' && *t->p != '[')
		return single(B, t);
	if (!fhir_json_build_open(B, *t->p))
		return false;
	t->object[B->depth - 1] = *t->p == '{';
	t->p++;
	return true;
}

/* One step inside the innermost open container. */
static bool
step(struct fhir_json_build *B, struct text *t)
{
	const char *from;
	bool escaped;

	blank(t);
	if (t->p == t->end)
		return false;
	if (*t->p == '}' || *t->p == ']') {
		t->p++;
		fhir_json_build_close(B);
		return true;
	}
	if (t->object[B->depth - 1]) {
		from = t->p + 1;
		if (*t->p != '"' || !skip_string(t, &escaped))
			return false;
		B->name = fhir_json_build_string(B, from, t->p - 1, escaped);
		if (B->name == NULL)
			return false;
		blank(t);
	}
	return t->p < t->end && value(B, t);
}

struct sv_status
fhir_json_tree(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret_tree)
{
	struct text t = { .p = text.p, .end = text.p + text.n };
	struct fhir_json_build B;

	/* The text passed the strict scan: only memory can be short. */
	SV_ENSURE(fhir_json_build_start(&B, A, text), SV_NOMEM);
	blank(&t);
	SV_ENSURE(t.p < t.end && value(&B, &t), SV_NOMEM);
	while (B.depth > 0)
		SV_ENSURE(step(&B, &t), SV_NOMEM);
	*ret_tree = B.root;
	return SV_OK;
}

struct sv_status
fhir_json_read(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret_tree)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_issues is;

	SV_ENSURE(text.n > 0, SV_BAD);
	fhir_issues_init(&is, A);
	SV_TRY(fhir_json_check(text, &limits, &is));
	return fhir_json_tree(A, text, ret_tree);
}
