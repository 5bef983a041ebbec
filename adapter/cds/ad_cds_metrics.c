/*
 * Counters in Prometheus' text format [R69]; no patient data.
 */
#include "ad_cds_part.h"

#include "ad_cds_ledger.h"
#include "ad_metric.h"

void
ad_cds_metrics(struct ad_cds *C, const struct ad_cds_setup *s,
    struct sv_buf *b)
{
	static const char *const states[MAP_SUPPLY_MAX] = { "absent", "empty",
		"whole", "part", "failed" };

	ad_metric_head(b, "cds_calls_total", "counter",
	    "CDS Hooks calls by status class.");
	for (int h = 0; h < MAP_HOOK_MAX; h++) {
		for (int c = 2; c < 6; c++)
			sv_buf_printf(b, "salvor_cds_calls_total{service="
			    "\"%.*s\",class=\"%dxx\"} %lld\n",
			    SV_FMT(ad_cds_service_id((enum map_hook)h)), c,
			    (long long)C->calls[h][c]);
	}
	ad_metric_head(b, "cds_cards_total", "counter", "Cards shown.");
	for (int u = 0; u < CORE_URGENCY_MAX; u++)
		sv_buf_printf(b, "salvor_cds_cards_total{indicator=\"%.*s\"} "
		    "%lld\n", SV_FMT(core_urgency_name((enum core_urgency)u)),
		    (long long)C->cards[u]);
	ad_metric(b, "cds_unauthorised_total", "counter",
	    "Calls without a good token.", C->unauthorised);
	ad_metric(b, "cds_held_back_total", "counter",
	    "Responses that failed the self-check.", C->failed_checks);
	ad_metric(b, "cds_feedback_total", "counter",
	    "Items of feedback.", C->feedback);
	ad_metric(b, "cds_cards_lost_total", "counter",
	    "Cards that were not written down.", ad_cds_ledger_lost(C->ledger));
	ad_metric_head(b, "cds_prefetch_total", "counter",
	    "What came for each prefetch key.");
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
