#include "ad_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ad_clock.h"

/* One write a line, so that threads do not mix theirs. */
void
ad_log(const char *event, const char *format, ...)
{
	char line[1024], stamp[AD_INSTANT_MAX];
	size_t n;
	va_list ap;

	ad_instant_exact(ad_now_ms(), stamp);
	(void)snprintf(line, sizeof(line), "%s event=%s ", stamp, event);
	n = strlen(line);
	va_start(ap, format);
	(void)vsnprintf(line + n, sizeof(line) - n - 1, format, ap);
	va_end(ap);
	n = strlen(line);
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, n);
}
