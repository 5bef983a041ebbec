#include <criterion/criterion.h>
#include <cjson/cJSON.h>
#include <string.h>

#include "fhir_node.h"
#include "fhir_xml.h"
#include "test_arena.h"

#define NS " xmlns=\"http://hl7.org/fhir\""

static struct fhir_issues issues;

/* The tree of ${text}, which must be accepted; issues in ${issues}. */
static const struct cJSON *
tree(struct sv_arena *A, const char *text)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	const struct cJSON *t = NULL;

	fhir_issues_init(&issues, A);
	cr_assert(sv_is_ok(fhir_xml_tree(A, sv_str_of(text), &limits, &t,
	    &issues)), "%s", text);
	return t;
}

Test(xml, what_r4_does_not_know_is_said_with_its_path)
{
	static const struct { const char *in, *path, *text; } rows[] = {
		{ "<Patient" NS "><name/><name><given valeu=\"a\"/></name>"
		    "</Patient>", "Patient.name[1].given[0]",
		    "no such attribute" },
		{ "<Patient" NS " id=\"a\"/>", "Patient", "no such attribute" },
		{ "<Patient" NS "><name><nick value=\"a\"/></name></Patient>",
		    "Patient.name[0]", "no such element" },
	};
	struct sv_arena A = test_arena(1 << 22);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)tree(&A, rows[i].in);
		cr_assert_eq(issues.n, 1, "%s", rows[i].in);
		cr_expect_str_eq(issues.at[0].expression.p, rows[i].path);
		cr_expect_not_null(strstr(issues.at[0].text.p, rows[i].text));
	}
	sv_arena_free(&A);
}

Test(xml, a_quote_cannot_end_an_attribute_of_narrative)
{
	struct sv_arena A = test_arena(1 << 22);
	const struct cJSON *t = tree(&A, "<Patient" NS "><text><div "
	    "xmlns=\"http://www.w3.org/1999/xhtml\"><a title=\"&quot; x=&quot;"
	    "&lt;&amp;\" xml:lang=\"de\">1&lt;2</a></div></text></Patient>");
	struct fhir_at root = fhir_root(t, "Patient");
	struct fhir_at text = fhir_get(&root, "text");

	cr_expect_str_eq(fhir_text(&text, "div").p, "<div "
	    "xmlns=\"http://www.w3.org/1999/xhtml\"><a title=\"&quot; x=&quot;"
	    "&lt;&amp;\" xml:lang=\"de\">1&lt;2</a></div>");
	sv_arena_free(&A);
}

Test(xml, a_number_that_is_none_stays_a_string)
{
	struct sv_arena A = test_arena(1 << 22);
	const struct cJSON *t = tree(&A, "<Observation" NS "><valueQuantity>"
	    "<value value=\"01\"/></valueQuantity></Observation>");
	struct fhir_at root = fhir_root(t, "Observation");
	struct fhir_at q = fhir_get(&root, "valueQuantity");
	struct fhir_at v = fhir_get(&q, "value");

	cr_expect(fhir_is_string(&v));
	sv_arena_free(&A);
}
