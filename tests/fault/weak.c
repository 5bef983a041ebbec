/*
 * LD_PRELOAD: SQLite does not sync any more.  Only to see that the tests notice.
 */
#include "exec_then.h"

const char exec_word[] = "synchronous";
const char exec_then[] = "PRAGMA synchronous = OFF";
