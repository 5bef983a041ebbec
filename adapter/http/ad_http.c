/*
 * The threads.
 */
#include "ad_http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <event2/thread.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * libevent 2.1 uses what it could not allocate (evhttp_request_new), and
 * answers 400, which makes a sender give up, to a request for whose headers it
 * has no memory.  So its small pieces are waited for; bodies are not.
 */
static void *
patient_realloc(void *p, size_t n)
{
	/* Still ours after a realloc that failed, which gcc 12 at -O0 does not
	 * see (-Wuse-after-free). */
	void *volatile ours = p;
	void *q = realloc(ours, n);

	for (int i = 0; q == NULL && n > 0 && n <= 4096 && i < 1000; i++) {
		(void)nanosleep(&(struct timespec){ 0, 5 * 1000 * 1000 }, NULL);
		q = realloc(ours, n);
	}
	return q;
}

static void *
patient_malloc(size_t n)
{
	return patient_realloc(NULL, n);
}

static void
on_wake(evutil_socket_t fd, short what, void *loop)
{
	(void)fd, (void)what;
	ad_http_send_answered(loop);
}

/* When stopping: the loop ends when the last request is answered. */
static void
on_tick(evutil_socket_t fd, short what, void *loop)
{
	struct ad_http_loop *L = loop;

	(void)fd, (void)what;
	ad_http_sweep(L);
}

static void *
serve(void *loop)
{
	struct ad_http_loop *L = loop;

	L->thread = pthread_self();
	(void)event_base_loop(L->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

/* TCP_NODELAY is inherited by what is accepted: without it each answer waits
 * for an ACK. */
static bool
prepare_socket(int fd)
{
	int one = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0
	    && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0
	    && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one))
	    == 0;
}

/* The port that the kernel chose, if any was asked for. */
static bool
read_port(int fd, uint16_t *ret)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
		return false;
	*ret = ntohs(at.ss_family == AF_INET6
	    ? ((struct sockaddr_in6 *)&at)->sin6_port
	    : ((struct sockaddr_in *)&at)->sin_port);
	return true;
}

/* A listening socket of its own for each loop; the kernel spreads the
 * connections. */
static int
listen_on(struct ad_http *H, struct sv_err *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICHOST,
		.ai_socktype = SOCK_STREAM }, *ai = NULL;
	char port[8];
	int fd;

	(void)snprintf(port, sizeof(port), "%u", H->port);
	if (getaddrinfo(H->o.address, port, &hints, &ai) != 0) {
		sv_err_set(err, H->o.address, "not an IP address");
		return -1;
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd < 0 || !prepare_socket(fd)
	    || bind(fd, ai->ai_addr, ai->ai_addrlen) != 0
	    || listen(fd, 1024) != 0 || !read_port(fd, &H->port)) {
		sv_err_set(err, H->o.address, "port %u: %s", H->port,
		    strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

/* evhttp turns writing on and off several times in a request: with a change
 * list the kernel is told of what remains of that, once a turn of the loop. */
static struct event_base *
new_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base = NULL;

	if (c != NULL && event_config_set_flag(c,
	    EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(c);
	if (c != NULL)
		event_config_free(c);
	return base;
}

static bool
configure(struct ad_http_loop *L)
{
	struct timeval second = { 1, 0 };

	if ((L->base = new_base()) == NULL
	    || (L->http = evhttp_new(L->base)) == NULL
	    || (L->wake = event_new(L->base, -1, EV_PERSIST, on_wake, L))
	    == NULL || (L->tick = event_new(L->base, -1, EV_PERSIST, on_tick,
	    L)) == NULL || event_add(L->tick, &second) != 0)
		return false;
	evhttp_set_max_headers_size(L->http, AD_HTTP_MAX_HEADERS);
	/* A body that is a little too large is refused by us, who say why;
	 * evhttp cuts off the rest. */
	evhttp_set_max_body_size(L->http, (ev_ssize_t)L->H->o.max_body * 2);
	evhttp_set_timeout(L->http, AD_HTTP_IDLE_S);
	evhttp_set_allowed_methods(L->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST
	    | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_HEAD
	    | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_default_content_type(L->http, NULL);
	evhttp_set_gencb(L->http, ad_http_dispatch, L);
	if (!L->H->o.plain)
		evhttp_set_bevcb(L->http, ad_http_accept, L);
	return true;
}

static bool
start_loop(struct ad_http *H, struct ad_http_loop *L, struct sv_err *err)
{
	int fd;

	L->H = H;
	(void)pthread_mutex_init(&L->lock, NULL);
	if (!configure(L)) {
		sv_err_set(err, "", "not enough memory");
		return false;
	}
	if ((fd = listen_on(H, err)) < 0)
		return false;
	L->bound = evhttp_accept_socket_with_handle(L->http, fd);
	if (L->bound == NULL
	    || pthread_create(&L->thread, NULL, serve, L) != 0) {
		sv_err_set(err, "", "not enough memory for a thread");
		return false;
	}
	L->started = true;
	return true;
}

/* Plain HTTP carries patient data in the clear: only inside this machine. */
static bool
is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

struct ad_http *
ad_http_start(const struct ad_http_options *o, ad_http_handler handler,
    void *ctx, struct sv_err *err)
{
	struct ad_http *H = calloc(1, sizeof(*H));

	event_set_mem_functions(patient_malloc, patient_realloc, free);
	if (H == NULL || (H->loop = calloc((size_t)o->threads,
	    sizeof(*H->loop))) == NULL || evthread_use_pthreads() != 0) {
		sv_err_set(err, "", "not enough memory");
		free(H);
		return NULL;
	}
	H->o = *o;
	H->handler = handler;
	H->ctx = ctx;
	H->port = o->port;
	(void)pthread_mutex_init(&H->lock, NULL);
	if (o->plain && !is_loopback(o->address)) {
		sv_err_set(err, o->address, "plain HTTP is served on loopback "
		    "only; configure certificate and key");
		goto err0;
	}
	if (!o->plain && (H->tls = ad_http_tls(o, err)) == NULL)
		goto err0;
	for (int i = 0; i < o->threads; i++) {
		if (!start_loop(H, &H->loop[i], err))
			goto err0;
	}
	return H;
err0:
	ad_http_stop(H, 0);
	return NULL;
}

uint16_t
ad_http_port(const struct ad_http *H)
{
	return H->port;
}

struct sv_status
ad_http_reload(struct ad_http *H, const struct ad_http_options *o,
    struct sv_err *err)
{
	SSL_CTX *t, *old;

	if (H->o.plain)
		return SV_OK;
	t = ad_http_tls(o, err);
	SV_ENSURE(t != NULL, SV_BAD);
	(void)pthread_mutex_lock(&H->lock);
	old = H->tls;
	H->tls = t;
	(void)pthread_mutex_unlock(&H->lock);
	SSL_CTX_free(old);
	return SV_OK;
}

static void
on_stop(evutil_socket_t fd, short what, void *loop)
{
	struct ad_http_loop *L = loop;

	(void)fd, (void)what;
	L->stopping = true;
	(void)evconnlistener_disable(evhttp_bound_socket_get_listener(
	    L->bound));
}

static void
end_loop(struct ad_http_loop *L)
{
	if (L->started) {
		(void)event_base_loopbreak(L->base);
		(void)pthread_join(L->thread, NULL);
	}
	L->stopping = true;
	if (L->wake != NULL)
		event_free(L->wake);
	if (L->tick != NULL)
		event_free(L->tick);
	if (L->http != NULL)
		evhttp_free(L->http);
	if (L->base != NULL)
		event_base_free(L->base);
	if (L->H != NULL)
		(void)pthread_mutex_destroy(&L->lock);
}

void
ad_http_stop(struct ad_http *H, int deadline_ms)
{
	int64_t until = ad_http_now_ms() + deadline_ms;
	struct timespec nap = { 0, 5 * 1000 * 1000 };

	if (H == NULL)
		return;
	for (int i = 0; i < H->o.threads; i++) {
		if (H->loop[i].started)
			(void)event_base_once(H->loop[i].base, -1, EV_TIMEOUT,
			    on_stop, &H->loop[i], NULL);
	}
	/* A last nap lets the answers out of the buffers. */
	while (H->running > 0 && ad_http_now_ms() < until)
		(void)nanosleep(&nap, NULL);
	if (deadline_ms > 0)
		(void)nanosleep(&(struct timespec){ 0, 50 * 1000 * 1000 }, NULL);
	for (int i = 0; i < H->o.threads; i++)
		end_loop(&H->loop[i]);
	SSL_CTX_free(H->tls);
	(void)pthread_mutex_destroy(&H->lock);
	free(H->loop);
	free(H);
}

struct ad_http_counts
ad_http_counted(const struct ad_http *H)
{
	struct ad_http_counts c = { .connections = H->connections,
		.requests = H->requests, .running = H->running,
		.slow = H->slow, .cut = H->cut, .bytes_in = H->bytes_in };

	for (size_t i = 0; i < 6; i++)
		c.answered[i] = H->answered_class[i];
	return c;
}
