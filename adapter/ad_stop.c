#include "ad_stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came;

static void
note(int signal_number)
{
	came = signal_number;
}

void
ad_stop_install(void)
{
	/* Without SA_RESTART, so that a read from a terminal returns. */
	struct sigaction ask = { .sa_handler = note,
		.sa_flags = (int)SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)sigemptyset(&ask.sa_mask);
	(void)sigemptyset(&ignore.sa_mask);
	(void)sigaction(SIGINT, &ask, NULL);
	(void)sigaction(SIGTERM, &ask, NULL);
	(void)sigaction(SIGHUP, &ask, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
}

bool
ad_stop_asked(void)
{
	return came != 0;
}

void
ad_stop_die(void)
{
	if (came == 0)
		return;
	(void)signal(came, SIG_DFL);
	(void)raise(came);
}
