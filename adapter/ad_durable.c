#include "ad_durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
ad_durable_path(char ret[4096], const char *folder, const char *name)
{
	int n = snprintf(ret, 4096, "%s/%s", folder, name);

	return n >= 0 && n < 4096;
}

static struct sv_status
fail(const char *folder, const char *name, struct sv_err *err)
{
	char path[4096];
	int e = errno;

	sv_err_set(err, ad_durable_path(path, folder, name) ? path : name,
	    "%s", strerror(e));
	return SV_RETRY;
}

static bool
write_all(int fd, struct sv_str s)
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

struct sv_status
ad_durable_sync(const char *folder, struct sv_err *err)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = dir >= 0 && fsync(dir) == 0;
	struct sv_status s = ok ? SV_OK : fail(folder, "", err);

	if (dir >= 0)
		(void)close(dir);
	return s;
}

/* The folder of which the path is the first ${n} bytes of ${path}. */
static struct sv_status
make_folder(const char *path, size_t n, struct sv_err *err)
{
	char all[4096], *slash;

	if (n >= sizeof(all)) {
		errno = ENAMETOOLONG;
		return fail(path, "", err);
	}
	memcpy(all, path, n);
	all[n] = '\0';
	if (mkdir(all, 0700) != 0)
		return errno == EEXIST ? SV_OK : fail(path, "", err);
	slash = strrchr(all, '/');
	if (slash == NULL)
		return ad_durable_sync(".", err);
	slash[slash == all ? 1 : 0] = '\0';
	return ad_durable_sync(all, err);
}

struct sv_status
ad_durable_folder(const char *path, struct sv_err *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/'))
		SV_TRY(make_folder(path, (size_t)(slash - path), err));
	return make_folder(path, strlen(path), err);
}

struct sv_status
ad_durable_rename(const char *folder, const char *from, const char *to,
    struct sv_err *err)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = dir >= 0 && renameat(dir, from, dir, to) == 0
	    && fsync(dir) == 0;
	struct sv_status s = ok ? SV_OK : fail(folder, to, err);

	if (dir >= 0)
		(void)close(dir);
	return s;
}

struct sv_status
ad_durable_write(const char *folder, const char *name, struct sv_str text,
    struct sv_err *err)
{
	char temporary[256], path[4096];
	int fd;
	bool ok;

	(void)snprintf(temporary, sizeof(temporary), ".%.200s.new", name);
	if (!ad_durable_path(path, folder, temporary)) {
		errno = ENAMETOOLONG;
		return fail(folder, name, err);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(folder, name, err);
	ok = write_all(fd, text);
	ok = close(fd) == 0 && ok;
	if (ok)
		return ad_durable_rename(folder, temporary, name, err);
	(void)!sv_is_ok(fail(folder, name, err));
	(void)unlink(path);
	return SV_RETRY;
}
