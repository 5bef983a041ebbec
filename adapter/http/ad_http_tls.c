/*
 * Connections: TLS, and who is too slow.
 */
#include "ad_http_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

int64_t
ad_http_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
say_tls(struct sv_err *err, const char *file, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	sv_err_set(err, file, "%s: %s", what, why != NULL ? why : "unknown");
	ERR_clear_error();
}

static bool
use_crl(SSL_CTX *t, const char *file)
{
	X509_STORE *s = SSL_CTX_get_cert_store(t);
	X509_LOOKUP *from = X509_STORE_add_lookup(s, X509_LOOKUP_file());

	return from != NULL && X509_load_crl_file(from, file, X509_FILETYPE_PEM)
	    > 0 && X509_STORE_set_flags(s, X509_V_FLAG_CRL_CHECK) == 1;
}

/* TLS 1.3 suites are OpenSSL's own; of TLS 1.2 only those with forward secrecy
 * and authenticated encryption (RFC 9325 section 4.2). */
static bool
settings(SSL_CTX *t, const struct ad_http_options *o, struct sv_err *err)
{
	if (SSL_CTX_set_min_proto_version(t, TLS1_2_VERSION) != 1
	    || SSL_CTX_set_cipher_list(t, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
		say_tls(err, "", "TLS settings");
		return false;
	}
	(void)SSL_CTX_set_options(t, SSL_OP_NO_COMPRESSION
	    | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_mode(t, SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_use_certificate_chain_file(t, o->certificate) != 1) {
		say_tls(err, o->certificate, "certificate");
		return false;
	}
	if (SSL_CTX_use_PrivateKey_file(t, o->key, SSL_FILETYPE_PEM) != 1
	    || SSL_CTX_check_private_key(t) != 1) {
		say_tls(err, o->key, "key");
		return false;
	}
	if (o->client_ca == NULL)
		return true;
	if (SSL_CTX_load_verify_file(t, o->client_ca) != 1) {
		say_tls(err, o->client_ca, "client CA");
		return false;
	}
	if (o->client_crl != NULL && !use_crl(t, o->client_crl)) {
		say_tls(err, o->client_crl, "list of revoked certificates");
		return false;
	}
	SSL_CTX_set_client_CA_list(t, SSL_load_client_CA_file(o->client_ca));
	SSL_CTX_set_verify(t, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_session_id_context(t, (const unsigned char *)"salvor",
	    6);
	return true;
}

SSL_CTX *
ad_http_tls(const struct ad_http_options *o, struct sv_err *err)
{
	SSL_CTX *t = SSL_CTX_new(TLS_server_method());

	if (t == NULL) {
		say_tls(err, "", "TLS");
		return NULL;
	}
	if (settings(t, o, err))
		return t;
	SSL_CTX_free(t);
	return NULL;
}

/* OpenSSL's word for "with the SSL": the connection leaves the list when the
 * last of its TLS is gone, however that came about. */
static void
connection_gone(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
    void *argp)
{
	struct ad_http_connection *c = ptr;
	struct ad_http_loop *L;

	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (c == NULL)
		return;
	L = c->loop;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		L->connections = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	L->H->connections--;
	L->H->buffered -= c->bytes;
	if (L->n_connections-- == L->H->o.max_connections && !L->stopping)
		(void)evconnlistener_enable(
		    evhttp_bound_socket_get_listener(L->bound));
	free(c);
}

static int index_value = -1;
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static void
make_index(void)
{
	index_value = SSL_get_ex_new_index(0, NULL, NULL, NULL,
	    connection_gone);
}

static int
connection_index(void)
{
	(void)pthread_once(&index_once, make_index);
	return index_value;
}

/* Every byte buys time, but never more than the patience: a burst does not
 * pay for a stall (Postfix: smtpd_min_data_rate). */
static void
progress(int64_t *until_ms, size_t bytes)
{
	int64_t most = ad_http_now_ms() + AD_HTTP_PATIENCE_S * 1000;

	if (*until_ms == 0)
		*until_ms = most;
	*until_ms += (int64_t)(bytes * 1000 / AD_HTTP_MIN_RATE);
	if (*until_ms > most)
		*until_ms = most;
}

/* Bytes came: a request is under way, if none was. */
static void
count_in(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg)
{
	struct ad_http_connection *c = arg;
	struct ad_http *H = c->loop->H;
	int64_t n = (int64_t)info->n_added;

	(void)b;
	if (n == 0)
		return;
	progress(&c->in_until_ms, info->n_added);
	c->bytes += n;
	H->bytes_in += n;
	H->buffered += n;
	if (H->buffered > (int64_t)H->o.max_body * AD_HTTP_MAX_BODIES
	    && c->bytes > AD_HTTP_MAX_HEADERS) {
		H->cut++;
		(void)shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
	}
}

/* Bytes of an answer were put in, or taken by the peer. */
static void
count_out(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg)
{
	struct ad_http_connection *c = arg;

	if (evbuffer_get_length(b) == 0)
		c->out_until_ms = 0;
	else
		progress(&c->out_until_ms, info->n_deleted);
}

static void
enlist(struct ad_http_loop *L, struct ad_http_connection *c)
{
	c->loop = L;
	progress(&c->in_until_ms, 0);
	c->next = L->connections;
	if (c->next != NULL)
		c->next->prev = c;
	L->connections = c;
	L->H->connections++;
	if (++L->n_connections == L->H->o.max_connections)
		(void)evconnlistener_disable(
		    evhttp_bound_socket_get_listener(L->bound));
}

static enum bufferevent_filter_result
fail(struct evbuffer *from, struct evbuffer *to, ev_ssize_t limit,
    enum bufferevent_flush_mode mode, void *ctx)
{
	(void)from, (void)to, (void)limit, (void)mode, (void)ctx;
	return BEV_ERROR;
}

/* Without memory for TLS: evhttp would serve plain HTTP if it got NULL, so it
 * gets a connection whose first byte is an error. */
static struct bufferevent *
refuse(struct event_base *base)
{
	struct bufferevent *under = bufferevent_socket_new(base, -1,
	    BEV_OPT_CLOSE_ON_FREE), *bev = NULL;

	if (under != NULL && (bev = bufferevent_filter_new(under, fail, fail,
	    BEV_OPT_CLOSE_ON_FREE, NULL, NULL)) == NULL)
		bufferevent_free(under);
	return bev;
}

struct bufferevent *
ad_http_accept(struct event_base *base, void *loop)
{
	struct ad_http_loop *L = loop;
	struct ad_http_connection *c = calloc(1, sizeof(*c));
	struct bufferevent *bev = NULL;
	SSL *ssl;

	(void)pthread_mutex_lock(&L->H->lock);
	ssl = SSL_new(L->H->tls);
	(void)pthread_mutex_unlock(&L->H->lock);
	if (c != NULL && ssl != NULL)
		bev = bufferevent_openssl_socket_new(base, -1, ssl,
		    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL) {
		SSL_free(ssl);
		free(c);
		return refuse(base);
	}
	c->bev = bev;
	enlist(L, c);
	(void)SSL_set_ex_data(ssl, connection_index(), c);
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	if (evbuffer_add_cb(bufferevent_get_input(bev), count_in, c) != NULL
	    && evbuffer_add_cb(bufferevent_get_output(bev), count_out, c)
	    != NULL)
		return bev;
	bufferevent_free(bev);
	return refuse(base);
}

struct ad_http_connection *
ad_http_connection_of(struct evhttp_request *req)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(req));
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	return ssl != NULL ? SSL_get_ex_data(ssl, connection_index()) : NULL;
}

static bool
is_late(int64_t until_ms, int64_t now_ms)
{
	return until_ms != 0 && now_ms > until_ms;
}

/* A shut-down socket reads as closed, and evhttp then frees all of it. */
void
ad_http_sweep(struct ad_http_loop *L)
{
	int64_t now = ad_http_now_ms();

	for (struct ad_http_connection *c = L->connections; c != NULL;
	    c = c->next) {
		if (!is_late(c->in_until_ms, now)
		    && !is_late(c->out_until_ms, now))
			continue;
		c->in_until_ms = c->out_until_ms = 0;
		L->H->slow++;
		(void)shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
	}
}
