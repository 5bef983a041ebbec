/*
 * Requests and their answers.
 */
#include "ad_http_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/keyvalq_struct.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAX_RECORD 16384

int
ad_http_refused(const struct ad_http_call *c)
{
	return c->refused;
}

struct sv_str
ad_http_method(const struct ad_http_call *c)
{
	switch (evhttp_request_get_command(c->req)) {
	case EVHTTP_REQ_GET: return SV_LIT("GET");
	case EVHTTP_REQ_POST: return SV_LIT("POST");
	case EVHTTP_REQ_PUT: return SV_LIT("PUT");
	case EVHTTP_REQ_DELETE: return SV_LIT("DELETE");
	case EVHTTP_REQ_HEAD: return SV_LIT("HEAD");
	case EVHTTP_REQ_OPTIONS: return SV_LIT("OPTIONS");
	case EVHTTP_REQ_PATCH: return SV_LIT("PATCH");
	default: return SV_LIT("");
	}
}

struct sv_str
ad_http_path(const struct ad_http_call *c)
{
	return sv_str_of(c->path != NULL ? c->path : "");
}

struct sv_str
ad_http_header(const struct ad_http_call *c, const char *name)
{
	return sv_str_of(evhttp_find_header(
	    evhttp_request_get_input_headers(c->req), name));
}

struct sv_str
ad_http_bearer(const struct ad_http_call *c)
{
	const struct sv_str scheme = SV_LIT("Bearer ");
	struct sv_str h = ad_http_header(c, "Authorization");

	if (h.n <= scheme.n || !sv_str_eq_nocase((struct sv_str){ h.p,
	    scheme.n }, scheme))
		return (struct sv_str){ NULL, 0 };
	return sv_str_trim(sv_str_from(h, scheme.n));
}

struct sv_str
ad_http_query(const struct ad_http_call *c, const char *name)
{
	return sv_str_of(evhttp_find_header(&c->query, name));
}

struct sv_str
ad_http_body(const struct ad_http_call *c)
{
	return c->body;
}

struct sv_str
ad_http_peer(const struct ad_http_call *c)
{
	return sv_str_of(c->peer);
}

struct sv_str
ad_http_address(const struct ad_http_call *c)
{
	char *address = NULL;
	ev_uint16_t port = 0;

	evhttp_connection_get_peer(evhttp_request_get_connection(c->req),
	    &address, &port);
	return sv_str_of(address);
}

static void
call_free(struct ad_http_call *c)
{
	c->loop->H->buffered -= c->buffered;
	evhttp_clear_headers(&c->query);
	free(c->path);
	free(c->inflated);
	free(c->copy);
	free(c);
}

/* Who showed a certificate that the CA vouches for.  200, or 503: without memory
 * to tell, which must not look like a stranger. */
static int
read_peer(struct ad_http_call *c)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(c->req));
	SSL *ssl = c->loop->H->o.plain ? NULL
	    : bufferevent_openssl_get_ssl(bev);
	X509 *x = ssl != NULL ? SSL_get0_peer_certificate(ssl) : NULL;
	unsigned char hash[32];
	unsigned int n = 0;

	if (x == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return 200;
	if (X509_digest(x, EVP_sha256(), hash, &n) != 1 || n != 32)
		return 503;
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(c->peer + 2 * i, 3, "%02x", hash[i]);
	return 200;
}

/* Room for more of the inflated body, up to the ceiling. */
static bool
grow(struct ad_http_call *c, size_t *cap, size_t max)
{
	size_t bigger = *cap * 2 > max ? max : *cap * 2;
	char *p = *cap < max ? realloc(c->inflated, bigger) : NULL;

	if (p == NULL)
		return false;
	c->inflated = p;
	*cap = bigger;
	return true;
}

/* Inflate ${in} into c->inflated.  200, or the status of the refusal: 413 also
 * if memory runs out, which is a ceiling too. */
static int
inflate_body(struct ad_http_call *c, struct sv_str in)
{
	size_t max = c->loop->H->o.max_body, cap = 65536;
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p,
		.avail_in = (uInt)in.n };
	int r = Z_OK;

	/* 16 more: gzip only (zlib.h, inflateInit2). */
	if ((c->inflated = malloc(cap)) == NULL
	    || inflateInit2(&z, 15 + 16) != Z_OK)
		return 503;
	while (r == Z_OK && (z.total_out < cap || grow(c, &cap, max))) {
		z.next_out = (Bytef *)c->inflated + z.total_out;
		z.avail_out = (uInt)(cap - z.total_out);
		r = inflate(&z, Z_NO_FLUSH);
	}
	c->body = (struct sv_str){ c->inflated, z.total_out };
	(void)inflateEnd(&z);
	if (r == Z_STREAM_END && z.avail_in == 0)
		return 200;
	return r == Z_OK ? 413 : 400;
}

/* The body, no longer chunked or compressed.  200, or why it is refused. */
static int
read_body(struct ad_http_call *c)
{
	struct evbuffer *b = evhttp_request_get_input_buffer(c->req);
	struct sv_str coding = ad_http_header(c, "Content-Encoding");
	struct sv_str in = { NULL, evbuffer_get_length(b) };

	if (!ad_http_is_clear(c->req))
		return 400;
	if (in.n > 0 && (in.p = (char *)evbuffer_pullup(b, -1)) == NULL)
		return 503;
	c->body = in;
	if (in.n > c->loop->H->o.max_body)
		return 413;
	if (coding.n == 0 || sv_str_is(coding, "identity"))
		return 200;
	return sv_str_is(coding, "gzip") ? inflate_body(c, in) : 415;
}

/* 200; 400: malformed; 503: no memory for it, which a sender must not take for
 * the former and give up. */
static int
read_url(struct ad_http_call *c)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(c->req);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
	const char *query = uri != NULL ? evhttp_uri_get_query(uri) : NULL;
	size_t n = 0;

	TAILQ_INIT(&c->query);
	if (path == NULL || (query != NULL
	    && evhttp_parse_query_str(query, &c->query) != 0))
		return 400;
	c->path = evhttp_uridecode(path, 0, &n);
	if (c->path == NULL)
		return 503;
	return strlen(c->path) == n ? 200 : 400;
}

void
ad_http_dispatch(struct evhttp_request *req, void *loop)
{
	struct ad_http_loop *L = loop;
	struct ad_http_call *c = calloc(1, sizeof(*c));
	struct ad_http_connection *k = ad_http_connection_of(req);
	int status, peer;

	if (k != NULL)
		k->in_until_ms = 0;
	if (c == NULL) {
		evhttp_send_reply(req, 503, NULL, NULL);
		return;
	}
	L->H->requests++;
	L->H->running++;
	c->loop = L;
	c->req = req;
	if (k != NULL) {
		c->buffered = k->bytes;
		k->bytes = 0;
	}
	status = read_url(c);
	if (status == 200)
		status = read_body(c);
	peer = read_peer(c);
	c->refused = status != 200 ? status : peer != 200 ? peer : 0;
	L->H->handler(L->H->ctx, c);
}

/* "Name: value"; false without memory. */
static bool
put_header(struct evhttp_request *req, struct sv_str h)
{
	char name[64], value[1024];
	size_t colon = sv_str_chr(h, ':');
	struct sv_str v = sv_str_trim(sv_str_from(h, colon + 1));

	if (colon >= sizeof(name) || v.n >= sizeof(value))
		return true;
	(void)snprintf(name, sizeof(name), "%.*s", (int)colon, h.p);
	(void)snprintf(value, sizeof(value), "%.*s", SV_FMT(v));
	return evhttp_add_header(evhttp_request_get_output_headers(req), name,
	    value) == 0;
}

static bool
is_head(const struct ad_http_call *c)
{
	return evhttp_request_get_command(c->req) == EVHTTP_REQ_HEAD;
}

/* What the length would be, were it not HEAD. */
static bool
put_length(struct evhttp_request *req, size_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%zu", n);
	return evhttp_add_header(evhttp_request_get_output_headers(req),
	    "Content-Length", text) == 0;
}

static bool
put_headers(struct ad_http_call *c, const struct ad_http_answer *a)
{
	bool ok = a->media == NULL || evhttp_add_header(
	    evhttp_request_get_output_headers(c->req), "Content-Type",
	    a->media) == 0;

	for (size_t i = 0; i < 8 && a->headers[i].n > 0; i++)
		ok = ok && put_header(c->req, a->headers[i]);
	if (is_head(c))
		ok = ok && put_length(c->req, a->body.n);
	return ok && ((!c->loop->stopping && c->refused == 0)
	    || put_header(c->req, SV_LIT("Connection: close")));
}

/* What there is of the body; NULL without memory. */
static struct evbuffer *
body_of(const struct ad_http_call *c, const struct ad_http_answer *a)
{
	struct evbuffer *b = evbuffer_new();

	if (b == NULL || a->body.n == 0 || is_head(c)
	    || evbuffer_add(b, a->body.p, a->body.n) == 0)
		return b;
	evbuffer_free(b);
	return NULL;
}

/* Head and body lie in one piece, so that they are one record of TLS and one
 * write. */
static void
reply(struct ad_http_call *c, int status, struct evbuffer *body)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(c->req);
	struct evbuffer *b;

	evhttp_send_reply(c->req, status, NULL, body);
	if (evcon == NULL)
		return;
	b = bufferevent_get_output(evhttp_connection_get_bufferevent(evcon));
	if (evbuffer_get_length(b) <= MAX_RECORD)
		(void)evbuffer_pullup(b, -1);
}

/* On the loop of ${c}.  Without memory for all of the answer the connection
 * ends instead: the sender asks again. */
static void
send_answer(struct ad_http_call *c, const struct ad_http_answer *a)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(c->req);
	struct evbuffer *body = body_of(c, a);
	struct ad_http *H = c->loop->H;
	bool ok = put_headers(c, a) && body != NULL;

	if (!ok && evcon != NULL)
		evhttp_connection_free(evcon);
	else
		reply(c, a->status, body);
	if (body != NULL)
		evbuffer_free(body);
	if (a->status >= 100 && a->status < 600)
		H->answered_class[a->status / 100]++;
	H->running--;
	call_free(c);
}

/* The caller's slices may be gone when the loop sends the answer. */
static bool
copy_answer(struct ad_http_call *c, const struct ad_http_answer *a)
{
	size_t n = a->body.n;
	char *p;

	for (size_t i = 0; i < 8; i++)
		n += a->headers[i].n;
	if ((p = c->copy = malloc(n + 1)) == NULL)
		return false;
	c->answer = *a;
	for (size_t i = 0; i < 8; i++) {
		if (a->headers[i].n == 0)
			continue;
		memcpy(p, a->headers[i].p, a->headers[i].n);
		c->answer.headers[i].p = p;
		p += a->headers[i].n;
	}
	if (a->body.n > 0)
		memcpy(p, a->body.p, a->body.n);
	c->answer.body.p = p;
	return true;
}

void
ad_http_answer(struct ad_http_call *c, const struct ad_http_answer *a)
{
	struct ad_http_loop *L = c->loop;

	if (pthread_equal(pthread_self(), L->thread) != 0) {
		send_answer(c, a);
		return;
	}
	if (!copy_answer(c, a))
		c->answer = (struct ad_http_answer){ .status = 503 };
	(void)pthread_mutex_lock(&L->lock);
	c->next = L->answered;
	L->answered = c;
	(void)pthread_mutex_unlock(&L->lock);
	event_active(L->wake, EV_READ, 0);
}

void
ad_http_send_answered(struct ad_http_loop *L)
{
	struct ad_http_call *c, *next;

	(void)pthread_mutex_lock(&L->lock);
	c = L->answered;
	L->answered = NULL;
	(void)pthread_mutex_unlock(&L->lock);
	for (; c != NULL; c = next) {
		next = c->next;
		send_answer(c, &c->answer);
	}
}
