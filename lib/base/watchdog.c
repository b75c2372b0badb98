#include "base/watchdog.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_SOFTWARE = 70 }; /* sysexits.h */

static const char *name; /* of the program */

/* Formatted beforehand: a signal handler may not format. */
static char line[256];
static volatile sig_atomic_t line_len;

static void on_alarm(int signal)
{
	(void)signal;
	ssize_t ignored = write(STDERR_FILENO, line, (size_t)line_len);
	(void)ignored;
	_exit(EXIT_SOFTWARE);
}

void watchdog_init(const char *program)
{
	name = program;
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
}

void watchdog_set(int seconds, const char *doing)
{
	alarm(0); /* while the line is changed */
	snprintf(line, sizeof(line),
		"{\"level\":\"error\",\"program\":\"%s\",\"event\":\"watchdog\","
		"\"msg\":\"%s took longer than %d s, the process ends\"}\n",
		name, doing, seconds);
	line_len = (sig_atomic_t)strlen(line);
	alarm((unsigned)seconds);
}

void watchdog_off(void)
{
	alarm(0);
}
