#include "job/daemon.h"

#include "base/log.h"
#include "base/time.h"
#include "net/shared.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static sigset_t stops;
static bool stopping;

void daemon_begin(const char *program)
{
	log_init(program);
	shared_open(program, false);
	db_watch(shared_count_database);
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	watchdog_init(program);
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
