/*
 * What the service counts.
 */
#include "ad_clock.h"
#include "ad_metric.h"
#include "ad_reply.h"

#include <stdio.h>

static void
put_posts(struct ad_page *p)
{
	struct ad_poster_counts c;
	char label[128];

	ad_metric_head(&p->out, "posts_total", "counter", "Posts by outcome.");
	for (size_t i = 0; ad_service_posts(p->V, i, &c); i++) {
		const struct { const char *name; int64_t v; } of[] = {
			{ "done", c.done }, { "retry", c.retried },
			{ "maybe", c.maybe }, { "refused", c.refused } };

		for (size_t k = 0; k < 4; k++) {
			(void)snprintf(label, sizeof(label),
			    "{destination=\"%.*s\",outcome=\"%s\"}",
			    SV_FMT(c.name), of[k].name);
			ad_metric_put(&p->out, "posts_total", label, of[k].v);
		}
	}
	ad_metric_head(&p->out, "destination_open", "gauge",
	    "1 if nothing gets through to the destination.");
	for (size_t i = 0; ad_service_posts(p->V, i, &c); i++) {
		(void)snprintf(label, sizeof(label), "{destination=\"%.*s\"}",
		    SV_FMT(c.name));
		ad_metric_put(&p->out, "destination_open", label, c.open);
	}
}

static void
put_requests(struct ad_page *p)
{
	struct ad_http_counts h = ad_http_counted(p->V->http);
	char label[32];

	ad_metric_head(&p->out, "http_answers_total", "counter",
	    "Answers by status class.");
	for (int i = 1; i < 6; i++) {
		(void)snprintf(label, sizeof(label), "{class=\"%dxx\"}", i);
		ad_metric_put(&p->out, "http_answers_total", label, h.answered[i]);
	}
	ad_metric(&p->out, "http_connections", "gauge",
	    "Open connections.", h.connections);
	ad_metric(&p->out, "http_slow_total", "counter",
	    "Connections closed because they were too slow.", h.slow);
	ad_metric(&p->out, "http_cut_total", "counter",
	    "Connections closed because the bodies under way took too much "
	    "memory.", h.cut);
	ad_metric(&p->out, "http_in_bytes_total", "counter",
	    "Bytes received.", h.bytes_in);
	ad_metric(&p->out, "unauthorised_total", "counter",
	    "Requests without a valid client.", p->V->unauthorised);
}

/* Upper ends of the buckets, in milliseconds; what takes longer is in the
 * last. */
static const int64_t latency_ms[AD_LATENCY_BUCKETS - 1] = { 1, 2, 5, 10, 25,
	50, 100, 250, 500, 1000, 2500, 5000, 10000 };

void
ad_latency_add(struct ad_latency *l, int64_t ms)
{
	size_t i = 0;

	if (ms < 0)
		ms = 0;		/* the clock was set back */
	while (i < AD_LATENCY_BUCKETS - 1 && ms > latency_ms[i])
		i++;
	l->n[i]++;
	l->sum_ms += ms;
}

static void
put_latency(struct ad_page *p)
{
	const struct ad_latency *l = &p->V->latency;
	int64_t n = 0;

	ad_metric_head(&p->out, "http_seconds", "histogram", "Time from a whole "
	    "request to its answer.");
	for (size_t i = 0; i < AD_LATENCY_BUCKETS - 1; i++) {
		n += l->n[i];
		sv_buf_printf(&p->out, "salvor_http_seconds_bucket{le=\"%g\"}"
		    " %lld\n", (double)latency_ms[i] / 1000, (long long)n);
	}
	n += l->n[AD_LATENCY_BUCKETS - 1];
	ad_metric_put(&p->out, "http_seconds_bucket", "{le=\"+Inf\"}", n);
	sv_buf_printf(&p->out, "salvor_http_seconds_sum %.3f\n",
	    (double)l->sum_ms / 1000);
	ad_metric_put(&p->out, "http_seconds_count", "", n);
}

static void
put_rules(struct ad_page *p)
{
	const struct core_rulebook *b = &p->u->engine.book;

	ad_metric_head(&p->out, "rules_info", "gauge", "The rule set in use.");
	sv_buf_printf(&p->out, "salvor_rules_info{version=\"%.*s\","
	    "sha256=\"%.*s\"} 1\n", SV_FMT(b->version), SV_FMT(b->sha256));
	ad_metric(&p->out, "start_time_seconds", "gauge",
	    "When the service started, since 1970.", p->V->started_ms / 1000);
}

struct sv_status
ad_page_metrics(struct ad_page *p)
{
	struct ad_store_counts c;
	struct ad_writer_counts w = ad_writer_counted(p->V->writer);
	int64_t stale = 0;
	char label[32];

	SV_TRY(ad_store_count(p->V->reader, &c));
	SV_TRY(ad_store_count_stale(p->V->reader, p->u->intake.sha256,
	    &stale));
	p->media = "text/plain; version=0.0.4; charset=utf-8";
	ad_metric_head(&p->out, "messages_total", "counter", "Messages by fate.");
	for (int i = 0; i < AD_FATE_MAX; i++) {
		(void)snprintf(label, sizeof(label), "{fate=\"%.*s\"}",
		    SV_FMT(ad_fate_name((enum ad_fate)i)));
		ad_metric_put(&p->out, "messages_total", label, c.messages[i]);
	}
	ad_metric_head(&p->out, "outbox_rows", "gauge", "Outbox rows by state.");
	for (int i = 0; i < AD_ROW_STATE_MAX; i++) {
		(void)snprintf(label, sizeof(label), "{state=\"%.*s\"}",
		    SV_FMT(ad_row_state_name((enum ad_row_state)i)));
		ad_metric_put(&p->out, "outbox_rows", label, c.rows[i]);
	}
	ad_metric(&p->out, "outbox_oldest_seconds", "gauge",
	    "Age of the oldest row that waits.",
	    c.oldest_waiting_ms == 0 ? 0
	    : (ad_now_ms() - c.oldest_waiting_ms) / 1000);
	ad_metric(&p->out, "patients", "gauge",
	    "Patients remembered.", c.patients);
	ad_metric(&p->out, "patients_stale", "gauge",
	    "Patients to be decided again, because the rules changed.", stale);
	ad_metric(&p->out, "store_bytes", "gauge",
	    "Size of the store.", c.bytes);
	ad_metric(&p->out, "units_total", "counter",
	    "Commits of messages.", w.units);
	ad_metric(&p->out, "not_accepted_total", "counter",
	    "Messages that could not be stored.", w.failed);
	ad_metric(&p->out, "messages_waiting", "gauge",
	    "Messages that wait for the writer.", w.waiting);
	put_requests(p);
	put_latency(p);
	put_posts(p);
	put_rules(p);
	if (p->u->cds != NULL)
		ad_cds_metrics(p->V->cds, p->u->cds, &p->out);
	return SV_OK;
}

