#include "core_rule.h"

static const struct sv_str kinds[] = { SV_STATIC("offer"),
	SV_STATIC("consider"), SV_STATIC("detail"), SV_STATIC("prerequisite"),
	SV_STATIC("block"), SV_STATIC("counsel"), SV_STATIC("caution"),
	SV_STATIC("inform"), SV_STATIC("classify") };
static const struct sv_str origins[] = { SV_STATIC("SOURCE"),
	SV_STATIC("GUIDELINE"), SV_STATIC("DERIVED") };
static const struct sv_str confidences[] = { SV_STATIC("low"),
	SV_STATIC("medium"), SV_STATIC("high") };
static const struct sv_str urgencies[] = { SV_STATIC("info"),
	SV_STATIC("warning"), SV_STATIC("critical") };
static const struct sv_str cancers[] = { SV_STATIC("prostate"),
	SV_STATIC("lymphoma"), SV_STATIC("germ-cell"), SV_STATIC("any") };

/* The index of ${name} in ${list}, or ${n}. */
static int
find(const struct sv_str *list, int n, struct sv_str name)
{
	int i = 0;

	while (i < n && !sv_str_eq(list[i], name))
		i++;
	return i;
}

struct sv_str
core_rule_kind_name(enum core_rule_kind k)
{
	return kinds[k];
}

enum core_rule_kind
core_rule_kind_of(struct sv_str name)
{
	return (enum core_rule_kind)find(kinds, CORE_RULE_KIND_MAX, name);
}

struct sv_str
core_origin_name(enum core_origin o)
{
	return origins[o];
}

enum core_origin
core_origin_of(struct sv_str name)
{
	return (enum core_origin)find(origins, CORE_ORIGIN_MAX, name);
}

struct sv_str
core_confidence_name(enum core_confidence c)
{
	return confidences[c];
}

enum core_confidence
core_confidence_of(struct sv_str name)
{
	return (enum core_confidence)find(confidences, CORE_CONFIDENCE_MAX,
	    name);
}

struct sv_str
core_urgency_name(enum core_urgency u)
{
	return urgencies[u];
}

enum core_urgency
core_urgency_of(struct sv_str name)
{
	return (enum core_urgency)find(urgencies, CORE_URGENCY_MAX, name);
}

struct sv_str
core_cancer_name(enum core_cancer c)
{
	return cancers[c];
}

enum core_cancer
core_cancer_of(struct sv_str name)
{
	return (enum core_cancer)find(cancers, CORE_CANCER_MAX + 1, name);
}
