#include "job/daemon.h"

#include "base/log.h"
#include "base/time.h"
#include "net/shared.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_SOFTWARE = 70 }; /* sysexits.h */

static sigset_t stops;
static bool stopping;
static const char *name; /* of the program */

/* The line is written here beforehand: a handler may not format. */
static char last_words[256];
static volatile sig_atomic_t last_words_len;

static void on_alarm(int signal)
{
	(void)signal;
	ssize_t ignored = write(STDERR_FILENO, last_words, (size_t)last_words_len);
	(void)ignored;
	_exit(EXIT_SOFTWARE);
}

void daemon_begin(const char *program)
{
	name = program;
	log_init(program);
	shared_open(program, false);
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	log_info("start", "pid %d", (int)getpid());
}

void daemon_sleep(int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	if (stopping || sigtimedwait(&stops, NULL, &t) <= 0)
		return;
	stopping = true;
	log_info("stop", "after the work in hand");
}

bool daemon_stopping(void)
{
	daemon_sleep(0);
	return stopping;
}

void daemon_rest(struct listener *e, struct arena *mem, int ms)
{
	int64_t end = clock_ms() + ms;
	struct tx tx;

	if (!e->listening && e->listen) {
		tx_begin(&tx, e->db, mem, TX_NONE);
		e->listening = db_run(&tx, e->listen) == E_OK;
	}
	if (e->listening && db_wait_notify(e->db, ms))
		return;
	int64_t left = end - clock_ms();
	if (left <= 0)
		return;
	if (left > 1)
		e->listening = false;
	daemon_sleep((int)left);
}

void watchdog_set(int seconds, const char *doing)
{
	alarm(0);
	snprintf(last_words, sizeof(last_words),
		"{\"level\":\"error\",\"program\":\"%s\",\"event\":\"watchdog\","
		"\"msg\":\"%s took longer than %d s, the process ends\"}\n",
		name, doing, seconds);
	last_words_len = (sig_atomic_t)strlen(last_words);
	alarm((unsigned)seconds);
}

void watchdog_off(void)
{
	alarm(0);
}
