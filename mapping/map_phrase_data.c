/*
 * What phrases are made of that no rule says: what would settle a fact, what
 * an event said, what is blocked, under which rules.
 */
#include "map_phrase.h"

struct sv_str
map_phrase_settled_by(enum core_fact_id id)
{
	static const char nadir[] = "PSA results since the treatment, nadir "
	    "included, with unit and day";
	static const char *const words[CORE_FACT_COUNT] = {
		[CORE_PRIOR_BED_RT] = "the site of each radiation course",
		[CORE_RT_AS_PRIMARY] = "the site of each radiation course",
		[CORE_RP_AS_PRIMARY] = "the days of prostatectomy, radiation "
		    "and ablation",
		[CORE_CURRENT_PSA] = "a PSA result of the last 6 months, with "
		    "unit and day",
		[CORE_PSA_PERSISTENCE] = "a PSA result 28 to 91 days after "
		    "prostatectomy",
		[CORE_BCR_AFTER_RP] = "PSA results at least 7 days apart, "
		    "same assay, with unit and day",
		[CORE_BCR_AFTER_RT] = nadir,
		[CORE_RECURRENCE_AFTER_FOCAL] = nadir,
		[CORE_PSA_DOUBLING_TIME] = "at least 3 PSA values at least "
		    "28 days apart, same assay",
		[CORE_GRADE_GROUP_RP] = "the pathology report of the "
		    "prostatectomy",
		[CORE_SEMINAL_VESICLE_INVASION_FACT] = "the pathology report "
		    "of the prostatectomy",
		[CORE_GRADE_GROUP_BIOPSY] = "the report of the diagnostic "
		    "biopsy",
		[CORE_RECURRENCE_GRADE_GROUP] = "the grade of the biopsy that "
		    "confirms the recurrence",
		[CORE_BIOPSY_CONFIRMED_LOCAL_RECURRENCE] = "a prostate biopsy "
		    "on or after the day of the failure",
		[CORE_METASTATIC_DISEASE_FACT] = "a restaging result",
		[CORE_PELVIC_NODAL_RECURRENCE_FACT] = "a restaging result that "
		    "states the pelvic nodes",
		[CORE_LIFE_EXPECTANCY_YEARS] = "a clinician's estimate",
		[CORE_LYMPHOMA_FAILED_PRIMARY] = "a confirmed relapse and the "
		    "record of first-line chemotherapy",
		[CORE_CHEMOSENSITIVE] = "the PET-CT response to second-line "
		    "therapy",
		[CORE_TRANSPLANT_ELIGIBLE_FACT] = "a clinician's statement of "
		    "transplant eligibility",
		[CORE_GCT_IS_SEMINOMA] = "the histology, with AFP",
		[CORE_RELAPSE_LOCALISED] = "the number of relapse sites",
		[CORE_RELAPSE_SMALL_VOLUME] = "the largest diameter of the "
		    "relapse",
		[CORE_IPFSG_DETERMINED] = "the items of the IPFSG score that "
		    "are not recorded",
	};

	return words[id] == NULL ? (struct sv_str){ NULL, 0 }
	    : sv_str_of(words[id]);
}

/* "psma_pet" and "local-salvage" are names for programs: ${joint} is a blank
 * to a reader.  (The minus of "PRm-" is not one.) */
static void
add_name(struct sv_buf *b, struct sv_str name, char joint)
{
	for (size_t i = 0; i < name.n; i++)
		sv_buf_addc(b, name.p[i] == joint ? ' ' : name.p[i]);
}

void
map_phrase_concept(struct sv_buf *b, enum core_concept c)
{
	static const struct { const char *name, *word; } written[] = {
		{ "psa", "PSA" }, { "psma_pet", "PSMA PET" }, { "afp", "AFP" },
		{ "hcg", "hCG" }, { "crpc", "CRPC" }, { "dlbcl", "DLBCL" },
		{ "pt_category", "pT category" }, { "asct", "ASCT" },
		{ "n_category", "N category" }, { "adt", "ADT" },
		{ "m_category", "M category" }, { "grade_group", "Grade Group" },
		{ "lbb_metastases", "liver, bone or brain metastases" },
	};
	struct sv_str name = core_concept_name(c);

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		if (sv_str_is(name, written[i].name)) {
			sv_buf_add(b, sv_str_of(written[i].word));
			return;
		}
	}
	add_name(b, name, '_');
}

void
map_phrase_event(struct sv_buf *b, const struct core_event *e)
{
	char text[SV_DEC_TEXT_MAX];

	map_phrase_concept(b, e->concept);
	if (e->text.n > 0) {
		sv_buf_addc(b, ' ');
		sv_buf_add(b, e->text);
	} else if (e->value.set && core_is_exact(e->value)) {
		sv_dec_text(e->value.lo, text);
		sv_buf_addc(b, ' ');
		sv_buf_add(b, sv_str_of(text));
		if (core_concept_unit(e->concept).n > 0)
			sv_buf_addc(b, ' ');
		sv_buf_add(b, core_concept_unit(e->concept));
	} else if (core_value_name(e->code).n > 0) {
		sv_buf_add(b, SV_LIT(": "));
		add_name(b, core_value_name(e->code), '_');
	}
}

bool
map_phrase_blocks(const struct core_finding *f, struct sv_str block)
{
	if (f->state != CORE_FIRES && f->state != CORE_PROVISIONAL)
		return false;
	for (size_t i = 0; i < f->rule->n_blocks; i++) {
		if (sv_str_eq(f->rule->blocks[i], block))
			return true;
	}
	return false;
}

void
map_phrase_block(struct sv_buf *b, struct sv_str block)
{
	add_name(b, block, '-');
}

bool
map_phrase_is_draft(const struct core_rulebook *book)
{
	bool draft = false;

	for (size_t i = 0; i < book->n_rules; i++)
		draft = draft || book->rules[i].draft;
	return draft;
}

void
map_phrase_sign_off(struct sv_buf *b, const struct core_rulebook *book)
{
	const struct core_sign_off *s = &book->sign_off;

	if (s->file.n == 0) {
		sv_buf_add(b, map_phrase_is_draft(book)
		    ? SV_LIT("draft, not signed off")
		    : SV_LIT("published as active"));
		return;
	}
	sv_buf_add(b, s->holds ? SV_LIT("signed off by ")
	    : SV_LIT("draft, not signed off: changed since the sign-off by "));
	sv_buf_add(b, s->by);
	sv_buf_add(b, SV_LIT(", "));
	sv_buf_add(b, s->on);
}

void
map_phrase_site(struct sv_buf *b, const struct core_rulebook *book)
{
	if (book->n_changes > 0)
		sv_buf_add(b, SV_LIT(" Changed by this site: "));
	for (size_t i = 0; i < book->n_changes; i++) {
		sv_buf_add(b, book->changes[i].what);
		sv_buf_add(b, SV_LIT(" ("));
		sv_buf_add(b, book->changes[i].reason);
		sv_buf_add(b, i + 1 < book->n_changes ? SV_LIT("); ")
		    : SV_LIT(")."));
	}
	if (book->n_drafts_off > 0) {
		sv_buf_add(b, SV_LIT(" Kept out because not signed off: "));
		sv_buf_addu(b, book->n_drafts_off);
		sv_buf_add(b, SV_LIT(" rules."));
	}
}

void
map_phrase_version(struct sv_buf *b, const struct map_result *r,
    const struct map_output_options *o)
{
	char day[SV_DATE_TEXT_MAX];

	sv_date_text(sv_date_exact(r->decision.line.as_of), day);
	sv_buf_add(b, SV_LIT("Rules "));
	sv_buf_add(b, r->book->version);
	sv_buf_add(b, SV_LIT(" ("));
	map_phrase_sign_off(b, r->book);
	sv_buf_add(b, SV_LIT("), SHA-256 "));
	sv_buf_add(b, r->book->sha256);
	sv_buf_add(b, SV_LIT("; reference date "));
	sv_buf_add(b, sv_str_of(day));
	sv_buf_add(b, SV_LIT("; generated "));
	sv_buf_add(b, o->recorded);
	sv_buf_add(b, SV_LIT(" by "));
	sv_buf_add(b, o->software);
	sv_buf_addc(b, '.');
	map_phrase_site(b, r->book);
}

struct sv_str
map_phrase_cancer(enum core_cancer cancer)
{
	static const struct sv_str words[] = {
		SV_STATIC("Prostate cancer"), SV_STATIC("Lymphoma"),
		SV_STATIC("Germ cell tumour"), SV_STATIC("Any cancer"),
	};

	return words[cancer];
}

struct sv_str
map_phrase_intent(enum core_intent intent)
{
	static const struct sv_str words[] = {
		SV_STATIC("No failure of primary treatment is recorded."),
		SV_STATIC("Salvage setting, intent unclear."),
		SV_STATIC("Salvage setting, palliative intent."),
		SV_STATIC("Salvage setting, curative intent possible."),
	};

	return words[intent];
}
