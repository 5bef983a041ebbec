/*
 * A tree as FHIR XML (R4 xml.html).
 */
#include "fhir_xml.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "fhir_node.h"
#include "fhir_schema.h"
#include "fhir_write.h"

static void print_children(struct sv_buf *out, const struct fhir_type *t,
    const struct cJSON *node);

static void
put_attribute(struct sv_buf *out, const char *name, const struct cJSON *node)
{
	struct fhir_at at = fhir_root(node, "");

	if (node == NULL || cJSON_IsNull(node))
		return;
	sv_buf_printf(out, " %s=\"", name);
	fhir_escape_xml(out, fhir_value(&at));
	sv_buf_addc(out, '"');
}

static const struct cJSON *
member(const struct cJSON *node, const char *name)
{
	return cJSON_IsObject(node)
	    ? cJSON_GetObjectItemCaseSensitive(node, name) : NULL;
}

/* Element.id and Extension.url are attributes. */
static bool
is_attribute(const struct fhir_type *t, const char *name)
{
	return !t->is_resource && (strcmp(name, "id") == 0
	    || (strcmp(name, "url") == 0 && strcmp(t->name, "Extension") == 0));
}

/* ${name} of ${t} with what is in ${node}, which ends in "/>" if nothing is. */
static void
print_complex(struct sv_buf *out, const char *name, const struct fhir_type *t,
    const struct cJSON *node)
{
	size_t before;

	sv_buf_printf(out, "<%s", name);
	put_attribute(out, "id", member(node, "id"));
	if (strcmp(t->name, "Extension") == 0)
		put_attribute(out, "url", member(node, "url"));
	sv_buf_addc(out, '>');
	before = out->n;
	print_children(out, t, node);
	if (out->n > before || out->failed) {
		sv_buf_printf(out, "</%s>", name);
	} else {
		out->n--;
		sv_buf_add(out, SV_LIT("/>"));
	}
}

static void
print_resource(struct sv_buf *out, const struct cJSON *node, bool is_root)
{
	const struct cJSON *type = member(node, "resourceType");
	const struct fhir_type *t = cJSON_IsString(type)
	    ? fhir_type_of(sv_str_of(type->valuestring)) : NULL;

	if (t == NULL) {
		out->failed = true;
		return;
	}
	sv_buf_printf(out, "<%s%s>", t->name, is_root
	    ? " xmlns=\"http://hl7.org/fhir\"" : "");
	print_children(out, t, node);
	sv_buf_printf(out, "</%s>", t->name);
}

/* A primitive has its value in ${node} and its id and extensions in ${more};
 * either may be missing (R4 json.html#primitive). */
static void
print_primitive(struct sv_buf *out, const char *name, const struct cJSON *node,
    const struct cJSON *more)
{
	const struct fhir_type *extension = fhir_type_of(SV_LIT("Extension"));
	const struct cJSON *list = member(more, "extension"), *e;

	sv_buf_printf(out, "<%s", name);
	put_attribute(out, "id", member(more, "id"));
	put_attribute(out, "value", node);
	if (list == NULL || extension == NULL) {
		sv_buf_add(out, SV_LIT("/>"));
		return;
	}
	sv_buf_addc(out, '>');
	for (e = list->child; e != NULL; e = e->next)
		print_complex(out, "extension", extension, e);
	sv_buf_printf(out, "</%s>", name);
}

static void
print_one(struct sv_buf *out, const struct fhir_element *e,
    const struct cJSON *node, const struct cJSON *more)
{
	switch (e->form) {
	case FHIR_FORM_RESOURCE:
		sv_buf_printf(out, "<%s>", e->name);
		print_resource(out, node, false);
		sv_buf_printf(out, "</%s>", e->name);
		break;
	case FHIR_FORM_COMPLEX:
		print_complex(out, e->name, &fhir_r4_types[e->type], node);
		break;
	case FHIR_FORM_XHTML:
		if (cJSON_IsString(node))
			sv_buf_add(out, sv_str_of(node->valuestring));
		break;
	default:
		print_primitive(out, e->name, node, more);
	}
}

static const struct cJSON *
after(const struct cJSON *node)
{
	return node != NULL ? node->next : NULL;
}

/* The elements of both arrays belong together by their places. */
static void
print_array(struct sv_buf *out, const struct fhir_element *e,
    const struct cJSON *nodes, const struct cJSON *mores)
{
	const struct cJSON *node = nodes != NULL ? nodes->child : NULL;
	const struct cJSON *more = mores != NULL ? mores->child : NULL;

	while (node != NULL || more != NULL) {
		print_one(out, e, node, more);
		node = after(node);
		more = after(more);
	}
}

static void
print_element(struct sv_buf *out, const struct fhir_element *e,
    const struct cJSON *parent)
{
	const struct cJSON *node = member(parent, e->name), *more;
	char name[68];

	(void)snprintf(name, sizeof(name), "_%.60s", e->name);
	more = member(parent, name);
	if (cJSON_IsArray(node) || cJSON_IsArray(more))
		print_array(out, e, node, more);
	else if (node != NULL || more != NULL)
		print_one(out, e, node, more);
}

/* In the order of the specification, whatever that of the members is. */
static void
print_children(struct sv_buf *out, const struct fhir_type *t,
    const struct cJSON *node)
{
	for (uint16_t i = 0; i < t->n; i++) {
		const struct fhir_element *e = &fhir_r4_elements[t->first + i];

		if (!is_attribute(t, e->name))
			print_element(out, e, node);
	}
}

/* Recursion is as deep as the tree, at most SV_LIMIT_DEPTH. */
void
fhir_xml_print(struct sv_buf *out, const struct cJSON *tree)
{
	sv_buf_add(out, SV_LIT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
	print_resource(out, tree, true);
}
