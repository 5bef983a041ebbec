/*
 * One page for one patient: self-contained, no script, nothing fetched.  It is
 * made of the phrases of the text format and says the same (OS-14).
 */
#include "map_html.h"

#include <openssl/evp.h>

#include "map_page.h"
#include "sv_limits.h"

void
map_html_raw(struct map_html *H, const char *markup)
{
	sv_buf_add(H->out, sv_str_of(markup));
}

/* The first ${max} bytes of ${s}, or a few less: no character is cut. */
static struct sv_str
cut(struct sv_str s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return (struct sv_str){ s.p, max };
}

void
map_html_text(struct map_html *H, struct sv_str s)
{
	struct sv_str shown = cut(s, MAP_HTML_TEXT_MAX);
	struct sv_buf b;

	sv_buf_init(&b, H->A, 16 * MAP_HTML_TEXT_MAX);
	map_page_visible(&b, shown);
	if (!sv_buf_ok(&b))
		H->out->failed = true;
	fhir_escape_xml(H->out, sv_buf_str(&b));
	if (shown.n < s.n)
		sv_buf_printf(H->out, "\xe2\x80\xa6 (cut, %zu bytes in all)",
		    s.n);
}

void
map_html_begin(const struct map_html *H, struct sv_buf *b)
{
	sv_buf_init(b, H->A, SV_LIMIT_OUTPUT);
}

void
map_html_flush(struct map_html *H, const struct sv_buf *b)
{
	if (!sv_buf_ok(b))
		H->out->failed = true;
	map_html_text(H, sv_buf_str(b));
}

void
map_html_flush_capital(struct map_html *H, struct sv_buf *b)
{
	if (sv_buf_ok(b) && b->n > 1 && b->p[0] >= 'a' && b->p[0] <= 'z'
	    && !(b->p[1] >= 'A' && b->p[1] <= 'Z'))
		b->p[0] = (char)(b->p[0] - 'a' + 'A');
	map_html_flush(H, b);
}

void
map_html_date(struct map_html *H, struct sv_date d)
{
	char day[SV_DATE_TEXT_MAX];

	sv_date_text(d, day);
	if (day[0] == '\0') {
		map_html_raw(H, "no date");
		return;
	}
	sv_buf_printf(H->out, "<time datetime=\"%s\">%s</time>", day, day);
}

void
map_html_source(struct map_html *H, const struct core_event *e)
{
	map_html_raw(H, "<span class=\"src\">");
	map_html_text(H, e->source);
	if (e->source_version.n > 0) {
		map_html_raw(H, "/_history/");
		map_html_text(H, e->source_version);
	}
	map_html_raw(H, "</span>");
}

/* Only the style sheet that is in the page may apply, by its hash (CSP
 * Level 3); nothing else is allowed, whatever a sender may have slipped in. */
void
map_html_head(struct map_html *H, struct sv_str title)
{
	unsigned char md[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	struct sv_buf css;

	sv_buf_init(&css, H->A, 64 * 1024);
	map_html_style(&css);
	if (!sv_buf_ok(&css)
	    || EVP_Digest(css.p, css.n, md, &n, EVP_sha256(), NULL) != 1) {
		H->out->failed = true;
		return;
	}
	(void)EVP_EncodeBlock(text, md, (int)n);
	map_html_raw(H, "<!DOCTYPE html>\n"
	    "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\" "
	    "xml:lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'sha256-");
	map_html_raw(H, (const char *)text);
	map_html_raw(H, "'; base-uri 'none'; form-action 'none'\"/>\n"
	    "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
	    "<meta name=\"robots\" content=\"noindex\"/>\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\"/>\n"
	    "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	    "<title>");
	map_html_text(H, title);
	map_html_raw(H, "</title>\n<style>");
	sv_buf_add(H->out, sv_buf_str(&css));
	map_html_raw(H, "</style>\n</head>\n");
}

/* The patient stands on every printed page, by the title. */
static void
put_title(struct map_html *H)
{
	struct sv_buf b;

	map_html_begin(H, &b);
	sv_buf_add(&b, SV_LIT("Patient "));
	sv_buf_add(&b, H->r->patient.name);
	sv_buf_add(&b, SV_LIT(" \xe2\x80\x93 salvage therapy guidance"));
	if (!sv_buf_ok(&b))
		H->out->failed = true;
	map_html_head(H, sv_buf_str(&b));
}

static void
put_banner(struct map_html *H)
{
	map_html_raw(H, "<header>\n<p class=\"kicker\">Salvage therapy "
	    "guidance \xc2\xb7 decision support for clinicians</p>\n"
	    "<h1>Patient <bdi>");
	map_html_text(H, H->r->patient.name);
	map_html_raw(H, "</bdi></h1>\n<p class=\"asof\">As of ");
	map_html_date(H, sv_date_exact(H->r->decision.line.as_of));
	map_html_raw(H, " \xc2\xb7 rules ");
	map_html_text(H, H->r->book->version);
	if (map_phrase_is_draft(H->r->book))
		map_html_raw(H, " <strong class=\"draft\">draft, not signed "
		    "off</strong>");
	map_html_raw(H, "</p>\n</header>\n");
}

static const char *
intent_class(enum core_intent intent)
{
	return intent == CORE_INTENT_CURATIVE ? "curative"
	    : intent == CORE_INTENT_PALLIATIVE ? "palliative" : "unclear";
}

static void
put_cancer(struct map_html *H, const struct core_guidance *g)
{
	if (g->output == CORE_OUTPUT_NONE)
		return;
	map_html_raw(H, "<section class=\"cancer\">\n<h2 class=\"intent ");
	map_html_raw(H, intent_class(g->intent));
	map_html_raw(H, "\"><span>");
	map_html_text(H, map_phrase_cancer(g->cancer));
	map_html_raw(H, "</span> ");
	map_html_text(H, map_phrase_intent(g->intent,
	    &H->r->decision.facts));
	map_html_raw(H, "</h2>\n");
	map_html_figures(H, g);
	map_html_advice(H, g);
	map_html_missing(H, g);
	map_html_changes(H, g);
	if (g->cancer == CORE_CANCER_PROSTATE)
		map_html_psa(H);
	map_html_rules(H, g);
	map_html_not_applying(H, g);
	map_html_facts(H, g);
	map_html_raw(H, "</section>\n");
}

/* Whether the PSA curve stands with the guidance already. */
static bool
has_prostate(const struct core_decision *d)
{
	for (size_t i = 0; i < d->n_guidance; i++) {
		if (d->guidance[i].cancer == CORE_CANCER_PROSTATE
		    && d->guidance[i].output != CORE_OUTPUT_NONE)
			return true;
	}
	return false;
}

static void
put_footer(struct map_html *H)
{
	struct sv_buf b;

	map_html_raw(H, "<footer>\n<p>" MAP_DISCLAIMER "</p>\n<p>");
	map_html_begin(H, &b);
	map_phrase_version(&b, H->r, H->o);
	map_html_flush(H, &b);
	map_html_raw(H, "</p>\n</footer>\n</body>\n</html>\n");
}

struct sv_status
map_html_write(struct sv_arena *A, const struct map_result *r,
    const struct map_output_options *o, struct sv_buf *out)
{
	struct map_html H = { out, A, r, o };

	put_title(&H);
	map_html_raw(&H, "<body>\n");
	put_banner(&H);
	map_html_raw(&H, "<main>\n");
	for (size_t i = 0; i < r->decision.n_guidance; i++)
		put_cancer(&H, &r->decision.guidance[i]);
	if (r->decision.output == CORE_OUTPUT_NONE)
		map_html_raw(&H, "<section><h2 class=\"intent unclear\">"
		    MAP_NOTHING_TO_SAY "</h2></section>\n");
	if (!has_prostate(&r->decision))
		map_html_psa(&H);
	map_html_record(&H);
	map_html_left_out(&H);
	map_html_raw(&H, "</main>\n");
	put_footer(&H);
	return sv_buf_status(out);
}
