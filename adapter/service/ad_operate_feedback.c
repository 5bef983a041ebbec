/*
 * salvor feedback: which cards were shown, accepted and overridden, and why.
 */
#include "ad_operate.h"

#include <stdio.h>

#include "ad_conf.h"
#include "ad_store_cds.h"

static void
print_topic(void *ctx, const struct ad_topic_count *c)
{
	long long answered = c->accepted + c->overridden;

	(void)ctx;
	printf("%-14.*s %-20.*s %8lld %8lld %10lld", SV_FMT(c->topic),
	    SV_FMT(c->service), (long long)c->shown, (long long)c->accepted,
	    (long long)c->overridden);
	if (answered > 0)
		printf("   %3lld %%", 100 * (long long)c->accepted / answered);
	putchar('\n');
}

static void
print_reason(void *ctx, const struct ad_reason_count *c)
{
	bool *any = ctx;

	if (!*any)
		puts("\nrule           times  why it was overridden");
	*any = true;
	printf("%-14.*s %5lld  %.*s\n", SV_FMT(c->topic), (long long)c->n,
	    SV_FMT(c->reason));
}

enum ad_exit
ad_operate_feedback(const struct ad_options *o)
{
	bool any = false;
	struct ad_count_visitor v = { print_topic, print_reason, &any };
	enum ad_exit e = AD_EXIT_OK;
	struct ad_store *S;
	struct ad_conf c;
	struct sv_err err = { .text = "" };

	if (!sv_is_ok(ad_conf_read(o->conf != NULL ? o->conf
	    : AD_CONF_USUAL, &c, &err))) {
		fprintf(stderr, "salvor: %s: %s\n", err.where, err.text);
		return AD_EXIT_CONFIG;
	}
	if ((S = ad_store_open(c.store, AD_STORE_OPERATOR, &err)) == NULL) {
		fprintf(stderr, "salvor: %s: %s\n", err.where, err.text);
		ad_conf_free(&c);
		return AD_EXIT_CONFIG;
	}
	printf("%-14s %-20s %8s %8s %10s   accepted of answered\n", "rule",
	    "service", "shown", "accepted", "overridden");
	if (!sv_is_ok(ad_store_count_feedback(S, &v))) {
		fprintf(stderr, "salvor: %s\n", ad_store_error(S));
		e = AD_EXIT_TEMPORARY;
	}
	ad_store_close(S);
	ad_conf_free(&c);
	return e;
}
