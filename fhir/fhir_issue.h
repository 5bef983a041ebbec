/**
 * fhir_issue.h: what is wrong with a document, element by element.
 *
 * Issues become an OperationOutcome (fhir_outcome.h).  Their texts never
 * repeat patient content beyond the name of the element and its path.
 */
#ifndef FHIR_ISSUE_H
#define FHIR_ISSUE_H

#include "sv_arena.h"
#include "sv_status.h"

enum fhir_severity {
	FHIR_FATAL,		/* the document cannot be processed */
	FHIR_ERROR,		/* the resource or element was not used */
	FHIR_WARNING,
	FHIR_INFORMATION
};

/* The codes of http://hl7.org/fhir/issue-type that Salvor uses. */
enum fhir_issue_code {
	FHIR_CODE_INVALID, FHIR_CODE_STRUCTURE, FHIR_CODE_REQUIRED,
	FHIR_CODE_VALUE, FHIR_CODE_INVARIANT, FHIR_CODE_NOT_SUPPORTED,
	FHIR_CODE_DUPLICATE, FHIR_CODE_NOT_FOUND, FHIR_CODE_TOO_LONG,
	FHIR_CODE_CODE_INVALID, FHIR_CODE_EXTENSION, FHIR_CODE_TOO_COSTLY,
	FHIR_CODE_BUSINESS_RULE, FHIR_CODE_CONFLICT, FHIR_CODE_INCOMPLETE,
	FHIR_CODE_EXCEPTION, FHIR_CODE_INFORMATIONAL, FHIR_CODE_LOGIN,
	FHIR_CODE_FORBIDDEN, FHIR_CODE_TRANSIENT, FHIR_CODE_THROTTLED,
	FHIR_CODE_DELETED,
	FHIR_CODE_MAX
};

struct fhir_issue {
	enum fhir_severity severity;
	enum fhir_issue_code code;
	struct sv_str detail;		/* stable kebab-case word, "unit-missing" */
	struct sv_str expression;	/* element path; may be empty */
	struct sv_str text;		/* one sentence, what to do included */
	struct sv_str source;		/* "Observation/e4"; may be empty */
	int64_t line;			/* of an NDJSON file or XML; 0: none */
};

struct fhir_issues {
	struct sv_arena *A;
	struct fhir_issue *at;
	size_t n, cap;
	size_t dropped;			/* beyond SV_LIMIT_ISSUES */
	enum fhir_severity worst;	/* valid if n > 0 */
};

void fhir_issues_init(struct fhir_issues *is, struct sv_arena *A);

/**
 * fhir_issue_add(is, issue):
 * Append ${issue}, copying its slices into the arena.  Beyond the ceiling, or
 * without memory, it is only counted; ${is}->worst is kept right either way.
 */
void fhir_issue_add(struct fhir_issues *is, const struct fhir_issue *issue);

/** As fhir_issue_add with a formatted text and no source or line. */
void fhir_issue_addf(struct fhir_issues *is, enum fhir_severity severity,
    enum fhir_issue_code code, struct sv_str expression, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/** True if there is an issue of FHIR_ERROR or worse / of FHIR_FATAL. */
bool fhir_issues_error(const struct fhir_issues *is);
bool fhir_issues_fatal(const struct fhir_issues *is);

struct sv_str fhir_severity_name(enum fhir_severity s);
struct sv_str fhir_issue_code_name(enum fhir_issue_code c);

#endif
