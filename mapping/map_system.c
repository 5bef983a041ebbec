#include "map_system.h"

#include <string.h>

#define SCT "http://snomed.info/sct"
#define LOINC "http://loinc.org"
#define ICD10 "http://hl7.org/fhir/sid/icd-10-cm"
#define CPT "http://www.ama-assn.org/go/cpt"

/* Code systems under the names that real senders use for them. */
static const struct { const char *seen, *name; } aliases[] = {
	{ "urn:oid:2.16.840.1.113883.6.96", SCT },
	{ "urn:oid:2.16.840.1.113883.6.1", LOINC },
	{ "urn:oid:2.16.840.1.113883.6.88",
	    "http://www.nlm.nih.gov/research/umls/rxnorm" },
	{ "urn:oid:2.16.840.1.113883.6.12", CPT },
	{ "urn:oid:2.16.840.1.113883.6.90", ICD10 },
	{ "urn:oid:2.16.840.1.113883.6.3", ICD10 },
	{ "http://hl7.org/fhir/sid/icd-10", ICD10 },
	{ "http://id.who.int/icd/release/10", ICD10 },
	{ "http://fhir.de/CodeSystem/bfarm/icd-10-gm", ICD10 },
	{ "http://fhir.de/CodeSystem/bfarm/atc", "http://www.whocc.no/atc" },
	{ "urn:oid:2.16.840.1.113883.6.43.1",
	    "http://terminology.hl7.org/CodeSystem/icd-o-3" },
};

static const struct {
	const char *name;
	const char *owner;	/* of its display texts */
	const char *mark;	/* in a URI: this system is meant */
} known[] = {
	{ SCT, "SNOMED International", "snomed" },
	{ LOINC, "Regenstrief Institute", "loinc" },
	{ "http://www.nlm.nih.gov/research/umls/rxnorm", NULL, "rxnorm" },
	{ ICD10, NULL, "icd-10-" },
	{ CPT, "American Medical Association", "cpt" },
	{ "http://www.cms.gov/Medicare/Coding/ICD10", NULL, "icd10" },
	{ "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", NULL,
	    "hcpcs" },
	{ "http://terminology.hl7.org/CodeSystem/icd-o-3", NULL, "icd-o" },
	{ "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", NULL,
	    "thesaurus" },
	{ "http://www.whocc.no/atc", "WHO Collaborating Centre", "atc" },
};

#define N_KNOWN (sizeof(known) / sizeof(known[0]))

struct sv_str
map_system_normal(struct sv_str uri)
{
	const struct sv_str sct = SV_LIT(SCT);

	if (sv_str_starts(uri, sct) && (uri.n == sct.n
	    || uri.p[sct.n] == '/'))	/* with or without an edition */
		return sct;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (sv_str_is(uri, aliases[i].seen))
			return sv_str_of(aliases[i].name);
	}
	return uri;
}

bool
map_system_known(struct sv_str normal)
{
	for (size_t i = 0; i < N_KNOWN; i++) {
		if (sv_str_is(normal, known[i].name))
			return true;
	}
	return false;
}

const char *
map_system_owner(struct sv_str normal)
{
	for (size_t i = 0; i < N_KNOWN; i++) {
		if (sv_str_is(normal, known[i].name))
			return known[i].owner;
	}
	return NULL;
}

/* Does ${s} hold ${mark}, which is lower case, in any case? */
static bool
holds(struct sv_str s, const char *mark)
{
	size_t n = strlen(mark), k;

	for (size_t i = 0; i + n <= s.n; i++) {
		for (k = 0; k < n && (s.p[i + k] | 0x20) == (mark[k] | 0x20);
		    k++)
			;
		if (k == n)
			return true;
	}
	return false;
}

bool
map_system_misspelt(struct sv_str uri)
{
	if (map_system_known(map_system_normal(uri)))
		return false;
	for (size_t i = 0; i < N_KNOWN; i++) {
		if (strlen(known[i].mark) > 3 && holds(uri, known[i].mark))
			return true;
	}
	return false;
}

static bool
all_digits(struct sv_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

/* Verhoeff's scheme over the dihedral group D5: a code with its check digit
 * comes to 0. */
static bool
verhoeff_ok(struct sv_str code)
{
	static const char product[10][11] = { "0123456789", "1234067895",
		"2340178956", "3401289567", "4012395678", "5987604321",
		"6598710432", "7659821043", "8765932104", "9876543210" };
	static const char permute[8][11] = { "0123456789", "1576283094",
		"5803796142", "8916043527", "9453126870", "4286573901",
		"2793806415", "7046913258" };
	int c = 0;

	for (size_t i = 0; i < code.n; i++) {
		int digit = code.p[code.n - 1 - i] - '0';

		c = product[c][permute[i % 8][digit] - '0'] - '0';
	}
	return c == 0;
}

static bool
luhn_ok(struct sv_str digits, char check)
{
	int sum = 0;

	for (size_t i = 0; i < digits.n; i++) {
		int d = digits.p[digits.n - 1 - i] - '0';

		d = i % 2 == 0 ? 2 * d : d;
		sum += d > 9 ? d - 9 : d;
	}
	return (10 - sum % 10) % 10 == check - '0';
}

/* "2857-1"; of an answer or part, "LA30794-4", the form alone. */
static bool
loinc_ok(struct sv_str code)
{
	size_t dash = sv_str_rchr(code, '-');
	struct sv_str digits = { code.p, dash };
	bool plain = !sv_str_starts(code, SV_LIT("LA"))
	    && !sv_str_starts(code, SV_LIT("LP"));

	if (!plain)
		digits = (struct sv_str){ code.p + 2, dash - 2 };
	return dash + 2 == code.n && all_digits(digits)
	    && all_digits(sv_str_from(code, dash + 1))
	    && (!plain || luhn_ok(digits, code.p[dash + 1]));
}

bool
map_system_code_ok(struct sv_str normal, struct sv_str code)
{
	if (sv_str_is(normal, SCT))
		return code.n >= 6 && code.n <= 18 && all_digits(code)
		    && verhoeff_ok(code);
	return !sv_str_is(normal, LOINC) || loinc_ok(code);
}
