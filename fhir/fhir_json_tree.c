/*
 * The nodes that cJSON would make, from text that is known to be strict: one
 * pass without checks, strings that hold no escape copied whole, numbers kept
 * as their text.
 */
#include "fhir_json.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "fhir_json_token.h"
#include "sv_limits.h"

struct building {
	struct sv_arena *A;
	const char *p, *end;
	struct cJSON *open[SV_LIMIT_DEPTH + 2];
	size_t depth;
	struct sv_str name;		/* of the member that comes */
};

static void
blank(struct building *B)
{
	while (B->p < B->end && (*B->p == ' ' || *B->p == '\n'
	    || *B->p == '\r' || *B->p == '\t' || *B->p == ','
	    || *B->p == ':'))
		B->p++;
}

/* The string whose opening quote is at B->p, in the arena and with a NUL. */
static struct sv_str
string(struct building *B)
{
	const char *from = ++B->p;
	bool escaped = false;
	struct sv_str raw;

	while (B->p < B->end && *B->p != '"') {
		if (*B->p == '\\') {
			escaped = true;
			B->p++;
		}
		B->p++;
	}
	if (B->p > B->end)
		B->p = B->end;
	raw = (struct sv_str){ from, (size_t)(B->p - from) };
	if (B->p < B->end)
		B->p++;
	if (escaped && (raw = fhir_json_unescape(B->A, raw)).p == NULL)
		return raw;
	return sv_arena_str(B->A, raw);
}

static bool
ends_plain(char c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n'
	    || c == '\r' || c == '\t';
}

/* A number, true, false or null. */
static bool
plain(struct building *B, struct cJSON *node)
{
	const char *from = B->p;
	struct sv_str text;

	while (B->p < B->end && !ends_plain(*B->p))
		B->p++;
	switch (*from) {
	case 't':
		node->type = cJSON_True;
		node->valueint = 1;
		return true;
	case 'f':
		node->type = cJSON_False;
		return true;
	case 'n':
		node->type = cJSON_NULL;
		return true;
	default:
		break;
	}
	node->type = cJSON_Number;
	text = sv_arena_str(B->A, (struct sv_str){ from,
	    (size_t)(B->p - from) });
	node->valuestring = (char *)text.p;
	return text.p != NULL;
}

void
fhir_json_append(struct cJSON *parent, struct cJSON *node)
{
	if (parent->child == NULL) {
		parent->child = node->prev = node;
		return;
	}
	node->prev = parent->child->prev;
	node->prev->next = node;
	parent->child->prev = node;
}

/* The value at B->p; NULL without memory, or if the text is not strict. */
static struct cJSON *
value(struct building *B)
{
	struct cJSON *node = sv_arena_zalloc(B->A, 1, sizeof(*node));

	if (node == NULL)
		return NULL;
	node->string = (char *)B->name.p;
	if (B->depth > 0)
		fhir_json_append(B->open[B->depth - 1], node);
	if (*B->p == '"') {
		node->type = cJSON_String;
		node->valuestring = (char *)string(B).p;
		return node->valuestring != NULL ? node : NULL;
	}
	if (*B->p != '{' && *B->p != '[')
		return plain(B, node) ? node : NULL;
	node->type = *B->p == '{' ? cJSON_Object : cJSON_Array;
	B->p++;
	if (B->depth > SV_LIMIT_DEPTH + 1)
		return NULL;
	B->open[B->depth++] = node;
	return node;
}

/* One step inside the innermost open container. */
static bool
step(struct building *B)
{
	bool object = cJSON_IsObject(B->open[B->depth - 1]);

	blank(B);
	if (B->p == B->end)
		return false;
	if (*B->p == '}' || *B->p == ']') {
		B->p++;
		B->depth--;
		return true;
	}
	B->name = (struct sv_str){ NULL, 0 };
	if (object) {
		if (*B->p != '"' || (B->name = string(B)).p == NULL)
			return false;
		blank(B);
	}
	return B->p < B->end && value(B) != NULL;
}

struct sv_status
fhir_json_tree(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret_tree)
{
	struct building B = { .A = A, .p = text.p, .end = text.p + text.n };
	struct cJSON *root;

	blank(&B);
	/* The text passed the strict scan: only memory can be short. */
	SV_ENSURE(B.p < B.end && (root = value(&B)) != NULL, SV_NOMEM);
	while (B.depth > 0)
		SV_ENSURE(step(&B), SV_NOMEM);
	*ret_tree = root;
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
