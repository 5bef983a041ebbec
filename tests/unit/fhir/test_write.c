#include <criterion/criterion.h>

#include "fhir_write.h"
#include "test_arena.h"

static struct sv_str
sample(struct sv_arena *A, enum fhir_write_format format, struct sv_buf *b)
{
	struct fhir_writer w;

	sv_buf_init(b, A, 1 << 16);
	fhir_writer_init(&w, b, format);
	fhir_open_resource(&w, NULL, "Bundle");
	fhir_put_lit(&w, "type", "collection");
	fhir_open_array(&w, "entry");
	fhir_open(&w, "entry");
	fhir_open_resource(&w, "resource", "Basic");
	fhir_open_array(&w, "extension");
	fhir_open(&w, "extension");
	fhir_put_lit(&w, "url", "u");
	fhir_put_num(&w, "valueDecimal", SV_LIT("0.20"));
	fhir_close(&w);
	fhir_close_array(&w);
	fhir_put_str(&w, "language", SV_LIT("a<\"&\n\x01"));
	fhir_close(&w);
	fhir_close(&w);
	fhir_close_array(&w);
	fhir_close(&w);
	cr_assert(fhir_write_ok(&w));
	return sv_buf_str(b);
}

Test(write, json)
{
	struct sv_arena A = test_arena(1 << 20);
	struct sv_buf b;

	cr_expect(sv_str_is(sample(&A, FHIR_WRITE_JSON, &b),
	    "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":"
	    "[{\"resource\":{\"resourceType\":\"Basic\",\"extension\":[{"
	    "\"url\":\"u\",\"valueDecimal\":0.20}],\"language\":"
	    "\"a<\\\"&\\n\\u0001\"}}]}"));
	sv_arena_free(&A);
}

Test(write, xml)
{
	struct sv_arena A = test_arena(1 << 20);
	struct sv_buf b;

	cr_expect(sv_str_is(sample(&A, FHIR_WRITE_XML, &b),
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"collection\"/>"
	    "<entry><resource><Basic><extension url=\"u\"><valueDecimal "
	    "value=\"0.20\"/></extension><language "
	    "value=\"a&lt;&quot;&amp;&#10;\xef\xbf\xbd\"/></Basic></resource>"
	    "</entry></Bundle>"));
	sv_arena_free(&A);
}

Test(write, depth_latches)
{
	struct sv_arena A = test_arena(1 << 20);
	struct fhir_writer w;
	struct sv_buf b;

	sv_buf_init(&b, &A, 1 << 16);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	for (int i = 0; i < FHIR_WRITE_DEPTH + 1; i++)
		fhir_open(&w, "a");
	cr_expect_not(fhir_write_ok(&w));
	sv_arena_free(&A);
}
