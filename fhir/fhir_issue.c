#include "fhir_issue.h"

#include <stdarg.h>
#include <stdio.h>

#include "sv_limits.h"

void
fhir_issues_init(struct fhir_issues *is, struct sv_arena *A)
{
	*is = (struct fhir_issues){ .A = A };
}

static bool
reserve(struct fhir_issues *is)
{
	size_t cap = is->cap == 0 ? 8 : is->cap * 2;
	struct fhir_issue *at;

	if (is->n < is->cap)
		return true;
	if (is->n >= SV_LIMIT_ISSUES)
		return false;
	at = sv_arena_grow(is->A, is->at, is->n * sizeof(*at),
	    cap * sizeof(*at));
	if (at == NULL)
		return false;
	is->at = at;
	is->cap = cap;
	return true;
}

void
fhir_issue_add(struct fhir_issues *is, const struct fhir_issue *issue)
{
	struct fhir_issue *i;

	if (is->n + is->dropped == 0 || issue->severity < is->worst)
		is->worst = issue->severity;
	if (!reserve(is)) {
		is->dropped++;
		return;
	}
	i = &is->at[is->n++];
	*i = *issue;
	i->detail = sv_arena_str(is->A, issue->detail);
	i->expression = sv_arena_str(is->A, issue->expression);
	i->text = sv_arena_str(is->A, issue->text);
	i->source = sv_arena_str(is->A, issue->source);
}

void
fhir_issue_addf(struct fhir_issues *is, enum fhir_severity severity,
    enum fhir_issue_code code, struct sv_str expression, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fhir_issue_add(is, &(struct fhir_issue){ .severity = severity,
	    .code = code, .expression = expression,
	    .text = sv_str_of(text) });
}

bool
fhir_issues_error(const struct fhir_issues *is)
{
	return is->n + is->dropped > 0 && is->worst <= FHIR_ERROR;
}

bool
fhir_issues_fatal(const struct fhir_issues *is)
{
	return is->n + is->dropped > 0 && is->worst == FHIR_FATAL;
}

struct sv_str
fhir_severity_name(enum fhir_severity s)
{
	static const struct sv_str names[] = { SV_STATIC("fatal"),
		SV_STATIC("error"), SV_STATIC("warning"),
		SV_STATIC("information") };

	return names[s];
}

struct sv_str
fhir_issue_code_name(enum fhir_issue_code c)
{
	static const struct sv_str names[] = { SV_STATIC("invalid"),
		SV_STATIC("structure"), SV_STATIC("required"),
		SV_STATIC("value"), SV_STATIC("invariant"),
		SV_STATIC("not-supported"), SV_STATIC("duplicate"),
		SV_STATIC("not-found"), SV_STATIC("too-long"),
		SV_STATIC("code-invalid"), SV_STATIC("extension"),
		SV_STATIC("too-costly"), SV_STATIC("business-rule"),
		SV_STATIC("conflict"), SV_STATIC("incomplete"),
		SV_STATIC("exception"), SV_STATIC("informational"),
		SV_STATIC("login"), SV_STATIC("forbidden"),
		SV_STATIC("transient"), SV_STATIC("throttled"),
		SV_STATIC("deleted") };

	return names[c];
}
