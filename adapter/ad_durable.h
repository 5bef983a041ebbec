/**
 * ad_durable.h: files that are there whole, or not at all.
 */
#ifndef AD_DURABLE_H
#define AD_DURABLE_H

#include "sv_status.h"
#include "sv_str.h"

/**
 * ad_durable_write(folder, name, text, err):
 * Write ${text} as the file ${name}, mode 0600, in place of what was there:
 * under another name first, synced, renamed, and the folder synced.  RETRY
 * with ${err}; the file of before is then still there.
 */
struct sv_status ad_durable_write(const char *folder, const char *name,
    struct sv_str text, struct sv_err *err) SV_CHECK;

/** Sync the folder, so that the names in it stay. */
struct sv_status ad_durable_sync(const char *folder, struct sv_err *err)
    SV_CHECK;

/**
 * ad_durable_folder(path, err):
 * Make the folder ${path}, mode 0700, and those above it that are missing;
 * what is made stays.  RETRY with ${err}.
 */
struct sv_status ad_durable_folder(const char *path, struct sv_err *err)
    SV_CHECK;

/** Give ${from} the name ${to}, and sync the folder. */
struct sv_status ad_durable_rename(const char *folder, const char *from,
    const char *to, struct sv_err *err) SV_CHECK;

/** The path "${folder}/${name}"; false if it does not fit into ${ret}. */
bool ad_durable_path(char ret[4096], const char *folder, const char *name);

#endif
