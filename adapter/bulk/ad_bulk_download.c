/*
 * The files of an export, several at once.
 */
#include "ad_bulk_transfer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ad_clock.h"
#include "ad_durable.h"

#define TELL_MS 100

/* Is ${a} to be fetched before ${b}? */
static bool
is_before(const struct ad_bulk_loading *L, size_t a, size_t b)
{
	const struct ad_bulk_todo *x = &L->todo[a], *y = &L->todo[b];

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms;
	return x->size != y->size ? x->size > y->size : a < b;
}

void
ad_bulk_due_push(struct ad_bulk_loading *L, size_t got)
{
	size_t i = L->n_due++;

	for (; i > 0 && is_before(L, got, L->due[(i - 1) / 2]); i = (i - 1) / 2)
		L->due[i] = L->due[(i - 1) / 2];
	L->due[i] = got;
}

struct ad_bulk_todo *
ad_bulk_due_pop(struct ad_bulk_loading *L, int64_t now_ms)
{
	size_t first, last, i = 0;

	if (L->n_due == 0 || L->todo[L->due[0]].at_ms > now_ms)
		return NULL;
	first = L->due[0];
	last = L->due[--L->n_due];
	for (size_t k = 1; k < L->n_due; k = 2 * i + 1) {
		if (k + 1 < L->n_due && is_before(L, L->due[k + 1], L->due[k]))
			k++;
		if (!is_before(L, L->due[k], last))
			break;
		L->due[i] = L->due[k];
		i = k;
	}
	L->due[i] = last;
	return &L->todo[first];
}

/* The file is there already: whole, from a run before. */
static bool
is_there(struct ad_bulk_job *J, struct ad_bulk_got *g)
{
	char path[4096];
	struct ad_bulk_sink k;
	int fd = ad_durable_path(path, J->o->folder, g->name.p)
	    ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return false;
	ad_bulk_sink_begin(&k, fd, false, INT64_MAX);
	g->whole = ad_bulk_sink_reread(&k);
	g->lines = g->whole ? k.lines : 0;
	g->bytes = g->whole ? k.bytes : 0;
	(void)close(fd);
	return g->whole;
}

/* File ${i} of page ${p}, the next of all. */
static struct sv_status
add(struct ad_bulk_loading *L, size_t p, size_t i)
{
	struct ad_bulk_job *J = L->J;
	const struct ad_bulk_file *f = &J->page[p].file[i];
	size_t at = L->ret->n;
	struct ad_bulk_got *g = &L->ret->file[at];

	*g = (struct ad_bulk_got){ .kind = f->kind, .type = f->type,
		.name = ad_bulk_job_name(J, p, i) };
	SV_ENSURE(g->name.p != NULL, SV_NOMEM);
	L->todo[at] = (struct ad_bulk_todo){ .page = p, .i = i, .got = at,
		.size = f->size >= 0 ? f->size : f->count };
	L->ret->n++;
	if (is_there(J, g)) {
		L->ret->bytes += g->bytes;
		L->ret->lines += g->lines;
		return SV_OK;
	}
	ad_bulk_due_push(L, at);
	L->left++;
	return SV_OK;
}

static struct sv_status
list(struct ad_bulk_loading *L)
{
	struct ad_bulk_job *J = L->J;
	size_t n = 1;

	for (size_t p = 0; p < J->n_pages; p++)
		n += J->page[p].n;
	L->ret->file = sv_arena_zalloc(J->A, n, sizeof(*L->ret->file));
	L->todo = sv_arena_zalloc(J->A, n, sizeof(*L->todo));
	L->due = sv_arena_zalloc(J->A, n, sizeof(*L->due));
	SV_ENSURE(L->ret->file != NULL && L->todo != NULL && L->due != NULL,
	    SV_NOMEM);
	for (size_t p = 0; p < J->n_pages; p++) {
		for (size_t i = 0; i < J->page[p].n; i++)
			SV_TRY(add(L, p, i));
	}
	L->n = L->ret->n;
	return SV_OK;
}

/* How many have come to their end. */
static int
settle_all(struct ad_bulk_loading *L)
{
	CURLMsg *m;
	int left, n = 0;
	void *t;

	while ((m = curl_multi_info_read(L->multi, &left)) != NULL) {
		CURLcode code = m->data.result;

		if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle,
		    CURLINFO_PRIVATE, &t) == CURLE_OK) {
			ad_bulk_transfer_settle(t, code);
			n++;
		}
	}
	return n;
}

static void
start_some(struct ad_bulk_loading *L)
{
	int64_t now = ad_now_ms();

	for (int k = 0; k < L->J->o->parallel && L->running < L->parallel
	    && now >= L->hold_until_ms && sv_is_ok(L->failed); k++) {
		const struct ad_bulk_todo *d = L->t[k].busy ? NULL
		    : ad_bulk_due_pop(L, now);

		if (d != NULL)
			L->failed = ad_bulk_transfer_start(&L->t[k], d);
	}
}

static void
tell(struct ad_bulk_loading *L)
{
	int64_t now = ad_now_ms();

	if (L->J->o->moved == NULL || (now - L->told_ms < TELL_MS
	    && L->left > 0))
		return;
	L->told_ms = now;
	L->J->o->moved(L->J->o->ctx, (int64_t)(L->n - L->left), (int64_t)L->n,
	    ad_bulk_loading_bytes(L));
}

/* Are we to end, and not because all is there? */
static struct sv_status
check_end(struct ad_bulk_loading *L)
{
	const struct ad_bulk_options *o = L->J->o;

	if (o->stopped != NULL && o->stopped(o->ctx))
		return ad_bulk_later(L->J, "stopped");
	if (!ad_bulk_job_is_late(L->J))
		return SV_OK;
	L->J->lost = true;
	return ad_bulk_refused(L->J, "export", "its files have not come within "
	    "the deadline");
}

/* Links that are known to have expired are not tried first (M9). */
static void
renew_first(struct ad_bulk_loading *L)
{
	if (L->left == 0 || L->J->expires_ms == 0
	    || L->J->expires_ms > ad_now_ms())
		return;
	if (sv_is_ok(ad_bulk_renew(L->J)))
		L->renewed_ms = ad_now_ms();
}

static struct sv_status
run(struct ad_bulk_loading *L)
{
	int still;

	renew_first(L);
	while (L->left > 0 && sv_is_ok(L->failed)) {
		SV_TRY(check_end(L));
		start_some(L);
		(void)curl_multi_perform(L->multi, &still);
		if (settle_all(L) == 0 && L->left > 0)
			(void)curl_multi_poll(L->multi, NULL, 0, TELL_MS, NULL);
		tell(L);
	}
	SV_TRY(L->failed);
	return ad_durable_sync(L->J->o->folder, L->J->err);
}

static void
end(struct ad_bulk_loading *L)
{
	for (int k = 0; L->t != NULL && k < L->J->o->parallel; k++) {
		struct ad_bulk_transfer *t = &L->t[k];

		if (t->busy) {
			(void)curl_multi_remove_handle(L->multi,
			    ad_client_handle(t->client));
			ad_bulk_sink_drop(&t->sink);
			(void)close(t->part.fd);
		}
		ad_client_free(t->client);
	}
	free(L->t);
	if (L->multi != NULL)
		(void)curl_multi_cleanup(L->multi);
}

static struct sv_status
prepare(struct ad_bulk_loading *L)
{
	struct ad_client_peer peer = L->J->o->peer;

	peer.timeout_s = 0;	/* a file may take hours, but must move */
	L->multi = curl_multi_init();
	L->t = calloc((size_t)L->parallel, sizeof(*L->t));
	SV_ENSURE(L->multi != NULL && L->t != NULL, SV_NOMEM);
	for (int k = 0; k < L->parallel; k++) {
		L->t[k].L = L;
		L->t[k].client = ad_client_new(&peer);
		SV_ENSURE(L->t[k].client != NULL, SV_NOMEM);
	}
	return list(L);
}

struct sv_status
ad_bulk_download(struct ad_bulk_job *J, struct ad_bulk_fetched *ret)
{
	struct ad_bulk_loading L = { .J = J, .ret = ret, .parallel = J->o->parallel,
		.failed = SV_OK };
	struct sv_status s = prepare(&L);

	if (sv_is_ok(s))
		s = run(&L);
	end(&L);
	return s;
}
