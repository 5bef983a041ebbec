#include "ad_progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ad_clock.h"

#define FIRST_MS 500
#define EVERY_MS 100
#define BAR 24

/* The first of LC_ALL, LC_CTYPE and LANG that is set decides (POSIX 8.2). */
static bool
speaks_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (int i = 0; i < 3; i++) {
		const char *v = getenv(names[i]);

		if (v != NULL && v[0] != '\0')
			return strstr(v, "UTF-8") != NULL
			    || strstr(v, "utf8") != NULL;
	}
	return false;
}

void
ad_progress_start(struct ad_progress *P, bool quiet)
{
	const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");

	*P = (struct ad_progress){ .phase = "", .start_ms = ad_monotonic_ms() };
	P->on = isatty(STDERR_FILENO) && (quiet || !isatty(STDOUT_FILENO))
	    && term != NULL && strcmp(term, "dumb") != 0;
	P->colour = plain == NULL || plain[0] == '\0';
	P->utf8 = speaks_utf8();
	P->phase_ms = P->start_ms;
}

void
ad_progress_tell(struct ad_progress *P, const char *name, int64_t every_ms)
{
	P->name = name;
	P->every_ms = every_ms;
	P->told_ms = P->start_ms;
}

void
ad_progress_phase(struct ad_progress *P, const char *phase, int64_t total,
    bool bytes)
{
	P->phase = phase;
	P->total = total;
	P->bytes = bytes;
	P->phase_ms = ad_monotonic_ms();
	P->phase_patients = P->patients;
}

/* "1.5 GB", "12 kB" */
static void
size_text(double n, char ret[24])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	int u = 0;

	while (n >= 999.5 && u < 4) {
		n /= 1000;
		u++;
	}
	(void)snprintf(ret, 24, "%.*f %s", n < 9.95 && u > 0 ? 1 : 0, n,
	    units[u]);
}

/* "0:04", "1:02:03" */
static void
time_text(int64_t s, char ret[24])
{
	if (s < 3600)
		(void)snprintf(ret, 24, "%d:%02d", (int)(s / 60),
		    (int)(s % 60));
	else
		(void)snprintf(ret, 24, "%lld:%02d:%02d",
		    (long long)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

/* A line on its way, and the columns it takes. */
struct drawing {
	char *text;
	size_t n;			/* bytes in it */
	int used, width;		/* columns */
};

/* Append the bytes of ${text}, which take ${columns}. */
static void
add(struct drawing *d, const char *text, int columns)
{
	size_t n = strlen(text);

	if (d->n + n >= AD_PROGRESS_LINE)
		return;
	memcpy(d->text + d->n, text, n + 1);
	d->n += n;
	d->used += columns;
}

/* Append ${text}, which is ASCII, behind two blanks if it still fits. */
static void
field(struct drawing *d, const char *text)
{
	int n = (int)strlen(text);

	if (d->used + n + 2 > d->width)
		return;
	if (d->used > 0)
		add(d, "  ", 2);
	add(d, text, n);
}

/* The bar, with ${full} of its parts full. */
static void
bar(const struct ad_progress *P, struct drawing *d, int full)
{
	if (d->used + BAR + 2 > d->width)
		return;
	add(d, P->colour ? "  \033[32m" : "  ", 2);
	for (int i = 0; i < BAR; i++) {
		if (i == full && P->colour)
			add(d, "\033[90m", 0);
		if (P->utf8)
			add(d, i < full ? "█" : "░", 1);
		else
			add(d, i < full ? "#" : ".", 1);
	}
	if (P->colour)
		add(d, "\033[0m", 0);
}

/* How much of a known total is done, and how long the rest will take. */
static void
share(const struct ad_progress *P, struct drawing *d, int64_t done, double s)
{
	double part = (double)done / (double)P->total;
	char text[64], left[24];

	if (P->every_ms == 0 || P->on)
		bar(P, d, (int)(part * BAR));
	(void)snprintf(text, sizeof(text), "%3d%%", (int)(part * 100));
	field(d, text);
	if (done == 0) {
		field(d, "ETA -");
		return;
	}
	time_text((int64_t)(s / part - s), left);
	(void)snprintf(text, sizeof(text), "ETA %s", left);
	field(d, text);
}

void
ad_progress_line(const struct ad_progress *P, int64_t done,
    int64_t elapsed_ms, int width, char ret[AD_PROGRESS_LINE])
{
	double s = elapsed_ms > 0 ? (double)elapsed_ms / 1000 : 0.001;
	struct drawing d = { .text = ret, .width = width };
	char text[96], a[24], b[24];

	ret[0] = '\0';
	field(&d, P->phase);
	if (P->total > 0 && done <= P->total)
		share(P, &d, done, s);
	if (P->patients > 0) {
		(void)snprintf(text, sizeof(text), "%lld patients, %.0f/s",
		    (long long)P->patients, (double)(P->patients
		    - P->phase_patients) / s);
		field(&d, text);
	}
	if (P->bytes) {
		size_text((double)done, a);
		size_text((double)done / s, b);
		(void)snprintf(text, sizeof(text), "%s, %s/s", a, b);
		field(&d, text);
	}
	if (P->refused > 0) {
		(void)snprintf(text, sizeof(text), "%lld refused",
		    (long long)P->refused);
		field(&d, text);
	}
}

static int
terminal_width(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0
	    ? w.ws_col : 80;
}

static void
tell(struct ad_progress *P, int64_t done)
{
	int64_t now = ad_monotonic_ms();
	char line[AD_PROGRESS_LINE];

	if (P->every_ms == 0 || now - P->told_ms < P->every_ms)
		return;
	P->told_ms = now;
	ad_progress_line(P, done, now - P->phase_ms, 200, line);
	fprintf(stderr, "salvor: %s: %s\n", P->name, line);
}

void
ad_progress_show(struct ad_progress *P, int64_t done)
{
	int64_t now;
	char line[AD_PROGRESS_LINE];

	if (!P->on) {
		tell(P, done);
		return;
	}
	now = ad_monotonic_ms();
	if (now - P->start_ms < FIRST_MS || now - P->drawn_ms < EVERY_MS)
		return;
	ad_progress_line(P, done, now - P->phase_ms, terminal_width() - 1,
	    line);
	fprintf(stderr, "\r%s\033[K", line);
	P->drawn_ms = now;
	P->drawn = true;
}

void
ad_progress_clear(struct ad_progress *P)
{
	if (P->drawn)
		fputs("\r\033[K", stderr);
	P->drawn = false;
	P->drawn_ms = 0;
}

void
ad_progress_end(struct ad_progress *P)
{
	int64_t ms = ad_monotonic_ms() - P->start_ms;
	char t[24];

	ad_progress_clear(P);
	if (!P->on || ms < FIRST_MS)
		return;
	time_text(ms / 1000, t);
	fprintf(stderr, "%lld patients decided in %s (%.0f/s), %lld refused\n",
	    (long long)P->patients, t, (double)P->patients * 1000 / (double)ms,
	    (long long)P->refused);
}
