#include "map_measure.h"

#include "map_phrase.h"

#define MEASURE "https://salvor.example/Measure/QM-01"
#define POPULATION "http://terminology.hl7.org/CodeSystem/measure-population"

int64_t
map_measure_counted(const struct map_measure *m)
{
	return m->n[MAP_MEASURE_ASSESSED] + m->n[MAP_MEASURE_OPEN]
	    + m->n[MAP_MEASURE_MISSED];
}

int64_t
map_measure_population(const struct map_measure *m)
{
	return map_measure_counted(m) + m->n[MAP_MEASURE_NO_FAILURE]
	    + m->n[MAP_MEASURE_UNKNOWN] + m->n[MAP_MEASURE_EXCLUDED];
}

static void
put_population(struct fhir_writer *w, const char *code, int64_t n)
{
	fhir_open(w, "population");
	fhir_open(w, "code");
	fhir_open_array(w, "coding");
	fhir_open(w, "coding");
	fhir_put_lit(w, "system", POPULATION);
	fhir_put_lit(w, "code", code);
	fhir_close(w);
	fhir_close_array(w);
	fhir_close(w);
	fhir_put_int(w, "count", n);
	fhir_close(w);
}

/* One numerator with all it is held against. */
static void
put_group(struct fhir_writer *w, const struct map_measure *m,
    const char *text, int64_t numerator, bool score)
{
	int64_t n = map_measure_counted(m), ten_thousandths;
	struct sv_dec d = { .scale = 4 };
	char share[SV_DEC_TEXT_MAX];

	fhir_open(w, "group");
	fhir_open(w, "code");
	fhir_put_lit(w, "text", text);
	fhir_close(w);
	fhir_open_array(w, "population");
	put_population(w, "initial-population", map_measure_population(m));
	put_population(w, "denominator", n + m->n[MAP_MEASURE_EXCLUDED]);
	put_population(w, "denominator-exclusion", m->n[MAP_MEASURE_EXCLUDED]);
	put_population(w, "numerator", numerator);
	fhir_close_array(w);
	if (score && n > 0) {
		ten_thousandths = (numerator * 10000 + n / 2) / n;
		d.m = ten_thousandths;
		sv_dec_text(d, share);
		fhir_open(w, "measureScore");
		fhir_put_num(w, "value", sv_str_of(share));
		fhir_close(w);
	}
	fhir_close(w);
}

/* The failure status that is not known: neither in the denominator nor out. */
static void
put_unknown(struct fhir_writer *w, const struct map_measure *m)
{
	fhir_open(w, "group");
	fhir_open(w, "code");
	fhir_put_lit(w, "text", "Failure after radiation, or its date, not "
	    "known: in no denominator");
	fhir_close(w);
	fhir_open_array(w, "population");
	put_population(w, "initial-population", m->n[MAP_MEASURE_UNKNOWN]);
	fhir_close_array(w);
	fhir_close(w);
}

void
map_measure_edition(struct sv_buf *b, const struct map_measure *m,
    const struct map_output_options *o)
{
	sv_buf_add(b, SV_LIT(MAP_DISCLAIMER " "));
	map_phrase_edition(b, m->book);
	sv_buf_add(b, SV_LIT("; generated "));
	sv_buf_add(b, o->recorded);
	sv_buf_add(b, SV_LIT(" by "));
	sv_buf_add(b, o->software);
	sv_buf_addc(b, '.');
	map_phrase_site(b, m->book);
}

/* The narrative: what a reader of the report is to know of its making. */
static void
put_narrative(struct fhir_writer *w, const struct map_measure *m,
    const struct map_output_options *o)
{
	struct sv_buf said, div;

	sv_buf_init(&said, w->out->A, (size_t)1 << 20);
	sv_buf_init(&div, w->out->A, (size_t)1 << 21);
	map_measure_edition(&said, m, o);
	sv_buf_add(&div, SV_LIT("<div xmlns=\"http://www.w3.org/1999/xhtml\">"
	    "<p>"));
	fhir_escape_xml(&div, sv_buf_str(&said));
	sv_buf_add(&div, SV_LIT("</p></div>"));
	w->failed = w->failed || !sv_buf_ok(&said) || !sv_buf_ok(&div);
	fhir_open(w, "text");
	fhir_put_lit(w, "status", "additional");
	fhir_put_xhtml(w, sv_buf_str(&div));
	fhir_close(w);
}

static void
put_report(struct fhir_writer *w, const struct map_measure *m,
    const struct map_output_options *o, const struct map_result *r)
{
	char from[SV_DATE_TEXT_MAX], to[SV_DATE_TEXT_MAX];

	sv_date_text(sv_date_exact(m->from), from);
	sv_date_text(sv_date_exact(m->to), to);
	fhir_open_resource(w, NULL, "MeasureReport");
	put_narrative(w, m, o);
	fhir_put_lit(w, "status", "complete");
	fhir_put_lit(w, "type", r != NULL ? "individual" : "summary");
	fhir_put_lit(w, "measure", MEASURE);
	if (r != NULL) {
		fhir_open(w, "subject");
		fhir_put_str(w, "reference", r->patient.reference);
		fhir_close(w);
	}
	fhir_put_str(w, "date", o->recorded);
	fhir_open(w, "reporter");
	fhir_put_str(w, "display", o->software);
	fhir_close(w);
	fhir_open(w, "period");
	fhir_put_lit(w, "start", from);
	fhir_put_lit(w, "end", to);
	fhir_close(w);
	fhir_open_array(w, "group");
	put_group(w, m, "A: assessed for local salvage in time (higher is "
	    "better)", m->n[MAP_MEASURE_ASSESSED], r == NULL);
	put_group(w, m, "B: ADT alone, not assessed (lower is better)",
	    m->adt_alone, r == NULL);
	put_unknown(w, m);
	fhir_close_array(w);
	fhir_close(w);
}

static struct sv_status
write_report(const struct map_measure *m, const struct map_output_options *o,
    const struct map_result *r, struct sv_buf *out)
{
	struct fhir_writer w;

	fhir_writer_init(&w, out, o->syntax == MAP_OUT_XML ? FHIR_WRITE_XML
	    : o->pretty ? FHIR_WRITE_JSON_PRETTY : FHIR_WRITE_JSON);
	put_report(&w, m, o, r);
	sv_buf_addc(out, '\n');
	return fhir_write_status(&w);
}

struct sv_status
map_measure_summary(const struct map_measure *m,
    const struct map_output_options *o, struct sv_buf *out)
{
	return write_report(m, o, NULL, out);
}

struct sv_status
map_measure_individual(const struct map_measure *m,
    const struct map_result *r, const struct map_output_options *o,
    struct sv_buf *out)
{
	struct map_measure one = { .from = m->from, .to = m->to,
		.book = m->book };

	map_measure_add(&one, r);
	return map_measure_population(&one) == 0 ? SV_OK : write_report(&one, o, r, out);
}
