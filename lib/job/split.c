#include "job/split.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PARTS_MAX = 16 };

static const struct timespec again = {.tv_sec = 1};

struct family {
	pid_t parts[PARTS_MAX]; /* 0: it has ended, and is to be started */
	size_t count;
	sigset_t signals;
};

/* SIGTERM stays blocked: the part hears it between two pieces of work (daemon.h). */
static void begin_part(pid_t guardian)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &child, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != guardian)
		raise(SIGTERM);
}

/* In a new part: its number; in the guardian `count`. */
static size_t start_missing(struct family *f)
{
	pid_t guardian = getpid();

	for (size_t i = 0; i < f->count; i++) {
		if (f->parts[i] > 0)
			continue;
		pid_t pid = fork();
		if (pid == 0) {
			begin_part(guardian);
			return i;
		}
		f->parts[i] = pid > 0 ? pid : 0;
	}
	return f->count;
}

static void reap(struct family *f)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < f->count; i++)
			if (f->parts[i] == pid)
				f->parts[i] = 0;
}

static bool all_run(const struct family *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->parts[i] == 0)
			return false;
	return true;
}

static void finish(const struct family *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->parts[i] > 0)
			kill(f->parts[i], SIGTERM);
	while (wait(NULL) > 0)
		;
}

size_t job_split(size_t count)
{
	struct family f = {.count = count};

	if (count > PARTS_MAX)
		abort();
	sigemptyset(&f.signals);
	sigaddset(&f.signals, SIGTERM);
	sigaddset(&f.signals, SIGINT);
	sigaddset(&f.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &f.signals, NULL);
	size_t part = start_missing(&f);
	while (part == count) {
		int got = sigtimedwait(&f.signals, NULL, all_run(&f) ? NULL : &again);
		if (got == SIGTERM || got == SIGINT)
			break;
		reap(&f);
		if (got == -1) /* the second is over */
			part = start_missing(&f);
	}
	if (part == count)
		finish(&f);
	return part;
}
