/*
 * The files of an export, several at once.
 */
#include "ad_bulk_transfer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ad_durable.h"

/* The file is there already: whole, from a run before. */
static bool
is_there(struct ad_bulk_job *J, struct ad_bulk_got *g)
{
	char path[4096], piece[65536];
	struct ad_bulk_sink k;
	int fd = ad_durable_path(path, J->o->folder, g->name.p)
	    ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd >= 0 && null >= 0) {
		ad_bulk_sink_begin(&k, null, false, INT64_MAX);
		while ((n = read(fd, piece, sizeof(piece))) > 0)
			(void)ad_bulk_sink_add(&k, (struct sv_str){ piece,
			    (size_t)n });
		g->lines = k.lines;
		g->bytes = k.bytes;
	}
	g->whole = fd >= 0 && null >= 0 && n == 0;
	if (fd >= 0)
		(void)close(fd);
	if (null >= 0)
		(void)close(null);
	return g->whole;
}

static struct sv_status
list(struct ad_bulk_loading *L)
{
	struct ad_bulk_job *J = L->J;
	size_t n = 0;

	for (size_t p = 0; p < J->n_pages; p++)
		n += J->page[p].n;
	L->ret->file = sv_arena_zalloc(J->A, n + 1, sizeof(*L->ret->file));
	L->todo = sv_arena_zalloc(J->A, n + 1, sizeof(*L->todo));
	SV_ENSURE(L->ret->file != NULL && L->todo != NULL, SV_NOMEM);
	for (size_t p = 0; p < J->n_pages; p++) {
		for (size_t i = 0; i < J->page[p].n; i++) {
			struct ad_bulk_got *g = &L->ret->file[L->ret->n];

			*g = (struct ad_bulk_got){
				.kind = J->page[p].file[i].kind,
				.type = J->page[p].file[i].type,
				.name = ad_bulk_job_name(J, p, i) };
			SV_ENSURE(g->name.p != NULL, SV_NOMEM);
			L->todo[L->ret->n] = (struct ad_bulk_todo){ .page = p, .i = i,
				.got = L->ret->n, .done = is_there(J, g) };
			L->left += L->todo[L->ret->n].done ? 0 : 1;
			L->ret->bytes += g->bytes;
			L->ret->lines += g->lines;
			L->ret->n++;
		}
	}
	L->n = L->ret->n;
	return SV_OK;
}

static void
settle_all(struct ad_bulk_loading *L)
{
	CURLMsg *m;
	int left;
	void *t;

	while ((m = curl_multi_info_read(L->multi, &left)) != NULL) {
		CURLcode code = m->data.result;

		if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle,
		    CURLINFO_PRIVATE, &t) == CURLE_OK)
			ad_bulk_transfer_settle(t, code);
	}
}

/* The next file that is due, or NULL. */
static const struct ad_bulk_todo *
next(struct ad_bulk_loading *L)
{
	int64_t now = ad_bulk_now_ms();

	for (size_t i = 0; i < L->n; i++) {
		bool busy = false;

		if (L->todo[i].done || L->todo[i].at_ms > now)
			continue;
		for (int k = 0; k < L->J->o->parallel; k++)
			busy = busy || (L->t[k].busy && L->t[k].got == i);
		if (!busy)
			return &L->todo[i];
	}
	return NULL;
}

static void
start_some(struct ad_bulk_loading *L)
{
	for (int k = 0; k < L->parallel && sv_is_ok(L->failed); k++) {
		const struct ad_bulk_todo *d = L->t[k].busy ? NULL : next(L);

		if (d != NULL)
			L->failed = ad_bulk_transfer_start(&L->t[k], d);
	}
}

static void
tell(struct ad_bulk_loading *L)
{
	int64_t bytes = L->ret->bytes;

	for (int k = 0; k < L->J->o->parallel; k++)
		bytes += L->t[k].busy && L->t[k].begun ? L->t[k].sink.bytes : 0;
	if (L->J->o->moved != NULL)
		L->J->o->moved(L->J->o->ctx, (int64_t)(L->n - L->left),
		    (int64_t)L->n, bytes);
}

static struct sv_status
run(struct ad_bulk_loading *L)
{
	int still;

	while (L->left > 0 && sv_is_ok(L->failed)) {
		if (L->J->o->stopped != NULL && L->J->o->stopped(L->J->o->ctx)) {
			sv_err_set(L->J->err, "", "stopped; it goes on with "
			    "the next run");
			return SV_RETRY;
		}
		start_some(L);
		(void)curl_multi_perform(L->multi, &still);
		settle_all(L);
		tell(L);
		if (L->left > 0)
			(void)curl_multi_poll(L->multi, NULL, 0, 100, NULL);
	}
	return L->failed;
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
			(void)close(t->fd);
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
