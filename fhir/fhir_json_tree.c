#include "fhir_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "sv_limits.h"

/*
 * cJSON's hooks carry no context, so the arena of the parse under way is kept
 * per thread.  Outside a parse of ours cJSON works with malloc as ever.
 */
static _Thread_local struct sv_arena *current;

static void *
hook_malloc(size_t n)
{
	return current != NULL ? sv_arena_alloc(current, n) : malloc(n);
}

static void
hook_free(void *p)
{
	if (current == NULL)
		free(p);
}

static void
set_hooks(void)
{
	cJSON_Hooks hooks = { hook_malloc, hook_free };

	cJSON_InitHooks(&hooks);
}

void
fhir_json_init(void)
{
	static once_flag once = ONCE_FLAG_INIT;

	call_once(&once, set_hooks);
}

/* The end of the JSON number that begins at ${p}. */
static const char *
number_end(const char *p, const char *end)
{
	while (p < end && (memchr("+-.eE", *p, 5) != NULL
	    || (*p >= '0' && *p <= '9')))
		p++;
	return p;
}

/* Step over the string whose opening quote is at ${p}. */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		if (*p == '\\')
			p++;
	}
	return p + 1;
}

/* The next number at or behind ${p}, which is not inside a string. */
static const char *
find_number(const char *p, const char *end)
{
	while (p < end && *p != '-' && !(*p >= '0' && *p <= '9'))
		p = *p == '"' ? skip_string(p, end) : p + 1;
	return p;
}

/* Give the number ${node} its text; ${*at} moves behind it. */
static bool
set_text(struct sv_arena *A, struct cJSON *node, const char **at,
    const char *end)
{
	const char *from = find_number(*at, end);
	struct sv_str text;

	*at = number_end(from, end);
	text = sv_arena_str(A, (struct sv_str){ from, (size_t)(*at - from) });
	node->valuestring = (char *)text.p;
	return text.p != NULL;
}

/* Visit the tree in document order and pair its numbers with the text. */
static bool
keep_numbers(struct sv_arena *A, struct cJSON *root, struct sv_str text)
{
	struct cJSON *stack[SV_LIMIT_DEPTH + 2];
	struct cJSON *node = root;
	const char *at = text.p;
	size_t depth = 0;

	while (node != NULL) {
		if (cJSON_IsNumber(node)
		    && !set_text(A, node, &at, text.p + text.n))
			return false;
		if (node->child != NULL && depth < SV_LIMIT_DEPTH + 2) {
			stack[depth++] = node;
			node = node->child;
			continue;
		}
		while (depth > 0 && node->next == NULL)
			node = stack[--depth];
		node = node == root ? NULL : node->next;
	}
	return true;
}

struct sv_status
fhir_json_tree(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret_tree)
{
	struct cJSON *tree;

	fhir_json_init();
	current = A;
	tree = cJSON_ParseWithLength(text.p, text.n);
	current = NULL;
	/* The text passed the strict scan: only memory can be short. */
	SV_ENSURE(tree != NULL, SV_NOMEM);
	SV_ENSURE(keep_numbers(A, tree, text), SV_NOMEM);
	*ret_tree = tree;
	return SV_OK;
}
