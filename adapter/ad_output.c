#include "ad_output.h"

#include <errno.h>
#include <stdio.h>

static bool
check(bool ok)
{
	static bool said;

	if (ok && !said)
		return true;
	if (!said)
		fprintf(stderr, "salvor: standard output%s; the output is not "
		    "complete\n", errno == EPIPE ? " was closed by its reader"
		    : errno == ENOSPC ? ": the disk is full"
		    : " cannot be written to");
	said = true;
	return false;
}

bool
ad_output(struct sv_str s)
{
	return check(s.n == 0 || fwrite(s.p, 1, s.n, stdout) == s.n);
}

bool
ad_output_end(void)
{
	return check(fflush(stdout) == 0);
}
