/**
 * ad_log.h: what the service says on standard error.
 */
#ifndef AD_LOG_H
#define AD_LOG_H

/** One line on standard error: time, ${event}, and key=value pairs.  Never
 * patient content. */
void ad_log(const char *event, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
