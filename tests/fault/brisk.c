/*
 * LD_PRELOAD: the clock runs fast and sleep is short, so that units are short,
 * and the log is taken over often: a small registry makes the commits and
 * checkpoints of a large one.
 */
#define _GNU_SOURCE
#include "exec_then.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TIMES 40

const char exec_word[] = "wal_autocheckpoint";
const char exec_then[] = "PRAGMA wal_autocheckpoint = 24";

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	static struct timespec from;
	long long ns;
	long r = syscall(SYS_clock_gettime, clock, t);

	if (r != 0 || clock != CLOCK_REALTIME)
		return (int)r;
	if (from.tv_sec == 0)
		from = *t;
	ns = (t->tv_sec - from.tv_sec) * 1000000000LL + t->tv_nsec
	    - from.tv_nsec;
	ns = ns * TIMES + from.tv_nsec;
	t->tv_sec = from.tv_sec + ns / 1000000000;
	t->tv_nsec = ns % 1000000000;
	return 0;
}

int
nanosleep(const struct timespec *t, struct timespec *rest)
{
	long long ns = (t->tv_sec * 1000000000LL + t->tv_nsec) / TIMES;
	struct timespec less = { ns / 1000000000, ns % 1000000000 };

	return (int)syscall(SYS_nanosleep, &less, rest);
}
