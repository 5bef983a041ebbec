#include "ad_metric.h"

void
ad_metric_head(struct sv_buf *b, const char *name, const char *type,
    const char *help)
{
	sv_buf_printf(b, "# HELP salvor_%s %s\n# TYPE salvor_%s %s\n", name,
	    help, name, type);
}

void
ad_metric_put(struct sv_buf *b, const char *name, const char *label, int64_t v)
{
	sv_buf_printf(b, "salvor_%s%s %lld\n", name, label, (long long)v);
}

void
ad_metric(struct sv_buf *b, const char *name, const char *type,
    const char *help, int64_t v)
{
	ad_metric_head(b, name, type, help);
	ad_metric_put(b, name, "", v);
}
