/**
 * sv_limits.h: every ceiling in one place.
 *
 * All of them are far above what real senders reach and far below what would
 * hurt the host.  They are defaults: adapter/ may lower them by configuration.
 */
#ifndef SV_LIMITS_H
#define SV_LIMITS_H

#include <stddef.h>

/* One document (file, HTTP body or NDJSON line), in bytes. */
#define SV_LIMIT_DOCUMENT ((size_t)32 * 1024 * 1024)
/* Memory of one message: tree, events, output. */
#define SV_LIMIT_ARENA ((size_t)512 * 1024 * 1024)
/* Nesting of JSON or XML. */
#define SV_LIMIT_DEPTH 64
/* Values (objects, arrays, primitives) in one document. */
#define SV_LIMIT_VALUES ((size_t)4 * 1000 * 1000)
/* Members of one object; FHIR's largest resource has fewer than 50. */
#define SV_LIMIT_MEMBERS 256
/* Issues reported for one document; further ones are only counted. */
#define SV_LIMIT_ISSUES 100
/* Events of one patient. */
#define SV_LIMIT_EVENTS ((size_t)200 * 1000)
/* Resources of one patient gathered from many documents, in bytes. */
#define SV_LIMIT_PATIENT ((size_t)64 * 1024 * 1024)
/* Guidance for one patient, in bytes. */
#define SV_LIMIT_OUTPUT ((size_t)64 * 1024 * 1024)

#endif
