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

/** ${low} to ${high}, both included. */
bool ad_conf_between(long v, long low, long high);

/** BAD, with ${err}. */
struct sv_status ad_conf_wrong(struct sv_err *err, const char *where,
    const char *what);

/* The keys of struct ad_conf_access; ${scope} is what is asked for unless told
 * otherwise. */
#define AD_CONF_ACCESS_OPTIONS(scope)					\
	CFG_STR("ca", "", CFGF_NONE), CFG_STR("certificate", "", CFGF_NONE), \
	CFG_STR("key", "", CFGF_NONE), CFG_STR("proxy", "", CFGF_NONE),	\
	CFG_STR("client-id", "", CFGF_NONE),				\
	CFG_STR("client-key", "", CFGF_NONE),				\
	CFG_STR("token-url", "", CFGF_NONE),				\
	CFG_STR("jwks-url", "", CFGF_NONE),				\
	CFG_STR("scope", scope, CFGF_NONE)

/** Read them from the section ${s}, in ad_conf_access.c.  BAD with ${err}:
 * what goes together does not, or the token URL is not https:. */
struct sv_status ad_conf_read_access(cfg_t *s, bool development,
    struct ad_conf_access *ret, struct sv_err *err) SV_CHECK;

/** destination "name" { ... }, in ad_conf_destination.c. */
extern cfg_opt_t ad_conf_destination_options[];
struct sv_status ad_conf_read_destination(cfg_t *s, bool development,
    struct ad_conf_destination *ret, struct sv_err *err) SV_CHECK;

/** Every registry "name" { ... }, in ad_conf_registry.c. */
extern cfg_opt_t ad_conf_registry_options[];
struct sv_status ad_conf_read_registries(cfg_t *cfg, struct ad_conf *ret,
    struct sv_err *err) SV_CHECK;

#endif
