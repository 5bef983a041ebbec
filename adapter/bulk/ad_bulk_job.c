#include "ad_bulk_job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ad_bulk_status.h"
#include "ad_clock.h"
#include "ad_durable.h"
#include "ad_memory.h"
#include "fhir_doc.h"
#include "fhir_node.h"
#include "fhir_write.h"

#define MAX_PAGE ((size_t)64 << 20)
#define MAX_PAGES 100000
#define MAX_STATE ((size_t)4 << 20)

static struct sv_status
slurp_open(struct ad_bulk_job *J, FILE *f, struct sv_str *ret)
{
	struct stat st;
	char *p;

	SV_ENSURE(fstat(fileno(f), &st) == 0 && (size_t)st.st_size <= MAX_PAGE,
	    SV_RETRY);
	p = sv_arena_alloc(J->A, (size_t)st.st_size + 1);
	SV_ENSURE(p != NULL, SV_NOMEM);
	SV_ENSURE(fread(p, 1, (size_t)st.st_size, f) == (size_t)st.st_size,
	    SV_RETRY);
	*ret = (struct sv_str){ p, (size_t)st.st_size };
	return SV_OK;
}

/* The file ${name} of the folder, in J->A.  SKIP if there is none. */
static struct sv_status
slurp(struct ad_bulk_job *J, const char *name, struct sv_str *ret)
{
	char path[4096];
	FILE *f;
	struct sv_status s = SV_RETRY;

	SV_ENSURE(ad_durable_path(path, J->o->folder, name), SV_BUG);
	f = fopen(path, "re");
	SV_ENSURE(f != NULL || errno != ENOENT, SV_SKIP);
	if (f != NULL) {
		s = slurp_open(J, f, ret);
		(void)fclose(f);
	}
	if (s.code == SV_CODE_RETRY)
		sv_err_set(J->err, path, "it cannot be read");
	return s;
}

static int64_t
number(const struct fhir_at *root, const char *name)
{
	struct sv_str text = fhir_text(root, name);

	return text.n == 0 ? 0 : strtoll(text.p, NULL, 10);
}

static struct sv_status
load_state(struct ad_bulk_job *J)
{
	int64_t soon = ad_now_ms() + AD_BULK_MAX_WAIT_S * 1000;
	const struct cJSON *tree;
	struct fhir_at root;
	struct sv_str text;
	struct sv_status s;

	SV_TRY(slurp(J, "job.json", &text));
	s = fhir_json_read(J->A, text, &tree);
	SV_ENSURE(s.code != SV_CODE_NOMEM, s);
	if (!sv_is_ok(s)) {
		sv_err_set(J->err, "job.json", "it is damaged; remove the "
		    "folder %s to start anew", J->o->folder);
		return SV_BAD;
	}
	root = fhir_root(tree, "job");
	J->status_url = fhir_text(&root, "statusUrl");
	J->started_ms = number(&root, "started");
	J->expires_ms = number(&root, "expires");
	J->request = fhir_text(&root, "request");
	J->lacks = fhir_text(&root, "lacks");
	J->over = sv_str_is(fhir_text(&root, "over"), "true");
	J->ask_at_ms = number(&root, "askAt");
	if (J->ask_at_ms > soon)	/* the clock has been set back */
		J->ask_at_ms = soon;
	J->separate = sv_str_is(fhir_text(&root, "separate"), "true");
	return SV_OK;
}

/* Patient data is not fetched in the clear. */
static struct sv_status
check_urls(struct ad_bulk_job *J, const struct ad_bulk_manifest *M)
{
	for (size_t i = 0; i <= M->n; i++) {
		struct sv_str url = i < M->n ? M->file[i].url : M->next;

		if (url.n == 0 || ad_client_may_ask(url.p, J->o->peer.plain))
			continue;
		sv_err_set(J->err, "manifest", "%.*s is not https:; the server "
		    "has to know its own address", SV_FMT(ad_bulk_log_url(url)));
		return SV_BAD;
	}
	return SV_OK;
}

static struct sv_status
add_page(struct ad_bulk_job *J, size_t at, struct sv_str url,
    struct sv_str json)
{
	struct ad_bulk_manifest M;

	SV_ENSURE(at <= J->n_pages && at < MAX_PAGES, SV_BAD);
	SV_TRY(ad_bulk_manifest_read(J->A, json, url, &M, J->err));
	SV_TRY(check_urls(J, &M));
	if (at < J->n_pages && M.n != J->page[at].n) {
		sv_err_set(J->err, "manifest", "it lists other files than "
		    "before");
		return SV_BAD;
	}
	if (at == J->n_pages) {
		J->page = sv_arena_grow(J->A, J->page, at * sizeof(M),
		    (at + 1) * sizeof(M));
		SV_ENSURE(J->page != NULL, SV_NOMEM);
		J->n_pages++;
	}
	J->page[at] = M;
	return SV_OK;
}

struct sv_str
ad_bulk_job_page_url(const struct ad_bulk_job *J, size_t i)
{
	return i == 0 ? J->status_url : J->page[i - 1].next;
}

struct sv_status
ad_bulk_job_load(struct ad_bulk_job *J)
{
	struct sv_status s = load_state(J);
	struct sv_str json;
	char name[64];

	if (s.code == SV_CODE_SKIP)
		return SV_OK;
	SV_TRY(s);
	for (size_t i = 0;; i++) {
		(void)snprintf(name, sizeof(name), "manifest-%zu.json", i);
		s = slurp(J, name, &json);
		if (s.code == SV_CODE_SKIP)
			return SV_OK;
		SV_TRY(s);
		SV_TRY(add_page(J, i, ad_bulk_job_page_url(J, i), json));
	}
}

struct sv_status
ad_bulk_job_save(struct ad_bulk_job *J)
{
	struct sv_arena A = ad_arena(MAX_STATE);
	struct sv_status s = SV_NOMEM;
	struct fhir_writer w;
	struct sv_buf b;

	sv_buf_init(&b, &A, MAX_STATE);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	fhir_open(&w, NULL);
	fhir_put_str(&w, "statusUrl", J->status_url);
	fhir_put_str(&w, "request", J->request);
	fhir_put_str(&w, "lacks", J->lacks);
	fhir_put_int(&w, "started", J->started_ms);
	fhir_put_int(&w, "askAt", J->ask_at_ms);
	fhir_put_int(&w, "expires", J->expires_ms);
	fhir_put_bool(&w, "separate", J->separate);
	fhir_put_bool(&w, "over", J->over);
	fhir_close(&w);
	if (fhir_write_ok(&w))
		s = ad_durable_write(J->o->folder, "job.json", sv_buf_str(&b),
		    J->err);
	sv_arena_free(&A);
	return s;
}

struct sv_status
ad_bulk_job_page(struct ad_bulk_job *J, size_t at, struct sv_str url,
    struct sv_str json)
{
	char name[64];

	json = sv_arena_str(J->A, json);
	url = sv_arena_str(J->A, url);
	SV_ENSURE(json.p != NULL && url.p != NULL, SV_NOMEM);
	SV_TRY(add_page(J, at, url, json));
	(void)snprintf(name, sizeof(name), "manifest-%zu.json", at);
	return ad_durable_write(J->o->folder, name, json, J->err);
}

struct sv_str
ad_bulk_job_name(struct ad_bulk_job *J, size_t page, size_t i)
{
	static const char *const kinds[AD_BULK_KIND_MAX] = { "resources",
		"deleted", "outcome" };
	const struct ad_bulk_file *f = &J->page[page].file[i];
	bool named = f->type.n > 0 && fhir_is_resource_type(f->type);

	return sv_arena_printf(J->A, "%zu-%zu-%.*s.ndjson", page, i,
	    SV_FMT(named ? f->type : sv_str_of(kinds[f->kind])));
}

static bool
is_kept(const char *name, bool all)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0
	    || (!all && strcmp(name, "job.json") == 0);
}

void
ad_bulk_job_empty(const char *folder, bool all)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!is_kept(e->d_name, all))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		(void)closedir(d);
	if (all)
		(void)rmdir(folder);
}

bool
ad_bulk_job_is_late(const struct ad_bulk_job *J)
{
	return ad_now_ms() - J->started_ms > J->o->deadline_s * 1000;
}

struct sv_status
ad_bulk_job_token(struct ad_bulk_job *J, bool needed, char ret[AD_SMART_MAX])
{
	ret[0] = '\0';
	return !needed || J->o->smart == NULL ? SV_OK
	    : ad_smart_authorization(J->o->smart, ret, J->err);
}

bool
ad_bulk_job_wait(struct ad_bulk_job *J, int64_t at_ms)
{
	for (;;) {
		int64_t left = at_ms - ad_now_ms();

		if (J->o->stopped != NULL && J->o->stopped(J->o->ctx))
			return false;
		if (left <= 0)
			return true;
		left = left > 200 ? 200 : left;
		(void)nanosleep(&(struct timespec){ 0, left * 1000000 }, NULL);
	}
}

void
ad_bulk_job_say(struct ad_bulk_job *J, const char *format, ...)
{
	char line[512];
	va_list ap;

	if (J->o->say == NULL)
		return;
	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	J->o->say(J->o->ctx, line);
}
