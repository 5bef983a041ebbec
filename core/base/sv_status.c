#include "sv_status.h"

#include <stdarg.h>
#include <stdio.h>

void
sv_err_set(struct sv_err *err, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return;
	(void)snprintf(err->where, sizeof(err->where), "%s",
	    where != NULL ? where : "");
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}
