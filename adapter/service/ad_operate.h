/**
 * ad_operate.h: what an operator needs at 3 a.m., on a live store.
 *
 *	salvor status
 *	salvor messages list [applied|refused|held] | show N | replay N
 *	salvor outbox list [waiting|dead|...] | show N | retry N | drop N
 *	salvor store check | backup FILE
 *	salvor feedback
 *
 * All take -c FILE as the service does.  Lists have no patient content; show
 * prints what was received, or is to be posted.
 */
#ifndef AD_OPERATE_H
#define AD_OPERATE_H

#include "ad_options.h"

enum ad_exit ad_operate_feedback(const struct ad_options *o);
enum ad_exit ad_operate_status(const struct ad_options *o);
enum ad_exit ad_operate_messages(const struct ad_options *o);
enum ad_exit ad_operate_outbox(const struct ad_options *o);
enum ad_exit ad_operate_store(const struct ad_options *o);

/** As ad_check; if -c names a file, it is a salvor.conf, which is checked too,
 * and names the rules. */
enum ad_exit ad_operate_check(const struct ad_options *o);

#endif
