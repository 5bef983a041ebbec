/*
 * A folder as a destination: a file for each post.
 */
#include "ad_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Write all of ${s} to ${fd} and to the disk. */
static bool
write_through(int fd, struct sv_str s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = sv_str_from(s, (size_t)n);
	}
	return fsync(fd) == 0;
}

bool
ad_drop_file(const char *folder, const struct ad_row *r)
{
	char from[64], to[128];
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, e;
	bool ok = false;

	if (dir < 0)
		return false;
	(void)snprintf(from, sizeof(from), ".%lld.part", (long long)r->id);
	(void)snprintf(to, sizeof(to), "%010lld-%.16s.json", (long long)r->id,
	    r->decision.n >= 16 ? r->decision.p : "guidance0000000");
	fd = openat(dir, from, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		ok = write_through(fd, r->body);
		ok = close(fd) == 0 && ok;
	}
	ok = ok && renameat(dir, from, dir, to) == 0 && fsync(dir) == 0;
	e = errno;
	if (!ok && fd >= 0)
		(void)unlinkat(dir, from, 0);
	(void)close(dir);
	errno = e;
	return ok;
}
