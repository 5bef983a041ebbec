/**
 * ad_serve.h: salvor serve, the service.
 */
#ifndef AD_SERVE_H
#define AD_SERVE_H

#include "ad_options.h"

/**
 * Serve until SIGTERM or SIGINT; SIGHUP reloads configuration, certificates
 * and rules.  ${o}->conf is the path of salvor.conf; NULL:
 * /etc/salvor/salvor.conf.
 */
enum ad_exit ad_serve(const struct ad_options *o);

#endif
