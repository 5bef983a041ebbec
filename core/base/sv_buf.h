/**
 * sv_buf.h: a growing byte buffer with a ceiling, in an arena.
 *
 * A failed append latches: later appends do nothing, and sv_buf_ok says false.
 * So a writer appends freely and asks once at the end.
 */
#ifndef SV_BUF_H
#define SV_BUF_H

#include "sv_arena.h"
#include "sv_status.h"
#include "sv_str.h"

struct sv_buf {
	struct sv_arena *A;
	char *p;
	size_t n, cap, ceiling;
	bool failed;
	bool full;		/* it failed at its ceiling, not for want of memory */
};

/** Make ${b} empty; it never grows past ${ceiling} bytes. */
void sv_buf_init(struct sv_buf *b, struct sv_arena *A, size_t ceiling);

void sv_buf_add(struct sv_buf *b, struct sv_str s);
void sv_buf_addc(struct sv_buf *b, char c);
void sv_buf_printf(struct sv_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Append the decimal text of ${v}. */
void sv_buf_addu(struct sv_buf *b, uint64_t v);

/** Append ${s} percent-encoded: all bytes but the unreserved characters of RFC
 * 3986 section 2.3 and those of ${keep}. */
void sv_buf_add_encoded(struct sv_buf *b, struct sv_str s, const char *keep);

/** True if every append so far succeeded, and nothing else that was asked of the
 * arena failed (sv_arena_ok): what was appended may come from it. */
bool sv_buf_ok(const struct sv_buf *b);

/** How the appends went: OK; LIMIT, the ceiling was met; NOMEM. */
struct sv_status sv_buf_status(const struct sv_buf *b) SV_CHECK;

/** What is in the buffer; valid until the next append. */
struct sv_str sv_buf_str(const struct sv_buf *b);

#endif
