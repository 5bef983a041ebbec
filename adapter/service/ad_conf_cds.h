/**
 * ad_conf_cds.h: the sections of CDS Hooks in salvor.conf; internal to
 * adapter/service.
 */
#ifndef AD_CONF_CDS_H
#define AD_CONF_CDS_H

#include <confuse.h>

#include "ad_cds_conf.h"

extern cfg_opt_t ad_conf_cds_options[], ad_conf_cds_client_options[];

/** Read the sections into ${ret}, whose strings ${cfg} owns.  BAD with
 * ${err}. */
struct sv_status ad_conf_cds_read(cfg_t *cfg, bool development,
    struct ad_cds_conf *ret, struct sv_err *err) SV_CHECK;

#endif
