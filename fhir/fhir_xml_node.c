/*
 * The tree of an XML document: the nodes cJSON would make of its JSON twin.
 * An array keeps the number of its elements in valueint, which cJSON leaves
 * unused there: counting them anew would make long arrays quadratic.
 */
#include <string.h>

#include "fhir_json_token.h"
#include "fhir_xml_reader.h"

struct cJSON *
fhir_xml_make(struct fhir_xml_reader *R, int type, const char *name)
{
	struct cJSON *n = sv_arena_zalloc(R->A, 1, sizeof(*n));

	if (n == NULL) {
		fhir_xml_nomem(R);
		return NULL;
	}
	n->type = type;
	n->string = (char *)name;
	if (++R->values > R->limits->values)
		fhir_xml_refuse(R, SV_LIMIT, FHIR_CODE_TOO_COSTLY,
		    "too many values");
	return n;
}

static void
append(struct cJSON *parent, struct cJSON *n)
{
	parent->valueint++;
	fhir_json_append(parent, n);
}

static struct cJSON *
member(const struct cJSON *parent, const char *name)
{
	struct cJSON *c = parent->child;

	if (c != NULL && strcmp(c->prev->string, name) == 0)
		return c->prev;	/* equal elements stand together */
	while (c != NULL && strcmp(c->string, name) != 0)
		c = c->next;
	return c;
}

/* The array ${name} of ${parent}, made if it is not there. */
static struct cJSON *
array_of(struct fhir_xml_reader *R, struct cJSON *parent, const char *name)
{
	struct cJSON *a = member(parent, name);

	if (a == NULL && (a = fhir_xml_make(R, cJSON_Array, name)) != NULL)
		append(parent, a);
	return a;
}

int32_t
fhir_xml_add(struct fhir_xml_reader *R, struct cJSON *parent,
    const struct fhir_element *e, struct cJSON *n)
{
	struct cJSON *a;

	if (!e->repeats) {
		if (member(parent, e->name) != NULL)
			fhir_xml_bad(R, "an element twice that may be there "
			    "once");
		else
			append(parent, n);
		return -1;
	}
	if ((a = array_of(R, parent, e->name)) == NULL)
		return -1;
	append(a, n);
	return a->valueint - 1;
}

void
fhir_xml_add_string(struct fhir_xml_reader *R, struct cJSON *to,
    const char *name, struct sv_str v)
{
	struct cJSON *n;

	if (v.p == NULL || (n = fhir_xml_make(R, cJSON_String, name)) == NULL)
		return;
	n->valuestring = (char *)v.p;
	append(to, n);
}

/* libxml2 hands & over as &#38; when it does not substitute entities. */
struct sv_str
fhir_xml_value(struct fhir_xml_reader *R, const struct fhir_xml_attributes *a,
    size_t i)
{
	const xmlChar *from = a->at[5 * i + 3], *to = a->at[5 * i + 4];
	char *p = sv_arena_alloc(R->A, (size_t)(to - from) + 1);
	size_t n = 0;

	if (p == NULL) {
		fhir_xml_nomem(R);
		return (struct sv_str){ NULL, 0 };
	}
	while (from < to) {
		if (to - from >= 5 && memcmp(from, "&#38;", 5) == 0) {
			p[n++] = '&';
			from += 5;
		} else {
			p[n++] = (char)*from++;
		}
	}
	p[n] = '\0';
	return (struct sv_str){ p, n };
}

/* True if all of ${v} is one number of JSON, whose form FHIR's are (R4
 * datatypes, the regular expressions of integer and decimal). */
static bool
is_number(struct sv_str v)
{
	struct fhir_json_text t = { .p = v.p, .end = v.p + v.n };

	return fhir_json_number(&t) && t.p == t.end;
}

/* A number or boolean whose text is none stays a string, as careless JSON
 * would have it: who reads it refuses it, with its path. */
struct cJSON *
fhir_xml_primitive(struct fhir_xml_reader *R, const struct fhir_element *e,
    struct sv_str v)
{
	struct cJSON *n = fhir_xml_make(R, cJSON_String, e->name);

	if (n == NULL)
		return NULL;
	n->valuestring = (char *)v.p;
	if (v.p == NULL)
		n->type = cJSON_NULL;
	else if (e->form == FHIR_FORM_NUMBER && is_number(v))
		n->type = cJSON_Number;
	else if (e->form == FHIR_FORM_BOOLEAN && sv_str_is(v, "true"))
		n->type = cJSON_True;
	else if (e->form == FHIR_FORM_BOOLEAN && sv_str_is(v, "false"))
		n->type = cJSON_False;
	return n;
}

/* Fill ${a} with nulls up to ${n} elements. */
static bool
pad(struct fhir_xml_reader *R, struct cJSON *a, int32_t n)
{
	while (a->valueint < n) {
		struct cJSON *null = fhir_xml_make(R, cJSON_NULL, NULL);

		if (null == NULL)
			return false;
		append(a, null);
	}
	return true;
}

struct cJSON *
fhir_xml_shadow(struct fhir_xml_reader *R, struct fhir_xml_frame *f)
{
	struct sv_str name;
	struct cJSON *to = f->parent;

	if (f->node != NULL)
		return f->node;
	name = sv_arena_printf(R->A, "_%s", f->element->name);
	if (name.p == NULL) {
		fhir_xml_nomem(R);
		return NULL;
	}
	if (f->element->repeats
	    && ((to = array_of(R, f->parent, name.p)) == NULL
	    || !pad(R, to, f->index)))
		return NULL;
	f->node = fhir_xml_make(R, cJSON_Object, name.p);
	if (f->node != NULL)
		append(to, f->node);
	return f->node;
}
