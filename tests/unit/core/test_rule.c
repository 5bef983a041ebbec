/* The words of rules, there and back; a word that is none is told apart. */
#include <criterion/criterion.h>

#include "core_rule.h"

Test(rule, words)
{
	const struct sv_str none = SV_LIT("nonsense");

	for (int i = 0; i < CORE_RULE_KIND_MAX; i++)
		cr_expect_eq((int)core_rule_kind_of(core_rule_kind_name(
		    (enum core_rule_kind)i)), i);
	for (int i = 0; i < CORE_ORIGIN_MAX; i++)
		cr_expect_eq((int)core_origin_of(core_origin_name(
		    (enum core_origin)i)), i);
	for (int i = 0; i < CORE_CONFIDENCE_MAX; i++)
		cr_expect_eq((int)core_confidence_of(core_confidence_name(
		    (enum core_confidence)i)), i);
	for (int i = 0; i < CORE_URGENCY_MAX; i++)
		cr_expect_eq((int)core_urgency_of(core_urgency_name(
		    (enum core_urgency)i)), i);
	for (int i = 0; i <= CORE_CANCER_ANY; i++)
		cr_expect_eq((int)core_cancer_of(core_cancer_name(
		    (enum core_cancer)i)), i);
	cr_expect_eq(core_rule_kind_of(none), CORE_RULE_KIND_MAX);
	cr_expect_eq(core_origin_of(none), CORE_ORIGIN_MAX);
	cr_expect_eq(core_confidence_of(none), CORE_CONFIDENCE_MAX);
	cr_expect_eq(core_urgency_of(none), CORE_URGENCY_MAX);
	cr_expect_eq((int)core_cancer_of(none), CORE_CANCER_ANY + 1);
}
