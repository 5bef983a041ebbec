/*
 * The nodes that cJSON would make, from text that is known to be strict: one
 * pass without checks.  The text is copied once; strings that hold no escape,
 * and numbers as their text, lie in the copy, each ended by a NUL in place of
 * what stood behind it.
 */
#include "fhir_json.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "fhir_json_token.h"
#include "sv_limits.h"

#define NODES 32		/* are allocated at once */

struct building {
	struct sv_arena *A;
	const char *text, *p, *end;
	char *copy;			/* of ${text}, and one byte more */
	struct cJSON *spare;
	size_t n_spare;
	struct cJSON *open[SV_LIMIT_DEPTH + 2];
	size_t depth;
	char *name;			/* of the member that comes */
};

static void
blank(struct building *B)
{
	while (B->p < B->end && (*B->p == ' ' || *B->p == '\n'
	    || *B->p == '\r' || *B->p == '\t' || *B->p == ','
	    || *B->p == ':'))
		B->p++;
}

/* The text from ${from} to B->p, in the copy. */
static char *
copied(struct building *B, const char *from)
{
	B->copy[B->p - B->text] = '\0';
	return B->copy + (from - B->text);
}

/* The string whose opening quote is at B->p; NULL without memory. */
static char *
string(struct building *B)
{
	const char *from = ++B->p;
	bool escaped = false;
	char *at;

	for (;;) {
		B->p = fhir_json_plain(B->p, B->end);
		if (B->p >= B->end || *B->p == '"')
			break;
		escaped = escaped || *B->p == '\\';
		B->p += *B->p == '\\' ? 2 : 1;
	}
	if (B->p > B->end)
		B->p = B->end;
	at = copied(B, from);
	if (escaped)
		at = (char *)fhir_json_unescape(B->A, (struct sv_str){ from,
		    (size_t)(B->p - from) }).p;
	if (B->p < B->end)
		B->p++;
	return at;
}

static bool
ends_plain(char c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n'
	    || c == '\r' || c == '\t';
}

/* A number, true, false or null. */
static void
plain(struct building *B, struct cJSON *node)
{
	const char *from = B->p;

	while (B->p < B->end && !ends_plain(*B->p))
		B->p++;
	switch (*from) {
	case 't':
		node->type = cJSON_True;
		node->valueint = 1;
		break;
	case 'f':
		node->type = cJSON_False;
		break;
	case 'n':
		node->type = cJSON_NULL;
		break;
	default:
		node->type = cJSON_Number;
		node->valuestring = copied(B, from);
	}
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

static struct cJSON *
new_node(struct building *B)
{
	if (B->n_spare == 0) {
		B->spare = sv_arena_zalloc(B->A, NODES, sizeof(*B->spare));
		if (B->spare == NULL)
			return NULL;
		B->n_spare = NODES;
	}
	B->n_spare--;
	return B->spare++;
}

/* The value at B->p; NULL without memory, or if the text is not strict. */
static struct cJSON *
value(struct building *B)
{
	struct cJSON *node = new_node(B);

	if (node == NULL)
		return NULL;
	node->string = B->name;
	if (B->depth > 0)
		fhir_json_append(B->open[B->depth - 1], node);
	if (*B->p == '"') {
		node->type = cJSON_String;
		node->valuestring = string(B);
		return node->valuestring != NULL ? node : NULL;
	}
	if (*B->p != '{' && *B->p != '[') {
		plain(B, node);
		return node;
	}
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
	bool object = B->open[B->depth - 1]->type == cJSON_Object;

	blank(B);
	if (B->p == B->end)
		return false;
	if (*B->p == '}' || *B->p == ']') {
		B->p++;
		B->depth--;
		return true;
	}
	B->name = NULL;
	if (object) {
		if (*B->p != '"' || (B->name = string(B)) == NULL)
			return false;
		blank(B);
	}
	return B->p < B->end && value(B) != NULL;
}

struct sv_status
fhir_json_tree(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret_tree)
{
	struct building B = { .A = A, .text = text.p, .p = text.p,
		.end = text.p + text.n, .copy = sv_arena_alloc(A, text.n + 1) };
	struct cJSON *root;

	SV_ENSURE(B.copy != NULL, SV_NOMEM);
	memcpy(B.copy, text.p, text.n);
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
