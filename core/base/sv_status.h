/**
 * sv_status.h: how a function says whether it worked.
 *
 * The result is a struct, so that it cannot be mixed up with an int or a
 * bool, and the compiler warns where it is ignored.  Detail for a person
 * travels separately (struct sv_err, or the issues of fhir_issue.h).
 */
#ifndef SV_STATUS_H
#define SV_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum sv_code {
	SV_CODE_OK = 0,		/* done */
	SV_CODE_SKIP,		/* nothing to do here; nothing was written */
	SV_CODE_BAD,		/* the sender's or the operator's data is wrong */
	SV_CODE_RETRY,		/* temporary: the same call may work later */
	SV_CODE_REFUSED,	/* a peer said no, and will say no again */
	SV_CODE_MAYBE,		/* a peer may have done it, the answer was lost */
	SV_CODE_LIMIT,		/* a configured ceiling was reached */
	SV_CODE_NOMEM,		/* memory ran out */
	SV_CODE_BUG,		/* an invariant of ours is broken */
	SV_CODE_MAX
};

struct sv_status {
	enum sv_code code;
};

#define SV_CHECK __attribute__((warn_unused_result))

#define SV_OK ((struct sv_status){ SV_CODE_OK })
#define SV_SKIP ((struct sv_status){ SV_CODE_SKIP })
#define SV_BAD ((struct sv_status){ SV_CODE_BAD })
#define SV_RETRY ((struct sv_status){ SV_CODE_RETRY })
#define SV_REFUSED ((struct sv_status){ SV_CODE_REFUSED })
#define SV_MAYBE ((struct sv_status){ SV_CODE_MAYBE })
#define SV_LIMIT ((struct sv_status){ SV_CODE_LIMIT })
#define SV_NOMEM ((struct sv_status){ SV_CODE_NOMEM })
#define SV_BUG ((struct sv_status){ SV_CODE_BUG })

static inline bool
sv_is_ok(struct sv_status s)
{
	return s.code == SV_CODE_OK;
}

/** Return from the calling function with the status of ${x} unless it is OK. */
#define SV_TRY(x)                                                     \
	do {                                                          \
		struct sv_status sv_try_status = (x);                 \
		if (sv_try_status.code != SV_CODE_OK)                 \
			return sv_try_status;                         \
	} while (0)

/** Return ${status} from the calling function unless ${cond} holds. */
#define SV_ENSURE(cond, status)                                       \
	do {                                                          \
		if (!(cond))                                          \
			return status;                                \
	} while (0)

/**
 * One error for a person: what is wrong, where, and what to do next.
 * Callers that do not want it pass NULL to functions that take one.
 */
struct sv_err {
	char where[256];	/* file:line, or element path; may be empty */
	char text[512];		/* one line, no patient content */
};

/** Write ${where} and the printf-formatted text into ${err}, if not NULL. */
void sv_err_set(struct sv_err *err, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
