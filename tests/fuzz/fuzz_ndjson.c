/* NDJSON: the lines are parts of the text, in order, and not empty. */
#include "fhir_doc.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_str rest = { (const char *)data, n };
	struct fhir_line line = { { NULL, 0 }, 0 };
	const char *at = rest.p;

	(void)fhir_looks_ndjson(rest);
	while (fhir_ndjson_next(&rest, &line)) {
		fuzz_must(line.text.n > 0 && line.text.p >= at);
		at = line.text.p + line.text.n;
		fuzz_must(at <= (const char *)data + n);
	}
	fuzz_must(rest.n == 0);
	return 0;
}
