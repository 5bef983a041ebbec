#include "ad_bulk_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ad_clock.h"
#include "ad_durable.h"

#define MAX_TEXT 1000

/* One line in the making; what does not fit is left out as a whole. */
struct line {
	char text[8192];
	size_t n;
};

static void
add(struct line *l, struct sv_str s)
{
	if (s.n < sizeof(l->text) - l->n) {
		memcpy(l->text + l->n, s.p, s.n);
		l->n += s.n;
	}
}

/* A JSON string (RFC 8259 section 7).  What a server sent may hold anything:
 * what is not printable becomes a space, also a character that is cut. */
static void
add_string(struct line *l, struct sv_str s)
{
	add(l, SV_LIT("\""));
	for (size_t i = 0; i < s.n && i < MAX_TEXT; i++) {
		char c = s.p[i] < ' ' || s.p[i] > '~' ? ' ' : s.p[i];

		if (c == '"' || c == '\\')
			add(l, SV_LIT("\\"));
		add(l, (struct sv_str){ &c, 1 });
	}
	add(l, SV_LIT("\""));
}

static void
add_details(struct line *l, const struct ad_bulk_detail *d)
{
	char number[32];

	for (bool first = true; d->name != NULL; d++, first = false) {
		if (!first)
			add(l, SV_LIT(","));
		add_string(l, sv_str_of(d->name));
		add(l, SV_LIT(":"));
		(void)snprintf(number, sizeof(number), "%lld",
		    (long long)d->number);
		if (d->is_number)
			add(l, sv_str_of(number));
		else
			add_string(l, d->text);
	}
}

static void
add_head(struct line *l, int64_t id, const char *event)
{
	char stamp[AD_INSTANT_MAX];

	ad_instant_exact(ad_now_ms(), stamp);
	l->n = (size_t)snprintf(l->text, sizeof(l->text), "{\"exportId\":"
	    "\"%lld\",\"timestamp\":\"%s\",\"eventId\":\"%s\","
	    "\"eventDetail\":{", (long long)id, stamp, event);
}

void
ad_bulk_log(const char *folder, int64_t id, const char *event,
    const struct ad_bulk_detail *details)
{
	struct line l;
	char path[4096];
	int fd = ad_durable_path(path, folder, "log.ndjson")
	    ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	add_head(&l, id, event);
	add_details(&l, details);
	add(&l, SV_LIT("}}\n"));
	(void)!write(fd, l.text, l.n);
	(void)close(fd);
}

struct sv_str
ad_bulk_log_url(struct sv_str url)
{
	return (struct sv_str){ url.p, sv_str_chr(url, '?') };
}
