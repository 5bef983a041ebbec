/**
 * ad_http.h: an HTTPS server, on libevent's evhttp over OpenSSL.
 *
 * One event loop a thread, each with its own listening socket (SO_REUSEPORT).
 * A request is handed to the handler on its loop when it is there whole: no
 * longer chunked, no longer compressed.  The handler answers at once or later,
 * from any thread, exactly once.
 *
 * Hostile peers: requests have ceilings on their headers and bodies, before
 * and after inflation.  The handshake, a request and the taking of an answer
 * must not fall behind AD_HTTP_MIN_RATE by more than AD_HTTP_PATIENCE_S, so
 * that who is slow holds nothing for long.  All bodies that are under way
 * share AD_HTTP_MAX_BODIES times the ceiling of one; who exceeds it is cut
 * off.  More connections than the maximum wait in the kernel's queue.
 *
 * TLS 1.2 or later.  Client certificates are asked for if there is a CA for
 * them; who they are is the handler's business (ad_http_peer).
 */
#ifndef AD_HTTP_H
#define AD_HTTP_H

#include "sv_status.h"
#include "sv_str.h"

#include <stddef.h>

#define AD_HTTP_PATIENCE_S 15
#define AD_HTTP_MIN_RATE 500		/* bytes a second (as Postfix) */
#define AD_HTTP_IDLE_S 75
#define AD_HTTP_MAX_HEADERS (32 * 1024)
#define AD_HTTP_MAX_BODIES 16

struct ad_http_options {
	const char *address;		/* "0.0.0.0", "::1" */
	uint16_t port;			/* 0: any, see ad_http_port */
	const char *certificate, *key;	/* PEM files; the chain included */
	const char *client_ca;		/* PEM file, or NULL: none asked for */
	const char *client_crl;		/* PEM file of what the CA took back, or
					 * NULL; when it is out of date nobody
					 * gets in by a certificate */
	bool plain;			/* no TLS: loopback only */
	int threads;
	int max_connections;		/* of a thread */
	size_t max_body;		/* bytes, before and after inflation */
};

struct ad_http;
struct ad_http_call;

typedef void (*ad_http_handler)(void *ctx, struct ad_http_call *call);

/** Start to listen and serve.  NULL with ${err}: a bad certificate, a port in
 * use, plain HTTP on an address that is not loopback. */
struct ad_http *ad_http_start(const struct ad_http_options *o,
    ad_http_handler handler, void *ctx, struct sv_err *err);

/** The port it listens on. */
uint16_t ad_http_port(const struct ad_http *H);

/** Read certificate, key and CA of ${o} and use them for new connections; the
 * rest of ${o} is not looked at.  BAD with ${err}: the old ones stay in use. */
struct sv_status ad_http_reload(struct ad_http *H,
    const struct ad_http_options *o, struct sv_err *err) SV_CHECK;

/** Accept nothing more, answer what has come within ${deadline_ms}, end the
 * threads and free ${H}.  NULL is allowed. */
void ad_http_stop(struct ad_http *H, int deadline_ms);

struct ad_http_counts {
	int64_t connections;		/* open now */
	int64_t requests;
	int64_t answered[6];		/* by status class, 1xx to 5xx */
	int64_t running;		/* not answered yet */
	int64_t slow;			/* connections closed for slowness */
	int64_t cut;			/* because bodies took too much memory */
	int64_t bytes_in;
};
struct ad_http_counts ad_http_counted(const struct ad_http *H);

/*
 * A request.  Slices are valid until it is answered.
 */
/** 0, or the status with which the handler has to refuse it: its body is too
 * large (413), in an unknown coding (415), or it is malformed (400). */
int ad_http_refused(const struct ad_http_call *c);
struct sv_str ad_http_method(const struct ad_http_call *c);	/* "POST" */
struct sv_str ad_http_path(const struct ad_http_call *c);	/* decoded */
struct sv_str ad_http_header(const struct ad_http_call *c, const char *name);
/** The token of "Authorization: Bearer", whose scheme is written in any case
 * (RFC 9110 section 11.1); .p is NULL if there is none. */
struct sv_str ad_http_bearer(const struct ad_http_call *c);
/** The first query parameter ${name}, decoded; .p is NULL if there is none. */
struct sv_str ad_http_query(const struct ad_http_call *c, const char *name);
struct sv_str ad_http_body(const struct ad_http_call *c);
/** SHA-256 of the client's certificate, 64 hex digits, if it showed one that
 * the CA vouches for; else "". */
struct sv_str ad_http_peer(const struct ad_http_call *c);
/** Address of the other side. */
struct sv_str ad_http_address(const struct ad_http_call *c);

struct ad_http_answer {
	int status;
	const char *media;		/* Content-Type; NULL: none */
	struct sv_str body;		/* copied */
	struct sv_str headers[8];	/* "Name: value"; up to the first empty */
};

/** Answer ${c}, which is gone afterwards.  Any thread, exactly once. */
void ad_http_answer(struct ad_http_call *c, const struct ad_http_answer *a);

#endif
