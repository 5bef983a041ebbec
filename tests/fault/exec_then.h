/**
 * exec_then.h: for libraries that are preloaded: what a program sets in SQLite is
 * set anew behind it.
 */
#ifndef EXEC_THEN_H
#define EXEC_THEN_H

/* Behind SQL in which exec_word is, exec_then is run. */
extern const char exec_word[], exec_then[];

#endif
