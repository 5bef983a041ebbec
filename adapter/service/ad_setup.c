/*
 * Configuration and rules of one moment, and who shares them.
 */
#include "ad_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
setup_free(struct ad_setup *u)
{
	ad_cds_setup_free(u->cds);
	ad_engine_free(&u->engine);
	ad_auth_close(u->auth);
	ad_conf_free(&u->conf);
	free(u);
}

/* Where others reach the service, unless it is said: this machine. */
static void
name_endpoint(struct ad_setup *u)
{
	const struct ad_conf *c = &u->conf;
	char host[256] = "localhost";

	(void)gethostname(host, sizeof(host) - 1);
	if (c->endpoint != NULL)
		(void)snprintf(u->endpoint, sizeof(u->endpoint), "%s",
		    c->endpoint);
	else
		(void)snprintf(u->endpoint, sizeof(u->endpoint),
		    "%s://%s:%ld/fhir", c->certificate != NULL ? "https"
		    : "http", host, c->port);
}

/* Which servers the clients stand for. */
static void
list_homes(struct ad_setup *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->conf.n_clients; i++) {
		const struct ad_conf_client *c = &u->conf.client[i];

		for (size_t k = 0; k < c->n_bases; k++)
			u->homes[n++] = (struct ad_home){ sv_str_of(c->source),
				sv_str_of(c->base[k]) };
	}
	u->intake.homes = u->homes;
	u->intake.n_homes = n;
}

static bool
prepare_cds(struct ad_setup *u)
{
	struct ad_cds_origin o = { &u->conf.cds, &u->engine.engine,
		u->intake.software };
	struct sv_err err;

	if (!u->conf.cds.on)
		return true;
	if ((u->cds = ad_cds_setup_new(&o, &err)) == NULL)
		fprintf(stderr, "salvor: %s: %s\n", err.where, err.text);
	return u->cds != NULL;
}

struct ad_setup *
ad_setup_load(const char *conf_path)
{
	struct ad_setup *u = calloc(1, sizeof(*u));
	struct ad_options o = { .conf = NULL };
	struct sv_err err;

	if (u == NULL)
		return NULL;
	if (!sv_is_ok(ad_conf_read(conf_path, &u->conf, &err))) {
		fprintf(stderr, "salvor: %s: %s\n", err.where, err.text);
		free(u);
		return NULL;
	}
	o.conf = u->conf.rules;
	o.site = u->conf.site;
	o.sign_off = u->conf.sign_off;
	if (ad_engine_load(&o, &u->engine) != AD_EXIT_OK) {
		setup_free(u);
		return NULL;
	}
	for (size_t i = 0; i < u->conf.n_destinations; i++)
		u->destinations[i] = sv_str_of(u->conf.destination[i].name);
	name_endpoint(u);
	u->intake = (struct ad_intake_config){ .engine = &u->engine.engine,
		.destinations = u->destinations,
		.n_destinations = u->conf.n_destinations,
		.sha256 = sv_str_of(u->engine.sha256),
		.endpoint = sv_str_of(u->endpoint),
		.software = SV_LIT("salvor " SALVOR_VERSION),
		.source_base = sv_str_of(u->conf.source_base),
		.identifier_systems = u->conf.identifier_systems,
		.n_identifier_systems = u->conf.n_identifier_systems };
	list_homes(u);
	u->users = 1;
	if (prepare_cds(u))
		return u;
	setup_free(u);
	return NULL;
}

void
ad_setup_destinations(const struct ad_conf *c, struct ad_destination *d)
{
	for (size_t i = 0; i < c->n_destinations; i++) {
		const struct ad_conf_destination *x = &c->destination[i];

		d[i] = (struct ad_destination){ .name = sv_str_of(x->name),
			.url = x->url, .ca = x->access.ca,
			.certificate = x->access.certificate,
			.key = x->access.key, .proxy = x->access.proxy,
			.client_id = x->access.client_id,
			.client_key = x->access.client_key,
			.token_url = x->access.token_url,
			.jku = x->access.jku, .scope = x->access.scope,
			.token_file = x->token_file, .user = x->user,
			.password_file = x->password_file,
			.logical = x->logical,
			.concurrency = x->concurrency,
			.timeout_s = x->timeout_s, .plain = c->development };
	}
}

struct ad_setup *
ad_setup_use(struct ad_service *V)
{
	struct ad_setup *u;

	(void)pthread_mutex_lock(&V->lock);
	u = V->setup;
	u->users++;
	(void)pthread_mutex_unlock(&V->lock);
	return u;
}

void
ad_setup_drop(struct ad_setup *u)
{
	if (u != NULL && --u->users == 0)
		setup_free(u);
}

void
ad_service_wake(struct ad_service *V)
{
	(void)pthread_mutex_lock(&V->lock);
	ad_poster_wake(V->poster);
	(void)pthread_mutex_unlock(&V->lock);
}

bool
ad_service_posts(struct ad_service *V, size_t i, struct ad_poster_counts *ret)
{
	bool ok;

	(void)pthread_mutex_lock(&V->lock);
	ok = ad_poster_counted(V->poster, i, ret);
	(void)pthread_mutex_unlock(&V->lock);
	return ok;
}
