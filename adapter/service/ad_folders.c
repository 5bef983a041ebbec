/*
 * Watched folders: a second way in, for senders that write files.
 *
 *	in/		the sender writes "x.part" and renames it to "x.json",
 *			"x.xml" or "x.ndjson": other names are never read, nor
 *			are files that changed within the last second
 *	in/done/	accepted: applied, or held
 *	in/refused/	refused, of NDJSON at least one line; "x.outcome.json"
 *			says why
 *
 * A file is moved after its message is on disk.  If we die in between it is
 * read again, which changes nothing.
 */
#include "ad_service.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "sv_limits.h"

struct ad_folders {
	struct ad_service *V;
	pthread_t thread;
	_Atomic bool ending;
	int64_t complained_ms;
};

/* What became of the documents of one file. */
struct filed {
	bool accepted;			/* the last one: it is on disk */
	size_t n, refused;
	char *outcome;			/* of the first that was refused */
	size_t n_outcome;
};

/* Hand one document in and wait for its fate. */
static void
hand_in(struct ad_service *V, struct ad_setup *u, const struct ad_request *r,
    struct filed *w)
{
	char why[AD_WRITER_WHY] = "not enough memory";
	struct ad_intake *I = NULL;
	struct sv_status s = ad_intake_read(&u->intake, r, &I);
	struct ad_answer a;

	if (sv_is_ok(s))
		s = ad_writer_run(V->writer, I, why);
	w->accepted = sv_is_ok(s);
	if (!w->accepted) {
		ad_log("not-accepted", "why=\"%s\"", why);
		ad_intake_free(I);
		return;
	}
	a = ad_intake_answer(I);
	w->n++;
	w->refused += a.fate == AD_FATE_REFUSED;
	if (a.fate == AD_FATE_REFUSED && w->outcome == NULL
	    && (w->outcome = malloc(a.body.n + 1)) != NULL) {
		memcpy(w->outcome, a.body.p, a.body.n);
		w->n_outcome = a.body.n;
	}
	if (a.n_posts > 0)
		ad_service_wake(V);
	ad_intake_free(I);
}

static void
write_outcome(int to, const char *name, const struct filed *w)
{
	char path[300];
	int fd;

	(void)snprintf(path, sizeof(path), "%.255s.outcome.json", name);
	fd = openat(to, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (w->n_outcome > 0 && write(fd, w->outcome, w->n_outcome)
	    != (ssize_t)w->n_outcome)
		ad_log("folder", "file=outcome why=\"%s\"", strerror(errno));
	(void)close(fd);
}

/* A file of that name was here before: both are kept. */
static void
free_name(int to, const char *name, char ret[300])
{
	(void)snprintf(ret, 300, "%.255s", name);
	if (faccessat(to, ret, F_OK, 0) == 0)
		(void)snprintf(ret, 300, "%lld-%.240s",
		    (long long)ad_now_ms(), name);
}

/* Into the folder ${to} of ${dir}, which is made if need be. */
static void
move(int dir, const char *name, const char *to, const struct filed *w)
{
	char as[300] = "";
	int fd;

	(void)mkdirat(dir, to, 0700);
	fd = openat(dir, to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		free_name(fd, name, as);
	if (fd < 0 || renameat(dir, name, fd, as) != 0) {
		ad_log("folder", "to=%s why=\"%s\"", to, strerror(errno));
	} else {
		ad_log("file", "to=%s documents=%zu refused=%zu", to, w->n,
		    w->refused);
		if (w->refused > 0)
			write_outcome(fd, as, w);
		(void)fsync(fd);
		(void)fsync(dir);
	}
	if (fd >= 0)
		(void)close(fd);
}

/* The lines of NDJSON are messages of their own; the file is refused if one
 * is, but the others have been taken.  False: the store is not ready, try
 * again later; what was taken before is then taken again, which changes
 * nothing. */
static bool
hand_in_all(struct ad_service *V, struct ad_setup *u, struct ad_request *r,
    struct filed *w)
{
	struct sv_str rest = r->body;
	struct fhir_line line = { .number = 0 };

	if (!fhir_looks_ndjson(rest)) {
		hand_in(V, u, r, w);
		return w->accepted;
	}
	while (fhir_ndjson_next(&rest, &line)) {
		r->body = line.text;
		hand_in(V, u, r, w);
		if (!w->accepted)
			return false;
	}
	return true;
}

/* Said once a minute, not at every look. */
static void
complain(struct ad_folders *F, const char *why)
{
	if (ad_now_ms() - F->complained_ms < 60000)
		return;
	F->complained_ms = ad_now_ms();
	ad_log("folder", "why=\"%s\" hint=\"a file cannot be read; it stays "
	    "where it is\"", why);
}

/* The whole file, if it is one that nobody writes to any more; .p is NULL
 * otherwise. */
static struct sv_str
read_file(struct ad_folders *F, struct sv_arena *A, int fd)
{
	struct sv_str none = { NULL, 0 };
	struct stat st;
	char *p;

	if (fd < 0 || fstat(fd, &st) != 0) {
		complain(F, strerror(errno));
		return none;
	}
	if (S_ISREG(st.st_mode) && (size_t)st.st_size > SV_LIMIT_PATIENT) {
		complain(F, "larger than a patient may be");
		return none;
	}
	if (!S_ISREG(st.st_mode)
	    || ad_now_ms() / 1000 - st.st_mtim.tv_sec < 1)
		return none;
	p = sv_arena_alloc(A, (size_t)st.st_size + 1);
	if (p == NULL || read(fd, p, (size_t)st.st_size) != st.st_size)
		return none;
	return (struct sv_str){ p, (size_t)st.st_size };
}

/* The name of the file, as a request id. */
static void
make_id(const char *name, char ret[65])
{
	size_t i = 0;

	for (; i < 64 && name[i] != '\0'; i++)
		ret[i] = isalnum((unsigned char)name[i]) || name[i] == '.'
		    ? name[i] : '-';
	ret[i] = '\0';
}

static void
take_file(struct ad_folders *F, struct ad_setup *u, int dir, const char *name,
    const char *source)
{
	struct sv_arena A = ad_arena(SV_LIMIT_ARENA);
	struct filed w = { .n = 0 };
	char id[65];
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct ad_request r = { .source = sv_str_of(source),
		.method = SV_LIT("POST"),
		.body = read_file(F, &A, fd), .received_ms = ad_now_ms() };

	make_id(name, id);
	r.correlation = sv_str_of(id);
	if (r.body.p != NULL && hand_in_all(F->V, u, &r, &w))
		move(dir, name, w.refused > 0 ? "refused" : "done", &w);
	if (fd >= 0)
		(void)close(fd);
	free(w.outcome);
	sv_arena_free(&A);
}

static bool
is_document(const char *name)
{
	struct sv_str s = sv_str_of(name);

	return name[0] != '.' && (sv_str_ends(s, SV_LIT(".json"))
	    || sv_str_ends(s, SV_LIT(".xml"))
	    || sv_str_ends(s, SV_LIT(".ndjson")));
}

static int
in_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
wanted(const struct dirent *d)
{
	return is_document(d->d_name);
}

/* In the order of their names: senders number their files. */
static void
look(struct ad_folders *F, struct ad_setup *u, const struct ad_conf_folder *f)
{
	struct dirent **names = NULL;
	int dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int n = dir < 0 ? -1 : scandir(f->path, &names, wanted, in_order);

	if (n < 0)
		ad_log("folder", "why=\"%s\"", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (!F->ending)
			take_file(F, u, dir, names[i]->d_name, f->source);
		free(names[i]);
	}
	free(names);
	if (dir >= 0)
		(void)close(dir);
}

static void *
watch(void *arg)
{
	struct ad_folders *F = arg;

	while (!F->ending) {
		struct ad_setup *u = ad_setup_use(F->V);

		for (size_t i = 0; i < u->conf.n_folders && !F->ending; i++)
			look(F, u, &u->conf.folder[i]);
		ad_setup_drop(u);
		for (int i = 0; i < 10 && !F->ending; i++)
			(void)nanosleep(&(struct timespec){ 0, 100000000 },
			    NULL);
	}
	return NULL;
}

struct ad_folders *
ad_folders_start(struct ad_service *V, struct sv_err *err)
{
	struct ad_folders *F = calloc(1, sizeof(*F));

	if (F != NULL) {
		F->V = V;
		if (pthread_create(&F->thread, NULL, watch, F) == 0)
			return F;
	}
	free(F);
	sv_err_set(err, "", "not enough memory to watch folders");
	return NULL;
}

void
ad_folders_stop(struct ad_folders *F)
{
	if (F == NULL)
		return;
	F->ending = true;
	(void)pthread_join(F->thread, NULL);
	free(F);
}
