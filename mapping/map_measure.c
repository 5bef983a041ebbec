#include "map_measure.h"

#define MEASURE "https://salvor.example/Measure/QM-01"
#define POPULATION "http://terminology.hl7.org/CodeSystem/measure-population"

/* Is ${failure} in the period?  It may be known to the month only. */
static enum core_tri
in_period(const struct map_measure *m, struct sv_date failure)
{
	if (failure.hi < m->from || failure.lo > m->to)
		return CORE_FALSE;
	return failure.lo < m->from || failure.hi > m->to ? CORE_UNKNOWN
	    : CORE_TRUE;
}

enum map_measure_place
map_measure_place(const struct map_measure *m, const struct map_result *r)
{
	const struct core_measure *q = &r->decision.qm01;
	struct sv_date failure = r->decision.facts.failure;
	int32_t days = core_param_int(&r->book->params,
	    CORE_PARAM_QM01_WINDOW_DAYS);

	if (!q->population)
		return MAP_MEASURE_OUTSIDE;
	if (!q->denominator)
		return q->unknown ? MAP_MEASURE_UNKNOWN
		    : MAP_MEASURE_NO_FAILURE;
	if (in_period(m, failure) != CORE_TRUE)
		return in_period(m, failure) == CORE_FALSE
		    ? MAP_MEASURE_NO_FAILURE : MAP_MEASURE_UNKNOWN;
	if (q->excluded)
		return MAP_MEASURE_EXCLUDED;
	if (q->evaluated)
		return MAP_MEASURE_ASSESSED;
	return r->decision.line.as_of <= failure.hi + days
	    ? MAP_MEASURE_OPEN : MAP_MEASURE_MISSED;
}

void
map_measure_add(struct map_measure *m, const struct map_result *r)
{
	enum map_measure_place p = map_measure_place(m, r);

	m->n[p]++;
	if ((p == MAP_MEASURE_OPEN || p == MAP_MEASURE_MISSED)
	    && r->decision.qm01.adt_alone)
		m->adt_alone++;
}

/* The denominator without its exclusions. */
static int64_t
counted(const struct map_measure *m)
{
	return m->n[MAP_MEASURE_ASSESSED] + m->n[MAP_MEASURE_OPEN]
	    + m->n[MAP_MEASURE_MISSED];
}

static int64_t
population(const struct map_measure *m)
{
	return counted(m) + m->n[MAP_MEASURE_NO_FAILURE]
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
	int64_t n = counted(m), ten_thousandths;
	struct sv_dec d = { .scale = 4 };
	char share[SV_DEC_TEXT_MAX];

	fhir_open(w, "group");
	fhir_open(w, "code");
	fhir_put_lit(w, "text", text);
	fhir_close(w);
	fhir_open_array(w, "population");
	put_population(w, "initial-population", population(m));
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

static void
put_report(struct fhir_writer *w, const struct map_measure *m,
    const struct map_output_options *o, const struct map_result *r)
{
	char from[SV_DATE_TEXT_MAX], to[SV_DATE_TEXT_MAX];

	sv_date_text(sv_date_exact(m->from), from);
	sv_date_text(sv_date_exact(m->to), to);
	fhir_open_resource(w, NULL, "MeasureReport");
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
	return fhir_write_ok(&w) && sv_buf_ok(out) ? SV_OK : SV_LIMIT;
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
	struct map_measure one = { .from = m->from, .to = m->to };

	map_measure_add(&one, r);
	return population(&one) == 0 ? SV_OK : write_report(&one, o, r, out);
}

void
map_measure_text_patient(const struct map_measure *m,
    const struct map_result *r, struct sv_buf *out)
{
	enum map_measure_place p = map_measure_place(m, r);
	char day[SV_DATE_TEXT_MAX];

	if (p != MAP_MEASURE_OPEN && p != MAP_MEASURE_MISSED)
		return;
	sv_date_text(r->decision.facts.failure, day);
	sv_buf_printf(out, "%s  failure %s  %.*s%s\n", p == MAP_MEASURE_OPEN
	    ? "still in time" : "missed       ", day, SV_FMT(r->patient.name),
	    r->decision.qm01.adt_alone ? "  ADT alone" : "");
}

/* The rows of table and chart: what, and how many. */
#define ROWS 7
static void
rows(const struct map_measure *m, const char *name[ROWS], int64_t n[ROWS])
{
	static const char *const names[ROWS] = {
		"radiation as primary treatment",
		"failure unknown, or its date",
		"failed in the period", "  excluded",
		"  assessed for local salvage",
		"  not assessed, still in time", "  missed" };

	for (int i = 0; i < ROWS; i++)
		name[i] = names[i];
	n[0] = population(m);
	n[1] = m->n[MAP_MEASURE_UNKNOWN];
	n[2] = counted(m) + m->n[MAP_MEASURE_EXCLUDED];
	n[3] = m->n[MAP_MEASURE_EXCLUDED];
	n[4] = m->n[MAP_MEASURE_ASSESSED];
	n[5] = m->n[MAP_MEASURE_OPEN];
	n[6] = m->n[MAP_MEASURE_MISSED];
}

void
map_measure_text(const struct map_measure *m, struct sv_buf *out)
{
	char from[SV_DATE_TEXT_MAX], to[SV_DATE_TEXT_MAX];
	const char *name[ROWS];
	int64_t n[ROWS];

	sv_date_text(sv_date_exact(m->from), from);
	sv_date_text(sv_date_exact(m->to), to);
	rows(m, name, n);
	sv_buf_printf(out, "\nQM-01: assessment for local salvage after "
	    "failure of radiation\nfailure from %s to %s\n\n", from, to);
	for (int i = 0; i < ROWS; i++) {
		sv_buf_printf(out, "%-34s %9lld  ", name[i], (long long)n[i]);
		for (int64_t k = 0; n[0] > 0 && k < n[i] * 30 / n[0]; k++)
			sv_buf_addc(out, '#');
		sv_buf_addc(out, '\n');
	}
	sv_buf_printf(out, "\nA: assessed in time       %lld of %lld\n"
	    "B: ADT alone              %lld of %lld\n",
	    (long long)m->n[MAP_MEASURE_ASSESSED], (long long)counted(m),
	    (long long)m->adt_alone, (long long)counted(m));
}

void
map_measure_svg(const struct map_measure *m, struct sv_buf *out)
{
	const char *name[ROWS];
	int64_t n[ROWS];

	rows(m, name, n);
	sv_buf_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"0 0 720 %d\" role=\"img\" font-family=\"sans-serif\" "
	    "font-size=\"14\">\n<title>QM-01: assessment for local salvage "
	    "after failure of radiation</title>\n<desc>", ROWS * 30 + 20);
	for (int i = 0; i < ROWS; i++)
		sv_buf_printf(out, "%s: %lld. ", name[i], (long long)n[i]);
	sv_buf_printf(out, "</desc>\n");
	for (int i = 0; i < ROWS; i++)
		sv_buf_printf(out, "<text x=\"%d\" y=\"%d\" fill=\"#222\">%s"
		    "</text><rect x=\"260\" y=\"%d\" width=\"%lld\" height=\""
		    "20\" fill=\"%s\"/><text x=\"%lld\" y=\"%d\" fill=\"#222\">"
		    "%lld</text>\n", name[i][0] == ' ' ? 24 : 10, i * 30 + 25,
		    name[i], i * 30 + 10, (long long)(n[0] > 0 ? n[i] * 380
		    / n[0] : 0), i == ROWS - 1 ? "#b3261e" : "#2f6690",
		    (long long)(266 + (n[0] > 0 ? n[i] * 380 / n[0] : 0)),
		    i * 30 + 25, (long long)n[i]);
	sv_buf_add(out, SV_LIT("</svg>\n"));
}
