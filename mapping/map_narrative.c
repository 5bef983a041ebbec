/*
 * The narrative of a CarePlan.  It is made of the same phrases as the coded
 * activities and the notes, so it cannot say anything else (OS-14).
 */
#include "map_bundle.h"

/* Append ${b} as an element ${tag}. */
static void
add_element(struct map_writing *m, struct sv_buf *out, const char *tag,
    const struct sv_buf *b)
{
	sv_buf_addc(out, '<');
	sv_buf_add(out, sv_str_of(tag));
	sv_buf_addc(out, '>');
	fhir_escape_xml(out, map_done(m, b));
	sv_buf_add(out, SV_LIT("</"));
	sv_buf_add(out, sv_str_of(tag));
	sv_buf_addc(out, '>');
}

static void
add_blocks(struct map_writing *m, struct sv_buf *out)
{
	struct sv_buf b;

	for (size_t i = 0; i < m->g->n_blocks; i++) {
		sv_buf_init(&b, m->A, 64 * 1024);
		sv_buf_add(&b, SV_LIT("Must not proceed for now: "));
		map_phrase_block(&b, m->g->blocks[i]);
		sv_buf_addc(&b, '.');
		add_element(m, out, "p", &b);
	}
}

static void
add_proposals(struct map_writing *m, struct sv_buf *out)
{
	struct sv_buf b;

	sv_buf_add(out, SV_LIT("<p>Options for discussion:</p><ul>"));
	for (size_t i = 0; i < m->g->n_proposals; i++) {
		const struct core_proposal *p = &m->g->proposals[i];

		sv_buf_init(&b, m->A, 64 * 1024);
		map_phrase_proposal(&b, p);
		for (size_t k = 0; k < p->n_findings; k++) {
			sv_buf_add(&b, SV_LIT(" ["));
			sv_buf_add(&b, p->findings[k]->rule->id);
			sv_buf_addc(&b, ']');
		}
		add_element(m, out, "li", &b);
	}
	sv_buf_add(out, SV_LIT("</ul>"));
}

static void
add_missing(struct map_writing *m, struct sv_buf *out)
{
	struct sv_buf b;

	if (m->g->missing == 0)
		return;
	sv_buf_init(&b, m->A, 64 * 1024);
	sv_buf_add(&b, SV_LIT("Not known, and could change this: "));
	map_phrase_facts(&b, m->g->missing);
	sv_buf_addc(&b, '.');
	add_element(m, out, "p", &b);
}

/* The sentence and the basis of each rule that speaks (OS-2). */
static void
add_basis(struct map_writing *m, struct sv_buf *out)
{
	struct sv_buf b;

	sv_buf_add(out, SV_LIT("<ul>"));
	for (size_t i = 0; i < m->g->n_findings; i++) {
		const struct core_finding *f = m->g->findings[i];

		if (f->state == CORE_NEEDS_DATA)
			continue;
		sv_buf_init(&b, m->A, 64 * 1024);
		map_phrase_state(&b, f);
		map_phrase_rule(&b, f->rule, &m->r->decision.facts);
		sv_buf_addc(&b, ' ');
		map_phrase_basis(&b, f->rule);
		add_element(m, out, "li", &b);
	}
	sv_buf_add(out, SV_LIT("</ul>"));
}

void
map_put_narrative(struct map_writing *m)
{
	struct sv_buf out, b;

	sv_buf_init(&out, m->A, (size_t)1 << 20);
	sv_buf_add(&out,
	    SV_LIT("<div xmlns=\"http://www.w3.org/1999/xhtml\">"));
	sv_buf_init(&b, m->A, 4096);
	sv_buf_add(&b, map_phrase_intent(m->g->intent,
	    &m->r->decision.facts));
	add_element(m, &out, "p", &b);
	add_blocks(m, &out);
	add_proposals(m, &out);
	add_missing(m, &out);
	add_basis(m, &out);
	sv_buf_init(&b, m->A, 4096);
	sv_buf_add(&b, SV_LIT(MAP_DISCLAIMER " "));
	map_phrase_version(&b, m->r, m->o);
	add_element(m, &out, "p", &b);
	sv_buf_add(&out, SV_LIT("</div>"));
	fhir_open(m->w, "text");
	fhir_put_lit(m->w, "status", "generated");
	fhir_put_xhtml(m->w, map_done(m, &out));
	fhir_close(m->w);
}
