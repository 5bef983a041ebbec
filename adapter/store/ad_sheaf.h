/**
 * ad_sheaf.h: what the store itself does with sheaves (ad_store_sheaf.h);
 * internal to adapter/store.
 */
#ifndef AD_SHEAF_H
#define AD_SHEAF_H

#include "ad_sql.h"
#include "ad_store_sheaf.h"

/*
 * The numbers of new sheaves are held back, and go into their index sorted, many
 * at a time: ids are random, and each number would fall on another page.
 */

/** ${key} leads to the sheaf ${sheaf}, if not at once, then before the unit is
 * committed.  RETRY, NOMEM. */
struct sv_status ad_sheaf_keys_add(struct ad_store *S, uint64_t key,
    int64_t sheaf) SV_CHECK;

/** Put what is held back, if ${key} is among it.  RETRY. */
struct sv_status ad_sheaf_keys_settle(struct ad_store *S, uint64_t key)
    SV_CHECK;

/** Put all that is held back: before a unit ends or a savepoint begins.  RETRY. */
struct sv_status ad_sheaf_keys_put(struct ad_store *S) SV_CHECK;

/** Forget what is held back: what it belongs to is taken back. */
void ad_sheaf_keys_forget(struct ad_store *S);
void ad_sheaf_keys_free(struct ad_store *S);

/** The text of ${packed}, in ${A}: see ad_sheaf_next.  BAD, NOMEM. */
struct sv_status ad_sheaf_unpack(struct sv_arena *A, struct sv_str packed,
    struct sv_str *ret) SV_CHECK;

/** The line of ${name} of ${source}, in ${A}, if it is in a sheaf; SKIP if not;
 * BAD: it is in one that cannot be read. */
struct sv_status ad_sheaf_find(struct ad_store *S, struct sv_arena *A,
    struct sv_str source, struct sv_str name, struct sv_str *ret_line) SV_CHECK;

/** If ${name} of ${source} is in a sheaf, give all that is in that rows of
 * their own (OK); SKIP if it is in none.  A sheaf that cannot be read remains,
 * for its patient is not to be decided without it; but ${name} is no longer in
 * it (SKIP), and once it holds nothing it is gone: so a full run mends it. */
struct sv_status ad_sheaf_untie(struct ad_store *S, struct sv_arena *A,
    struct sv_str source, struct sv_str name) SV_CHECK;

/** Forget all that ${source} said of ${patient} in sheaves.  Each is unpacked in
 * memory from where that of ${from} is, and given back: it may be much. */
struct sv_status ad_sheaf_purge(struct ad_store *S,
    const struct sv_arena *from, struct sv_str source, int64_t patient)
    SV_CHECK;

#endif
