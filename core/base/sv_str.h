/**
 * sv_str.h: a slice of bytes, passed by value.
 *
 * A slice never owns its bytes and never relies on a NUL behind them.  It is
 * valid as long as whatever it points into: an input buffer, an arena, or a
 * string literal.
 */
#ifndef SV_STR_H
#define SV_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sv_str {
	const char *p;	/* may be NULL when n is 0 */
	size_t n;
};

/** A slice over a string literal, without its NUL. */
#define SV_LIT(s) ((struct sv_str){ (s), sizeof(s) - 1 })

/** The same as an initialiser of a static slice. */
#define SV_STATIC(s) { (s), sizeof(s) - 1 }

/** Format a slice with printf: printf("%.*s", SV_FMT(s)). */
#define SV_FMT(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

/** The slice over the NUL-terminated ${s}; the empty slice for NULL. */
static inline struct sv_str
sv_str_of(const char *s)
{
	return (struct sv_str){ s, s != NULL ? strlen(s) : 0 };
}

/** True if both slices hold the same bytes. */
static inline bool
sv_str_eq(struct sv_str a, struct sv_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/** The same without regard to the case of ASCII letters, whatever the locale. */
bool sv_str_eq_nocase(struct sv_str a, struct sv_str b);

/** True if ${s} holds exactly the bytes of the NUL-terminated ${lit}. */
static inline bool
sv_str_is(struct sv_str s, const char *lit)
{
	return sv_str_eq(s, sv_str_of(lit));
}

/** <0, 0, >0 in byte order, a shorter prefix first. */
int sv_str_cmp(struct sv_str a, struct sv_str b);
/** The same of two struct sv_str, for qsort and bsearch. */
int sv_str_order(const void *a, const void *b);

/** True if ${s} begins with, or ends with, ${part}. */
bool sv_str_starts(struct sv_str s, struct sv_str part);
bool sv_str_ends(struct sv_str s, struct sv_str part);

/** The part of ${s} from byte ${from} on; empty if ${from} is past the end. */
struct sv_str sv_str_from(struct sv_str s, size_t from);

/** What ${rest} begins with, up to the first ${c} or its end; that and the ${c}
 * are taken off ${rest}. */
struct sv_str sv_str_cut(struct sv_str *rest, char c);

/** ${s} without leading and trailing space, tab, CR and LF. */
struct sv_str sv_str_trim(struct sv_str s);

/** Index of the first ${c} in ${s}, or ${s}.n if there is none. */
size_t sv_str_chr(struct sv_str s, char c);

/** Index of the first ${part}, of at least two bytes, in ${s}, or ${s}.n.
 * Fast in long texts, and cheap to call again behind each find. */
size_t sv_str_find(struct sv_str s, struct sv_str part);

/** Index of the last ${c} in ${s}, or ${s}.n if there is none. */
size_t sv_str_rchr(struct sv_str s, char c);

/** For hash tables; not for identity, and not the same on every machine. */
uint64_t sv_str_hash(struct sv_str s);

#endif
