/**
 * ad_progress.h: how far a long run is, on standard error.
 *
 * One line that is drawn over itself at most ten times a second, from half a
 * second on, if standard error is a terminal and standard output is not (or
 * nothing is printed there while the run lasts).  Otherwise nothing at all, or
 * now and then a line for a journal.
 */
#ifndef AD_PROGRESS_H
#define AD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Room for one line, with its colours. */
#define AD_PROGRESS_LINE 512

struct ad_progress {
	bool on, colour, utf8;
	const char *phase;		/* "reading" */
	int64_t total;			/* of the phase; 0: not known */
	bool bytes;			/* ${total} counts bytes */
	int64_t patients, refused;	/* kept by the caller */
	int64_t phase_patients;		/* of them, before the phase */
	int64_t start_ms, phase_ms, drawn_ms;
	bool drawn;			/* a line stands on the terminal */
	const char *name;		/* in front of lines for a journal */
	int64_t every_ms, told_ms;	/* 0: none */
};

/** ${quiet}: nothing is printed on standard output during the run. */
void ad_progress_start(struct ad_progress *P, bool quiet);

/** Where no bar is drawn, tell every ${every_ms} how far ${name} is. */
void ad_progress_tell(struct ad_progress *P, const char *name,
    int64_t every_ms);

/** A new phase of ${total} steps (bytes if ${bytes}); 0: not known. */
void ad_progress_phase(struct ad_progress *P, const char *phase,
    int64_t total, bool bytes);

/** ${done} of the phase's steps are done. */
void ad_progress_show(struct ad_progress *P, int64_t done);

/** Wipe the line, so that a message can be printed. */
void ad_progress_clear(struct ad_progress *P);

/** Wipe the line and leave a summary of the run in its place. */
void ad_progress_end(struct ad_progress *P);

/** The line for a terminal of ${width} columns, for ad_progress_show and
 * tests; ${done} steps after ${elapsed_ms}.  No more columns than ${width}. */
void ad_progress_line(const struct ad_progress *P, int64_t done,
    int64_t elapsed_ms, int width, char ret[AD_PROGRESS_LINE]);

#endif
