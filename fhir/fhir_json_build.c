#include "fhir_json_build.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "fhir_json_token.h"

#define NODES 32		/* are allocated at once */

bool
fhir_json_build_start(struct fhir_json_build *B, struct sv_arena *A,
    struct sv_str text)
{
	*B = (struct fhir_json_build){ .A = A, .text = text.p,
		.copy = sv_arena_alloc(A, text.n + 1) };
	if (B->copy == NULL)
		return false;
	if (text.n > 0)
		memcpy(B->copy, text.p, text.n);
	return true;
}

char *
fhir_json_build_string(struct fhir_json_build *B, const char *from,
    const char *end, bool escaped)
{
	if (escaped)
		return (char *)fhir_json_unescape(B->A, (struct sv_str){ from,
		    (size_t)(end - from) }).p;
	B->copy[end - B->text] = '\0';
	return B->copy + (from - B->text);
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

/* A node in its place; NULL without memory. */
static struct cJSON *
add(struct fhir_json_build *B, int type)
{
	struct cJSON *node;

	if (B->n_spare == 0) {
		B->spare = sv_arena_zalloc(B->A, NODES, sizeof(*B->spare));
		if (B->spare == NULL)
			return NULL;
		B->n_spare = NODES;
	}
	B->n_spare--;
	node = B->spare++;
	node->type = type;
	node->string = B->name;
	B->name = NULL;
	if (B->depth > 0)
		fhir_json_append(B->open[B->depth - 1], node);
	else
		B->root = node;
	return node;
}

bool
fhir_json_build_open(struct fhir_json_build *B, char brace)
{
	struct cJSON *node = add(B, brace == '{' ? cJSON_Object : cJSON_Array);

	if (node == NULL || B->depth > SV_LIMIT_DEPTH + 1)
		return false;
	B->open[B->depth++] = node;
	return true;
}

bool
fhir_json_build_value(struct fhir_json_build *B, const char *from,
    const char *end, bool escaped)
{
	int type = *from == '"' ? cJSON_String : *from == 't' ? cJSON_True
	    : *from == 'f' ? cJSON_False : *from == 'n' ? cJSON_NULL
	    : cJSON_Number;
	struct cJSON *node = add(B, type);

	if (node == NULL)
		return false;
	node->valueint = type == cJSON_True;
	if (type == cJSON_String)
		node->valuestring = fhir_json_build_string(B, from + 1,
		    end - 1, escaped);
	else if (type == cJSON_Number)
		node->valuestring = fhir_json_build_string(B, from, end,
		    false);
	return node->valuestring != NULL || (type != cJSON_String
	    && type != cJSON_Number);
}
