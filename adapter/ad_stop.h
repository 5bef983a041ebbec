/**
 * ad_stop.h: stopping in good order when the user or the system asks for it.
 */
#ifndef AD_STOP_H
#define AD_STOP_H

#include <stdbool.h>

/** From now on SIGINT, SIGTERM and SIGHUP only ask; a second one kills.
 * A closed pipe and a file size limit become errors of write. */
void ad_stop_install(void);

/** True once one of them came. */
bool ad_stop_asked(void);

/** Die of the signal that came, as the shell and a scheduler expect; nothing
 * if none came. */
void ad_stop_die(void);

#endif
