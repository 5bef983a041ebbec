#include "ad_refusal.h"

#include <stdio.h>
#include <unistd.h>

#include "fhir_outcome.h"

/* "patients.ndjson:17" or "V001.json" */
static void
print_where(const char *where, int64_t line)
{
	fprintf(stderr, "salvor: %s", where);
	if (line > 0)
		fprintf(stderr, ":%lld", (long long)line);
	fputs(": ", stderr);
}

void
ad_refusal_print(const char *where, int64_t line, const struct fhir_issues *is)
{
	struct fhir_writer w;
	struct sv_buf b;

	if (isatty(STDERR_FILENO)) {
		for (size_t i = 0; i < is->n; i++) {
			print_where(where, line);
			fprintf(stderr, "%.*s: %.*s\n",
			    SV_FMT(is->at[i].expression),
			    SV_FMT(is->at[i].text));
		}
		return;
	}
	sv_buf_init(&b, is->A, (size_t)1 << 20);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	fhir_outcome_write(&w, NULL, is);
	if (line != 0) {
		print_where(where, line);
		fputs("refused\n", stderr);
	}
	fprintf(stderr, "%.*s\n", SV_FMT(sv_buf_str(&b)));
}
