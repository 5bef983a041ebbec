/*
 * A folder as a destination: a file for each post.
 */
#include "ad_line.h"

#include <stdio.h>

#include "ad_durable.h"

struct sv_status
ad_drop_file(const char *folder, const struct ad_row *r, struct sv_err *err)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%010lld-%.16s.json",
	    (long long)r->id, r->decision.n >= 16 ? r->decision.p
	    : "guidance0000000");
	return ad_durable_write(folder, name, r->body, err);
}
