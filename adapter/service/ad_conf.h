/**
 * ad_conf.h: salvor.conf, the configuration of the service.
 *
 * Read with libconfuse.  An unknown key, a wrong type or a value out of range
 * is an error that names file and line; nothing is guessed.  salvor.conf(5)
 * documents every key.
 */
#ifndef AD_CONF_H
#define AD_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "ad_cds_conf.h"
#include "ad_conf_issuer.h"
#include "sv_status.h"
#include "sv_str.h"

/* Where it is unless another is named. */
#define AD_CONF_USUAL "/etc/salvor/salvor.conf"

#define AD_CONF_BASES 8		/* names of a client's server */
#define AD_CONF_MAX 64		/* clients, destinations, folders, systems */

/* What a client may do. */
enum {
	AD_MAY_WRITE = 1,
	AD_MAY_READ = 2
};

struct ad_conf_client {
	const char *name;
	const char *source;		/* whose resources it sends; its name */
	char fingerprint[65];		/* SHA-256 of its certificate, hex; "" */
	const char *token_sha256;	/* hash of its bearer token, or NULL */
	const char *issuer, *subject;	/* of its access tokens, or NULL */
	const char *base[AD_CONF_BASES];	/* of the server it stands for */
	size_t n_bases;
	unsigned may;
};

/* How a server that we ask is reached, and who we are there. */
struct ad_conf_access {
	const char *ca, *certificate, *key;	/* PEM files, or NULL */
	const char *proxy;		/* NULL: of the environment; "": none */
	/* SMART Backend Services; client_id is NULL without it. */
	const char *client_id, *client_key, *token_url, *jku, *scope;
};

struct ad_conf_destination {
	const char *name, *url;		/* https:, or a folder: file:/path */
	struct ad_conf_access access;
	const char *token_file;		/* bearer token, or NULL */
	const char *user, *password_file;	/* HTTP basic, or NULL */
	bool logical;			/* references = "logical" */
	long concurrency, timeout_s;
};

struct ad_conf_folder {
	const char *path, *source;
};

/* A registry or EHR that salvor sync takes in. */
struct ad_conf_registry {
	const char *name;
	const char *folder;		/* of NDJSON files; or */
	const char *url;		/* of a server with Bulk Data exports */
	const char *level, *group;	/* "system", "patient"; or a group */
	struct sv_str types[AD_CONF_MAX], filters[AD_CONF_MAX];
	size_t n_types, n_filters;
	size_t n_needed;		/* the types behind may be missing there */
	struct ad_conf_access access;
	long parallel, deadline_hours, max_gib, overlap_s, ask_s;
	bool plain, lenient_counts;
	const char *source;		/* whose resources they are; its name */
	const char *reports;		/* folder, or NULL: beside the store */
	bool purge_left;		/* forget the patients that left */
	int window_from, window_to;	/* minutes of the day; both 0: always */
	long post_minutes;		/* how long to post at most */
};

struct ad_conf {
	void *cfg;			/* owns the strings */
	const char *store, *rules, *site, *sign_off;
	const char *endpoint;		/* public base URL, or NULL */
	const char *source_base;	/* references to data are absolute */
	const char *address, *certificate, *key, *client_ca, *client_crl;
	long port, threads, max_connections, max_body_mib, keep_days;
	struct ad_cds_conf cds;
	bool development;		/* plain HTTP, anonymous: loopback only */
	struct sv_str identifier_systems[AD_CONF_MAX];
	size_t n_identifier_systems;
	struct ad_conf_client client[AD_CONF_MAX];
	size_t n_clients;
	struct ad_conf_issuer issuer[AD_CONF_ISSUERS];
	size_t n_issuers;
	struct ad_conf_destination destination[AD_CONF_MAX];
	size_t n_destinations;
	struct ad_conf_folder folder[AD_CONF_MAX];
	size_t n_folders;
	struct ad_conf_registry registry[AD_CONF_MAX];
	size_t n_registries;
};

/**
 * ad_conf_read(path, ret, err):
 * BAD with ${err}: "salvor.conf:12" and what is wrong with it.  ${ret} is
 * ended by ad_conf_free if OK.
 */
struct sv_status ad_conf_read(const char *path, struct ad_conf *ret,
    struct sv_err *err) SV_CHECK;
void ad_conf_free(struct ad_conf *c);

#endif
