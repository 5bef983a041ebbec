#include "ad_bulk_part.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ad_durable.h"

#define MAX_NOTE 9000
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define SURELY_OLD_S 60

static bool
path_of(const struct ad_bulk_part *p, const char *ending, char path[4096])
{
	char name[512];
	int n = snprintf(name, sizeof(name), "%.*s%s", SV_FMT(p->name), ending);

	return n >= 0 && (size_t)n < sizeof(name)
	    && ad_durable_path(path, p->folder, name);
}

/* The text of the file ${path}; "" if there is none. */
static void
read_text(const char *path, char *ret, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

/* What a note of this boot and this URL begins with; false if there can be
 * none. */
static bool
head_of(const struct ad_bulk_part *p, char ret[MAX_NOTE])
{
	char boot[64];
	int n;

	read_text(BOOT_ID, boot, sizeof(boot));
	n = snprintf(ret, MAX_NOTE, "%s%.*s\n", boot, SV_FMT(p->url));
	return boot[0] != '\0' && n >= 0 && n < MAX_NOTE;
}

static void
read_note(struct ad_bulk_part *p)
{
	char path[4096], head[MAX_NOTE], note[MAX_NOTE + AD_BULK_VALIDATOR];
	size_t n;

	p->validator[0] = '\0';
	if (!head_of(p, head) || !path_of(p, ".from", path))
		return;
	read_text(path, note, sizeof(note));
	n = strlen(head);
	/* A note that was cut has no line end. */
	if (strncmp(note, head, n) == 0 && strlen(note + n) > 1
	    && strlen(note + n) < AD_BULK_VALIDATOR
	    && strchr(note + n, '\n') != NULL)
		(void)snprintf(p->validator, sizeof(p->validator), "%.*s",
		    (int)strcspn(note + n, "\n"), note + n);
}

bool
ad_bulk_part_open(struct ad_bulk_part *p)
{
	char path[4096];
	struct stat st;

	p->offset = 0;
	p->fd = path_of(p, ".part", path) ? open(path, O_RDWR | O_CREAT
	    | O_CLOEXEC, 0600) : -1;
	if (p->fd < 0)
		return false;
	read_note(p);
	if (p->validator[0] != '\0' && fstat(p->fd, &st) == 0)
		p->offset = (int64_t)st.st_size;
	return true;
}

/* A strong ETag; or else a Last-Modified that was old when the body was sent,
 * so that a later change would have another (RFC 9110 section 8.8.2.2). */
static void
find_validator(struct ad_client *C, char ret[AD_BULK_VALIDATOR])
{
	struct sv_str tag = ad_client_header(C, "ETag"), date;
	char text[64];
	time_t modified, sent;

	ret[0] = '\0';
	if (tag.n > 2 && tag.n < AD_BULK_VALIDATOR - 1 && tag.p[0] == '"')
		(void)snprintf(ret, AD_BULK_VALIDATOR, "%.*s", SV_FMT(tag));
	if (tag.n > 0)
		return;
	date = ad_client_header(C, "Date");
	(void)snprintf(text, sizeof(text), "%.*s", SV_FMT(date));
	sent = curl_getdate(text, NULL);
	date = ad_client_header(C, "Last-Modified");
	(void)snprintf(text, sizeof(text), "%.*s", SV_FMT(date));
	modified = curl_getdate(text, NULL);
	if (sent > 0 && modified > 0 && sent - modified >= SURELY_OLD_S)
		(void)snprintf(ret, AD_BULK_VALIDATOR, "%s", text);
}

static bool
write_note(const struct ad_bulk_part *p)
{
	char path[4096], head[MAX_NOTE];
	int fd = head_of(p, head) && path_of(p, ".from", path) ? open(path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	bool ok = fd >= 0 && dprintf(fd, "%s%s\n", head, p->validator) > 0;

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

void
ad_bulk_part_drop(const struct ad_bulk_part *p, bool bytes_too)
{
	char path[4096];

	if (path_of(p, ".from", path))
		(void)unlink(path);
	if (bytes_too && path_of(p, ".part", path))
		(void)unlink(path);
}

bool
ad_bulk_part_begin(struct ad_bulk_part *p, struct ad_client *C, bool plain)
{
	/* The note goes before the bytes that it speaks of. */
	ad_bulk_part_drop(p, false);
	p->offset = 0;
	if (ftruncate(p->fd, 0) != 0 || lseek(p->fd, 0, SEEK_SET) != 0)
		return false;
	p->validator[0] = '\0';
	if (plain)
		find_validator(C, p->validator);
	if (p->validator[0] != '\0' && !write_note(p))
		p->validator[0] = '\0';
	return true;
}

/* Digits at the start of ${*s}, which moves behind them; -1: none. */
static int64_t
number(const char **s)
{
	char *end;
	long long n;

	if (**s < '0' || **s > '9')
		return -1;
	n = strtoll(*s, &end, 10);
	*s = end;
	return (int64_t)n;
}

bool
ad_bulk_part_range(struct sv_str range, int64_t *ret_first, int64_t *ret_total)
{
	char text[128];
	const char *s = text;

	*ret_first = *ret_total = -1;
	if (range.n >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", SV_FMT(range));
	if (strncmp(s, "bytes ", 6) != 0)
		return false;
	s += 6;
	if (*s == '*') {
		s++;
	} else {
		*ret_first = number(&s);
		if (*ret_first < 0 || *s++ != '-' || number(&s) < 0)
			return false;
	}
	if (*s++ != '/')
		return false;
	if (*s == '*')
		return true;
	*ret_total = number(&s);
	return *ret_total >= 0;
}
