/**
 * ad_metric.h: metrics in the text format of Prometheus, by hand: a page of
 * printf; Debian has no C library for it.
 */
#ifndef AD_METRIC_H
#define AD_METRIC_H

#include "sv_buf.h"

/** What the metric salvor_${name} is; ${type} is "counter" or "gauge". */
void ad_metric_head(struct sv_buf *b, const char *name, const char *type,
    const char *help);

/** One value of it; ${label} is empty or "{name=\"value\"}". */
void ad_metric_put(struct sv_buf *b, const char *name, const char *label,
    int64_t v);

/** A metric of one value. */
void ad_metric(struct sv_buf *b, const char *name, const char *type,
    const char *help, int64_t v);

#endif
