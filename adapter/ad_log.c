#include "ad_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t
ad_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One write a line, so that threads do not mix theirs. */
void
ad_log(const char *event, const char *format, ...)
{
	char line[1024], stamp[32] = "";
	int64_t ms = ad_now_ms();
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;
	va_list ap;

	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(line, sizeof(line), "%s.%03dZ event=%s ", stamp,
	    (int)(ms % 1000), event);
	n = strlen(line);
	va_start(ap, format);
	(void)vsnprintf(line + n, sizeof(line) - n - 1, format, ap);
	va_end(ap);
	n = strlen(line);
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, n);
}
