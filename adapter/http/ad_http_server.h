/**
 * ad_http_server.h: what the parts of the server share; internal to
 * adapter/http.
 */
#ifndef AD_HTTP_SERVER_H
#define AD_HTTP_SERVER_H

#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <time.h>

#include "ad_http.h"

/* A TLS connection, as long as its SSL lives; in the list of its loop. */
struct ad_http_connection {
	struct ad_http_connection *next, *prev;
	struct ad_http_loop *loop;
	struct bufferevent *bev;
	/* When the peer has fallen too far behind: with the handshake or its
	 * request, and with taking our answer.  0: nothing is under way. */
	int64_t in_until_ms, out_until_ms;
	int64_t bytes;		/* of the request under way */
};

/* One thread. */
struct ad_http_loop {
	struct ad_http *H;
	pthread_t thread;
	bool started;
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *bound;
	struct event *wake;		/* answers of other threads wait */
	struct event *tick;		/* every second */
	pthread_mutex_t lock;		/* of ${answered} */
	struct ad_http_call *answered;	/* list, the newest first */
	struct ad_http_connection *connections;
	int n_connections;		/* of TLS */
	bool stopping;
};

struct ad_http {
	struct ad_http_options o;
	ad_http_handler handler;
	void *ctx;
	pthread_mutex_t lock;		/* of ${tls} */
	SSL_CTX *tls;
	struct ad_http_loop *loop;
	uint16_t port;
	_Atomic int64_t connections, requests, answered_class[6], running,
	    slow, cut, bytes_in;
	_Atomic int64_t buffered;	/* bytes of requests not answered yet */
};

struct ad_http_call {
	struct ad_http_call *next;
	struct ad_http_loop *loop;
	struct evhttp_request *req;
	struct evkeyvalq query;
	char *path;			/* decoded */
	int refused;			/* status, or 0 */
	char peer[65];
	char *inflated;			/* the body, if it was compressed */
	struct sv_str body;
	int64_t buffered;		/* its share of that of the server */
	struct ad_http_answer answer;	/* when it waits for its loop */
	char *copy;			/* what the answer points into */
};

/** The TLS settings of ${o}; NULL with ${err}. */
SSL_CTX *ad_http_tls(const struct ad_http_options *o, struct sv_err *err);

/** A connection of ${L} for evhttp; it counts itself in and out. */
struct bufferevent *ad_http_accept(struct event_base *base, void *loop);

/** Close connections that are too slow.  Every second. */
void ad_http_sweep(struct ad_http_loop *L);

/** The request of ${req} is there whole: its connection is not slow. */
struct ad_http_connection *ad_http_connection_of(struct evhttp_request *req);

/** evhttp has a request: make a call of it, and hand it over. */
void ad_http_dispatch(struct evhttp_request *req, void *loop);

/** True if nobody could take ${req} for another request (ad_http_guard.c). */
bool ad_http_is_clear(struct evhttp_request *req);

/** Send the answers that other threads left. */
void ad_http_send_answered(struct ad_http_loop *L);

int64_t ad_http_now_ms(void);

#endif
