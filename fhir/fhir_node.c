#include "fhir_node.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sv_buf.h"
#include "sv_limits.h"

static const struct fhir_at absent = { NULL, NULL, NULL, -1 };

/* As cJSON_IsObject and its like, which are calls into a library. */
static bool
is(const struct cJSON *node, int type)
{
	return node != NULL && (node->type & 0xff) == type;
}

struct fhir_at
fhir_root(const struct cJSON *node, const char *prefix)
{
	return (struct fhir_at){ NULL, node, prefix, -1 };
}

/* ${node} as a cursor below ${up}; an array stands for its first element. */
static struct fhir_at
below(const struct fhir_at *up, const struct cJSON *node, const char *name)
{
	struct fhir_at x = { up, node, name, -1 };

	if (is(node, cJSON_Array)) {
		x.node = node->child;
		x.index = 0;
	}
	if (x.index < 0 && is(x.node, cJSON_NULL))
		return absent;
	return x.node == NULL ? absent : x;
}

struct fhir_at
fhir_get(const struct fhir_at *at, const char *name)
{
	const struct cJSON *c;

	if (!is(at->node, cJSON_Object))
		return absent;
	for (c = at->node->child; c != NULL; c = c->next) {
		if (c->string[0] == name[0] && strcmp(c->string, name) == 0)
			return below(at, c, name);
	}
	return absent;
}

/* Does the member name ${s} belong to the choice ${base}[x]? */
static bool
is_choice(const char *s, const char *base)
{
	size_t n = strlen(base);

	return s[0] == base[0] && strncmp(s, base, n) == 0 && s[n] >= 'A' && s[n] <= 'Z';
}

size_t
fhir_choice_count(const struct fhir_at *at, const char *base)
{
	const struct cJSON *c;
	size_t n = 0;

	if (!is(at->node, cJSON_Object))
		return 0;
	for (c = at->node->child; c != NULL; c = c->next)
		n += is_choice(c->string, base);
	return n;
}

struct fhir_at
fhir_choice(const struct fhir_at *at, const char *base,
    struct sv_str *ret_type)
{
	const struct cJSON *c;

	if (fhir_choice_count(at, base) != 1)
		return absent;
	for (c = at->node->child; !is_choice(c->string, base); c = c->next)
		;
	*ret_type = sv_str_of(c->string + strlen(base));
	return below(at, c, c->string);
}

struct fhir_at
fhir_first(const struct fhir_at *at, const char *name)
{
	return fhir_get(at, name);
}

struct fhir_at
fhir_next(const struct fhir_at *x)
{
	struct fhir_at y = *x;

	if (x->index < 0 || x->node->next == NULL)
		return absent;
	y.node = x->node->next;
	y.index++;
	return y;
}

struct fhir_at
fhir_member(const struct fhir_at *at)
{
	if (!is(at->node, cJSON_Object) || at->node->child == NULL)
		return absent;
	return (struct fhir_at){ at, at->node->child, at->node->child->string,
		-1 };
}

struct fhir_at
fhir_sibling(const struct fhir_at *x)
{
	if (x->node->next == NULL)
		return absent;
	return (struct fhir_at){ x->up, x->node->next, x->node->next->string,
		-1 };
}

struct sv_str
fhir_value(const struct fhir_at *at)
{
	if (at->node == NULL)
		return (struct sv_str){ NULL, 0 };
	if (is(at->node, cJSON_True))
		return SV_LIT("true");
	if (is(at->node, cJSON_False))
		return SV_LIT("false");
	return sv_str_of(at->node->valuestring);
}

struct sv_str
fhir_text(const struct fhir_at *at, const char *name)
{
	struct fhir_at x = fhir_get(at, name);

	return fhir_value(&x);
}

bool
fhir_is_object(const struct fhir_at *at)
{
	return is(at->node, cJSON_Object);
}

bool
fhir_is_string(const struct fhir_at *at)
{
	return is(at->node, cJSON_String);
}

bool
fhir_is_number(const struct fhir_at *at)
{
	return is(at->node, cJSON_Number);
}

bool
fhir_is_bool(const struct fhir_at *at)
{
	return is(at->node, cJSON_True) || is(at->node, cJSON_False);
}

struct sv_str
fhir_path(struct sv_arena *A, const struct fhir_at *at)
{
	const struct fhir_at *chain[SV_LIMIT_DEPTH + 2];
	size_t n = 0;
	struct sv_buf b;

	for (; at != NULL && n < SV_LIMIT_DEPTH + 2; at = at->up)
		chain[n++] = at;
	sv_buf_init(&b, A, 4096);
	while (n > 0) {
		at = chain[--n];
		if (b.n > 0)
			sv_buf_addc(&b, '.');
		sv_buf_add(&b, sv_str_of(at->name));
		if (at->index >= 0)
			sv_buf_printf(&b, "[%d]", at->index);
	}
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}

void
fhir_issue_at(struct fhir_issues *is, enum fhir_severity severity,
    enum fhir_issue_code code, const struct fhir_at *at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fhir_issue_addf(is, severity, code, fhir_path(is->A, at), "%s", text);
}
