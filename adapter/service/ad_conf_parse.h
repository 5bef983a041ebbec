/**
 * ad_conf_parse.h: reading sections of salvor.conf; internal to the files
 * ad_conf*.c.
 */
#ifndef AD_CONF_PARSE_H
#define AD_CONF_PARSE_H

#include <confuse.h>

#include "ad_conf.h"

/** The text of key ${name}; NULL if it is not given. */
const char *ad_conf_text(cfg_t *cfg, const char *name);

/** Key proxy as ad_client_peer wants it: "none" is no proxy, whatever the
 * environment says. */
const char *ad_conf_proxy(cfg_t *cfg);

/** ${low} to ${high}, both included. */
bool ad_conf_between(long v, long low, long high);

/** BAD, with ${err}. */
struct sv_status ad_conf_wrong(struct sv_err *err, const char *where,
    const char *what);

/** destination "name" { ... }, in ad_conf_destination.c. */
extern cfg_opt_t ad_conf_destination_options[];
struct sv_status ad_conf_read_destination(cfg_t *s, bool development,
    struct ad_conf_destination *ret, struct sv_err *err) SV_CHECK;

/** Every registry "name" { ... }, in ad_conf_registry.c. */
extern cfg_opt_t ad_conf_registry_options[];
struct sv_status ad_conf_read_registries(cfg_t *cfg, struct ad_conf *ret,
    struct sv_err *err) SV_CHECK;

#endif
