/**
 * ad_cds_conf.h: what salvor.conf says of CDS Hooks; read by
 * adapter/service/ad_conf_cds.c, documented in salvor-cds(5).
 */
#ifndef AD_CDS_CONF_H
#define AD_CDS_CONF_H

#include "map_card.h"

#define AD_CDS_MAX 32		/* clients */
#define AD_CDS_LIST 16		/* elements of a list */

struct ad_cds_list {
	struct sv_str at[AD_CDS_LIST];
	size_t n;
};

/* A CDS client: an EHR, known by the issuer of its tokens. */
struct ad_cds_client {
	const char *name;
	const char *source;		/* whose data it has; its name */
	struct sv_str issuer;
	const char *jwks;		/* file, or NULL */
	struct sv_str jku;		/* the one URL of its keys, or empty */
	const char *ca;			/* PEM: of jku and fhirServer; or NULL */
	struct sv_str subject;		/* "sub" must be this, if not empty */
	struct ad_cds_list tenants;	/* "tenant" must be one; none: any */
	struct ad_cds_list audience;	/* further values of "aud" */
	unsigned algorithms;		/* enum ad_jwa */
	long max_life_s;		/* exp - iat */
	bool replay_log;		/* a jti seen before is only logged */
	unsigned services;		/* sum of 1 << enum map_hook */
	struct ad_cds_list servers;	/* fhirServer values that are called */
	bool plain;			/* http: on loopback, for tests */
	bool remember;			/* what the store knows is used too */
	bool wrapped;			/* prefetch as before 1.0 */
	struct map_card_profile profile;
};

struct ad_cds_conf {
	bool on;
	struct ad_cds_list base;	/* public base URLs, without a slash */
	struct ad_cds_list origins;	/* of browsers [R64] */
	bool discovery_token;		/* discovery needs a token too [R10] */
	bool version_3;
	bool page;			/* link to the patient's page */
	struct sv_str app;		/* SMART launch URL, or empty */
	long max_cards, fetch_ms, suppress_days, max_body_kib;
	struct map_coding reasons[AD_CDS_LIST];
	size_t n_reasons;		/* 0: those of HL7 */
	struct sv_str query[MAP_KEY_MAX];	/* in place of ours; or empty */
	struct ad_cds_client client[AD_CDS_MAX];
	size_t n_clients;
	bool development;		/* no token: an anonymous client */
};

#endif
