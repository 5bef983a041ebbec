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

/* "prostate_biopsy" and "local-salvage" are names for programs: ${joint} is a
 * blank to a reader. */
static void
add_name(struct sv_buf *b, struct sv_str name, char joint)
{
	for (size_t i = 0; i < name.n; i++)
		sv_buf_addc(b, name.p[i] == joint ? ' ' : name.p[i]);
}

/* Concepts whose name is not yet what a clinician would say. */
static const struct { const char *name, *word; } written[] = {
	{ "psa", "PSA" }, { "psma_pet", "PSMA PET" }, { "afp", "AFP" },
	{ "hcg", "hCG" }, { "adt", "ADT" }, { "grade_group", "Grade Group" },
	{ "crpc", "castration-resistant prostate cancer" },
	{ "dlbcl", "diffuse large B-cell lymphoma" },
	{ "hodgkin_lymphoma", "Hodgkin lymphoma" },
	{ "lymphoma_other", "other lymphoma" },
	{ "lymphoma_relapse", "relapse of lymphoma" },
	{ "lymphoma_refractory", "refractory lymphoma" },
	{ "gct_relapse", "relapse of germ cell tumour" },
	{ "pt_category", "pT category" }, { "n_category", "N category" },
	{ "m_category", "M category" },
	{ "distant_metastasis_imaging", "distant metastasis on imaging" },
	{ "pelvic_nodes_imaging", "pelvic nodes on imaging" },
	{ "local_lesion_imaging", "local lesion on imaging" },
	{ "local_salvage_evaluation", "evaluation for local salvage" },
	{ "lymphoma_response", "response of the lymphoma" },
	{ "transplant_eligible", "eligible for transplantation" },
	{ "gct_primary_site", "primary site of the germ cell tumour" },
	{ "gct_response", "best response to first-line chemotherapy" },
	{ "lbb_metastases", "liver, bone or brain metastases" },
	{ "relapse_site_count", "number of relapse sites" },
	{ "relapse_max_diameter", "largest diameter of the relapse" },
	{ "radiotherapy", "radiation therapy" },
	{ "biopsy_procedure", "biopsy" },
	{ "asct", "autologous stem cell transplantation" },
	{ "first_line_chemo", "first-line chemotherapy" },
	{ "salvage_chemo", "salvage chemotherapy" },
	{ "platinum_chemo", "platinum-based chemotherapy" },
};

void
map_phrase_concept(struct sv_buf *b, enum core_concept c)
{
	struct sv_str name = core_concept_name(c);

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		if (sv_str_is(name, written[i].name)) {
			sv_buf_add(b, sv_str_of(written[i].word));
			return;
		}
	}
	add_name(b, name, '_');
}

struct sv_str
map_phrase_unit(struct sv_str ucum)
{
	static const struct { const char *code, *word; } units[] = {
		{ "d", "days" }, { "mo", "months" }, { "a", "years" },
		{ "[IU]/L", "IU/L" },
		{ "m[IU]/mL", "mIU/mL" }, { "ug/L", "\xc2\xb5g/L" },
		{ "1", "" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (sv_str_is(ucum, units[i].code))
			return sv_str_of(units[i].word);
	}
	return ucum;
}

/* " years": the unit as people write it. */
static void
add_unit(struct sv_buf *b, struct sv_str ucum)
{
	struct sv_str unit = map_phrase_unit(ucum);

	if (unit.n > 0)
		sv_buf_addc(b, ' ');
	sv_buf_add(b, unit);
}

static void
add_code(struct sv_buf *b, enum core_value code)
{
	static const struct { const char *name, *word; } answers[] = {
		{ "true", "yes" }, { "false", "no" },
		{ "pelvic-nodes-only", "pelvic nodes only" },
		{ "local-only", "local only" },
		{ "treatment-effect", "treatment effect, not gradable" },
		{ "CR", "complete response (CR)" },
		{ "PR", "partial response (PR)" },
		{ "PRm-", "partial response, markers negative (PRm-)" },
		{ "PRm+", "partial response, markers positive (PRm+)" },
		{ "SD", "stable disease (SD)" },
		{ "PD", "progressive disease (PD)" } };
	struct sv_str name = core_value_name(code);

	sv_buf_add(b, SV_LIT(": "));
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (sv_str_is(name, answers[i].name))
			name = sv_str_of(answers[i].word);
	}
	sv_buf_add(b, name);
}

/* Where radiation was aimed; empty if not known. */
static struct sv_str
site_word(enum core_site site)
{
	static const struct sv_str names[CORE_SITE_MAX] = {
		[CORE_SITE_PROSTATE] = SV_STATIC("the prostate"),
		[CORE_SITE_PROSTATE_BED] = SV_STATIC("the prostate bed"),
		[CORE_SITE_PELVIS] = SV_STATIC("the pelvis"),
		[CORE_SITE_PARAAORTIC] = SV_STATIC("para-aortic nodes"),
		[CORE_SITE_RETROPERITONEUM] = SV_STATIC("the retroperitoneum"),
		[CORE_SITE_DOGLEG] = SV_STATIC("para-aortic and iliac nodes"),
		[CORE_SITE_BONE] = SV_STATIC("bone"),
		[CORE_SITE_ELSEWHERE] = SV_STATIC("another site") };

	return names[site];
}

/* ", Grade Group 3", ", 2 to 4 lesions", " to the prostate bed". */
static void
add_attributes(struct sv_buf *b, const struct core_event *e)
{
	if (site_word(e->site).n > 0) {
		sv_buf_add(b, SV_LIT(" to "));
		sv_buf_add(b, site_word(e->site));
	}
	if (e->grade_group.set) {
		sv_buf_add(b, SV_LIT(", Grade Group "));
		map_phrase_interval(b, e->grade_group);
	}
	if (e->count.set) {
		sv_buf_add(b, SV_LIT(", "));
		map_phrase_interval(b, e->count);
		sv_buf_add(b, SV_LIT(" lesions or sites"));
	}
	if (e->visceral)
		sv_buf_add(b, SV_LIT(", visceral"));
	/* An order is not a dose that was given. */
	if (sv_str_find(e->source, SV_LIT("MedicationRequest/"))
	    < e->source.n)
		sv_buf_add(b, SV_LIT(", ordered"));
}

void
map_phrase_event(struct sv_buf *b, const struct core_event *e)
{
	size_t blank = sv_str_chr(e->text, ' ');

	map_phrase_concept(b, e->concept);
	if (e->text.n > 0) {
		sv_buf_addc(b, ' ');
		sv_buf_add(b, (struct sv_str){ e->text.p, blank });
		add_unit(b, sv_str_from(e->text, blank + 1));
	} else if (e->value.set) {
		sv_buf_addc(b, ' ');
		map_phrase_interval(b, e->value);
		add_unit(b, core_concept_unit(e->concept));
	} else if (core_value_name(e->code).n > 0) {
		add_code(b, e->code);
	}
	add_attributes(b, e);
}

bool
map_phrase_blocks(const struct core_finding *f, struct sv_str block)
{
	if (!core_speaks(f->state))
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
map_phrase_edition(struct sv_buf *b, const struct core_rulebook *book)
{
	sv_buf_add(b, SV_LIT("Rules "));
	sv_buf_add(b, book->version);
	sv_buf_add(b, SV_LIT(" ("));
	map_phrase_sign_off(b, book);
	sv_buf_add(b, SV_LIT("), SHA-256 "));
	sv_buf_add(b, book->sha256);
}

void
map_phrase_version(struct sv_buf *b, const struct map_result *r,
    const struct map_output_options *o)
{
	char day[SV_DATE_TEXT_MAX];

	sv_date_text(sv_date_exact(r->decision.line.as_of), day);
	map_phrase_edition(b, r->book);
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
map_phrase_intent(enum core_intent intent, const struct core_facts *facts)
{
	static const struct sv_str words[] = {
		SV_STATIC("No failure of primary treatment is recorded."),
		SV_STATIC("Salvage setting, intent unclear."),
		SV_STATIC("Salvage setting, palliative intent."),
		SV_STATIC("Salvage setting, curative intent possible."),
	};

	if (intent == CORE_INTENT_UNCLEAR
	    && facts->fact[CORE_SALVAGE_CONTEXT].truth == CORE_UNKNOWN)
		return SV_LIT("It is not known whether primary treatment has "
		    "failed.");
	return words[intent];
}

static bool
is_same(const struct core_fact *a, const struct core_fact *b)
{
	if (a->n_evidence != b->n_evidence)
		return false;
	for (size_t i = 0; i < a->n_evidence; i++) {
		if (a->evidence[i] != b->evidence[i])
			return false;
	}
	return true;
}

int
map_phrase_same_evidence(core_fact_set set, enum core_fact_id id,
    const struct core_facts *facts)
{
	int k;

	if (facts->fact[id].n_evidence < 2)
		return CORE_FACT_COUNT;
	for (k = 0; k < CORE_FACT_COUNT; k++) {
		if ((set & CORE_FACT_BIT(k))
		    && is_same(&facts->fact[k], &facts->fact[id]))
			break;
	}
	return k;
}
