/*
 * Counters in Prometheus' text format [R69]; no patient data.
 */
#include "ad_cds_part.h"

#include "ad_cds_ledger.h"

static void
head(struct sv_buf *b, const char *name, const char *what)
{
	sv_buf_printf(b, "# HELP salvor_%s %s\n# TYPE salvor_%s counter\n",
	    name, what, name);
}

void
ad_cds_metrics(struct ad_cds *C, const struct ad_cds_setup *s,
    struct sv_buf *b)
{
	static const char *const states[MAP_SUPPLY_MAX] = { "absent", "empty",
		"whole", "part", "failed" };

	head(b, "cds_calls_total", "CDS Hooks calls by status class.");
	for (int h = 0; h < MAP_HOOK_MAX; h++) {
		for (int c = 2; c < 6; c++)
			sv_buf_printf(b, "salvor_cds_calls_total{service="
			    "\"%.*s\",class=\"%dxx\"} %lld\n",
			    SV_FMT(ad_cds_service_id((enum map_hook)h)), c,
			    (long long)C->calls[h][c]);
	}
	head(b, "cds_cards_total", "Cards shown.");
	for (int u = 0; u < CORE_URGENCY_MAX; u++)
		sv_buf_printf(b, "salvor_cds_cards_total{indicator=\"%.*s\"} "
		    "%lld\n", SV_FMT(core_urgency_name((enum core_urgency)u)),
		    (long long)C->cards[u]);
	head(b, "cds_unauthorised_total", "Calls without a good token.");
	sv_buf_printf(b, "salvor_cds_unauthorised_total %lld\n",
	    (long long)C->unauthorised);
	head(b, "cds_held_back_total",
	    "Responses that failed the self-check.");
	sv_buf_printf(b, "salvor_cds_held_back_total %lld\n",
	    (long long)C->failed_checks);
	head(b, "cds_feedback_total", "Items of feedback.");
	sv_buf_printf(b, "salvor_cds_feedback_total %lld\n",
	    (long long)C->feedback);
	head(b, "cds_cards_lost_total", "Cards that were not written down.");
	sv_buf_printf(b, "salvor_cds_cards_lost_total %lld\n",
	    (long long)ad_cds_ledger_lost(C->ledger));
	head(b, "cds_prefetch_total", "What came for each prefetch key.");
	for (size_t i = 0; i < s->o.conf->n_clients; i++) {
		for (int k = 0; k < MAP_KEY_MAX * MAP_SUPPLY_MAX; k++)
			sv_buf_printf(b, "salvor_cds_prefetch_total{client="
			    "\"%s\",key=\"%s\",state=\"%s\"} %lld\n",
			    s->o.conf->client[i].name,
			    map_template((enum map_key)(k / MAP_SUPPLY_MAX))
			    ->key, states[k % MAP_SUPPLY_MAX],
			    (long long)s->supplied[i][k / MAP_SUPPLY_MAX]
			    [k % MAP_SUPPLY_MAX]);
	}
}
