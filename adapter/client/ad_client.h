/**
 * ad_client.h: requests to other servers over HTTPS, with libcurl.
 *
 * The one place that sets libcurl up, so that nothing is forgotten anywhere:
 *
 *	TLS 1.2 or later, certificate and host name always verified
 *	https: only; http: to loopback alone, and only where the peer says so
 *	no redirects: neither body nor token goes where nobody configured it
 *	a time limit for the whole, or where there is none (a long download), for
 *	    a transfer that stalls; a ceiling for the answer
 *	the proxy of the environment (https_proxy, no_proxy), or the peer's
 *	HTTP/2 where the server offers it; connections are kept
 *
 * A client makes one request after the other; several may share a multi handle
 * of libcurl, and with it their connections.  One thread at a time.
 */
#ifndef AD_CLIENT_H
#define AD_CLIENT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "sv_status.h"
#include "sv_str.h"

/* A server, and how it knows us.  Strings are the owner's. */
struct ad_client_peer {
	const char *ca;			/* PEM file; NULL: those of the system */
	const char *certificate, *key;	/* PEM files; NULL: none */
	const char *proxy;		/* NULL: the environment's; "": none */
	long timeout_s;			/* of a request; 0: none, but ended when
					 * nothing moves for a minute */
	bool plain;			/* http: allowed, to loopback */
};

struct ad_client_request {
	const char *method;		/* "GET", "POST", "PUT", "DELETE" */
	const char *url;
	const char *accept;		/* media type, or NULL */
	const char *media;		/* of the body */
	struct sv_str body;		/* must live until the answer */
	const char *authorization;	/* "Bearer ...", or NULL; see below */
	const char *user, *password;	/* HTTP basic (RFC 7617), or NULL */
	const char *const *headers;	/* "Name: value", ended by NULL; or NULL */
	size_t max_answer;		/* bytes of the body of the answer */
	/* Where the body of the answer goes, piece by piece; false ends the
	 * transfer.  NULL: it is kept, with a NUL behind it. */
	bool (*sink)(void *ctx, struct sv_str piece);
	void *ctx;			/* also CURLINFO_PRIVATE of the handle */
};

/* Valid until the next request of the client. */
struct ad_client_answer {
	CURLcode code;			/* CURLE_OK: there is a status */
	long status;			/* HTTP; may be there without CURLE_OK */
	int64_t retry_after_s;		/* Retry-After, either form; 0: none */
	struct sv_str media;		/* Content-Type */
	struct sv_str body;
	bool sent;			/* false: surely nothing reached the server */
	bool too_large;
	const char *why;		/* one line, if the transfer failed */
};

struct ad_client;

/** A client of ${peer}, which is copied.  NULL: no memory. */
struct ad_client *ad_client_new(const struct ad_client_peer *peer);
void ad_client_free(struct ad_client *C);

/**
 * ad_client_prepare(C, r):
 * Set ${r} up; its strings are copied, its body is not.  BAD: the URL is not
 * one that may be asked, or a header holds a line end.  NOMEM.  A body of the
 * answer larger than ${r}->max_answer ends the transfer.
 */
struct sv_status ad_client_prepare(struct ad_client *C,
    const struct ad_client_request *r) SV_CHECK;

/** Prepare ${r}, make the request and wait for its end. */
const struct ad_client_answer *ad_client_ask(struct ad_client *C,
    const struct ad_client_request *r);

/** For curl_multi_add_handle, after ad_client_prepare. */
CURL *ad_client_handle(struct ad_client *C);

/** The multi handle has done with ${C}, with ${code}. */
const struct ad_client_answer *ad_client_finish(struct ad_client *C,
    CURLcode code);

/** The header ${name} of the answer, or "".  Valid until the next request. */
struct sv_str ad_client_header(struct ad_client *C, const char *name);

/** True if ${url} may be asked: https:, or http: to loopback if ${plain}. */
bool ad_client_may_ask(const char *url, bool plain);

/**
 * ad_client_secret(path, ret, size, err):
 * The first line of the file ${path}: a token, a password.  BAD with ${err}: it
 * cannot be read, is empty, longer than ${size} - 1 bytes, or others on the
 * machine can use it; the last says what to do.
 */
struct sv_status ad_client_secret(const char *path, char *ret, size_t size,
    struct sv_err *err) SV_CHECK;

/** The same of the whole file: a key.  ${ret} gets a NUL behind it. */
struct sv_status ad_client_secret_file(const char *path, char *ret,
    size_t size, size_t *ret_n, struct sv_err *err) SV_CHECK;

#endif
