/* Breakers and counters that real processes share, and their deaths. */
#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "net/shared.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/shared_test.XXXXXX";

static struct breaker *breaker(enum upstream upstream)
{
	return &shared()->upstream[upstream].breaker;
}

static pid_t child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared_close();
	shared_open("pool", true);
	return 0;
}

static int ended(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void kill_it(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_true(WIFSIGNALED(ended(pid)));
}

/* A child says through the pipe whether it has come so far, and stays there. */
static _Noreturn void stay(int to, bool well)
{
	if (write(to, well ? "!" : "?", 1) == 1)
		pause();
	_exit(1);
}

static void wait_for_word(int from)
{
	char word;

	assert_int_equal(read(from, &word, 1), 1);
	assert_int_equal(word, '!');
}

enum { CALL_MS = 1000, LEASE_MS = 3000 /* and to spare */ };

static bool passes(enum upstream upstream, unsigned end)
{
	struct upstream_call visit;

	if (!upstream_enter(upstream, CALL_MS, &visit))
		return false;
	upstream_leave(&visit, end, false);
	return true;
}

static void call(enum upstream upstream, unsigned end)
{
	assert_true(passes(upstream, end));
}

static void trip(enum upstream upstream)
{
	for (int i = 0; i < 4 && breaker(upstream)->state != BREAKER_OPEN; i++)
		call(upstream, BREAKER_FAILED);
	assert_int_equal(breaker(upstream)->state, BREAKER_OPEN);
}

static void what_one_process_learns_the_others_know(void **state)
{
	struct upstream_call visit;

	(void)state;
	for (int i = 0; i < 3; i++) {
		pid_t pid = child();
		if (pid == 0)
			_exit(!passes(UPSTREAM_ALIPAY, BREAKER_FAILED));
		assert_int_equal(ended(pid), 0);
	}
	assert_int_equal(breaker(UPSTREAM_ALIPAY)->state, BREAKER_OPEN);
	assert_false(upstream_enter(UPSTREAM_ALIPAY, 1000, &visit));
	assert_in_range(upstream_wait_s(), 1, 5);
	call(UPSTREAM_WECHAT_PAY, BREAKER_WELL); /* another upstream's is another breaker */
}

/* Its recovery is over: whoever comes next is the probe. */
static void let_it_probe(enum upstream upstream)
{
	breaker(upstream)->until_ms = 0;
}

enum { KILLS = 200 };

static void a_killed_prober_never_leaves_it_half_open(void **state)
{
	struct upstream_call visit;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	trip(UPSTREAM_WECHAT_PAY);
	for (int i = 0; i < KILLS; i++) {
		let_it_probe(UPSTREAM_WECHAT_PAY);
		pid_t pid = child();
		if (pid == 0)
			stay(pipes[1], upstream_enter(UPSTREAM_WECHAT_PAY, 1000000, &visit));
		wait_for_word(pipes[0]);
		assert_int_equal(breaker(UPSTREAM_WECHAT_PAY)->state, BREAKER_HALF_OPEN);
		assert_false(upstream_enter(UPSTREAM_WECHAT_PAY, 1000, &visit));
		assert_int_equal(breaker(UPSTREAM_WECHAT_PAY)->state, BREAKER_HALF_OPEN);
		kill_it(pid);
		assert_false(upstream_enter(UPSTREAM_WECHAT_PAY, 1000, &visit));
		assert_int_equal(breaker(UPSTREAM_WECHAT_PAY)->state, BREAKER_OPEN);
	}
	let_it_probe(UPSTREAM_WECHAT_PAY);
	call(UPSTREAM_WECHAT_PAY, BREAKER_WELL);
	assert_int_equal(breaker(UPSTREAM_WECHAT_PAY)->state, BREAKER_CLOSED);
	assert_int_equal(breaker_in_flight(breaker(UPSTREAM_WECHAT_PAY)), 0);
	close(pipes[0]);
	close(pipes[1]);
}

enum { PROCESSES = 6, CALLS = 20000 };

static void calls_of_all_processes_add_up(void **state)
{
	pid_t pids[PROCESSES];
	int64_t before = breaker(UPSTREAM_SMS)->total.calls;
	int64_t full = shared()->upstream[UPSTREAM_SMS].full;

	(void)state;
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = child();
		if (pids[i] > 0)
			continue;
		for (int n = 0; n < CALLS; n++, shared_count_request(200, 1))
			(void)passes(UPSTREAM_SMS, BREAKER_WELL);
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(ended(pids[i]), 0);
	/* A process that couldn't get the lock in time calls uncounted, or keeps its place
	 * until the lease is over, so that others find it taken: hardly ever. */
	int64_t counted = breaker(UPSTREAM_SMS)->total.calls - before;
	full = shared()->upstream[UPSTREAM_SMS].full - full;
	assert_in_range(counted + full, PROCESSES * CALLS * 98 / 100, PROCESSES * CALLS);
	assert_in_range(full, 0, PROCESSES * CALLS / 100);
	assert_int_equal(shared()->requests[1], PROCESSES * CALLS);
	breaker_tidy(breaker(UPSTREAM_SMS), &upstream_info[UPSTREAM_SMS].rule,
		clock_ms() + LEASE_MS, NULL);
	assert_int_equal(breaker_in_flight(breaker(UPSTREAM_SMS)), 0);
}

/* Killed wherever it was, also with the lock in its hand. */
static void processes_that_are_killed_at_any_moment_break_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < KILLS; i++) {
		pid_t pid = child();
		while (pid == 0) /* NOLINT(bugprone-infinite-loop): until it is killed */
			passes(UPSTREAM_SMS, BREAKER_WELL);
		usleep((useconds_t)(2000 + i * 7));
		kill_it(pid);
		assert_true(shared_lock(shared()));
		shared_unlock(shared());
	}
	breaker_tidy(breaker(UPSTREAM_SMS), &upstream_info[UPSTREAM_SMS].rule, clock_ms(),
		process_lives);
	assert_int_equal(breaker_in_flight(breaker(UPSTREAM_SMS)), 0);
	assert_int_equal(breaker(UPSTREAM_SMS)->state, BREAKER_CLOSED);
	call(UPSTREAM_SMS, BREAKER_WELL);
}

static void the_lock_of_a_killed_process_passes_on(void **state)
{
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = child();
	if (pid == 0)
		stay(pipes[1], shared_lock(shared()));
	wait_for_word(pipes[0]);
	assert_false(shared_lock(shared())); /* as of a stopped one: not for long */
	call(UPSTREAM_SMS, BREAKER_FAILED);  /* and never mind */
	kill_it(pid);
	for (int i = 0; i < 2; i++) {
		assert_true(shared_lock(shared()));
		shared_unlock(shared());
	}
	close(pipes[0]);
	close(pipes[1]);
}

/* Four workers, one quarter kept back: three may wait for one upstream. */
static void an_upstream_that_stalls_leaves_a_worker_free(void **state)
{
	pid_t pids[3];
	struct upstream_call visit;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < 3; i++) {
		pids[i] = child();
		if (pids[i] == 0)
			stay(pipes[1], upstream_enter(UPSTREAM_WECHAT_API, 60000, &visit));
	}
	for (int i = 0; i < 3; i++)
		wait_for_word(pipes[0]);
	assert_int_equal(shared_workers(), 4);
	assert_false(upstream_enter(UPSTREAM_WECHAT_API, 1000, &visit));
	assert_int_equal(upstream_wait_s(), 1);
	assert_int_equal(shared()->upstream[UPSTREAM_WECHAT_API].full, 1);
	call(UPSTREAM_SMS, BREAKER_WELL); /* others are free to be asked */
	kill_it(pids[0]);
	kill_it(pids[1]);
	assert_int_equal(shared_workers(), 2);
	kill_it(pids[2]);
	call(UPSTREAM_WECHAT_API, BREAKER_WELL);
	close(pipes[0]);
	close(pipes[1]);
}

static void off_means_that_nobody_is_refused(void **state)
{
	(void)state;
	settings.breakers = "off";
	trip(UPSTREAM_ALIPAY);
	for (int i = 0; i < 10; i++)
		call(UPSTREAM_ALIPAY, BREAKER_FAILED);
	settings.breakers = "on";
}

static void metrics_find_every_program(void **state)
{
	const struct shared_view *views;

	(void)state;
	shared_close();
	shared_open("another", false);
	call(UPSTREAM_REDIS, BREAKER_WELL);
	assert_int_equal(shared_workers(), 0);
	assert_int_equal(shared_list(mem, &views), 2);
	assert_string_equal(views[0].program, "another");
	assert_string_equal(views[1].program, "pool");
	assert_int_equal(views[0].workers, 1);
	assert_int_equal(views[0].all.upstream[UPSTREAM_REDIS].breaker.total.calls, 1);
	assert_true(views[1].all.upstream[UPSTREAM_SMS].breaker.total.calls > CALLS);
	shared_close();
	shared_open("pool", true);
}

static const char *path_of(const char *program)
{
	return arena_printf(mem, "%s/zhixing.%s.breakers", folder, program);
}

static void write_file(const char *path, const void *at, size_t n, mode_t mode)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, mode);

	assert_true(fd >= 0 && write(fd, at, n) == (ssize_t)n && fchmod(fd, mode) == 0);
	close(fd);
}

static bool is_shared(void)
{
	const struct shared_view *views;

	shared_count_request(500, 1);
	return shared_list(mem, &views) > 0 &&
	       views[0].all.requests[4] == shared()->requests[4];
}

/* What lies there may be of another time, torn, or somebody's trap. */
static void a_file_that_doesnt_fit_is_made_anew_and_one_that_isnt_ours_left_alone(void **state)
{
	char *bytes = NEW_N(mem, char, sizeof(struct shared));
	struct stat st;

	(void)state;
	shared_close();
	assert_int_equal(unlink(path_of("pool")), 0);
	assert_int_equal(unlink(path_of("another")), 0);
	write_file(path_of("x"), bytes, sizeof(struct shared), 0600); /* another layout */
	shared_open("x", true);
	assert_true(is_shared());
	shared()->head.boot_id[0] ^= 1; /* from before the machine started */
	shared_count_request(500, 1);
	shared_close();
	shared_open("x", true);
	assert_int_equal(shared()->requests[4], 0);
	assert_true(is_shared());
	shared_close();
	write_file(path_of("x"), "torn", 4, 0600);
	shared_open("x", true);
	assert_true(is_shared());
	shared_close();

	write_file(path_of("x"), "", 0, 0666); /* others may write it */
	shared_open("x", true);
	assert_false(is_shared());
	call(UPSTREAM_SMS, BREAKER_WELL);
	shared_close();
	assert_int_equal(stat(path_of("x"), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(unlink(path_of("x")), 0);
	assert_int_equal(symlink("/etc/passwd", path_of("x")), 0);
	shared_open("x", true);
	assert_false(is_shared());
	shared_close();
	assert_int_equal(unlink(path_of("x")), 0);
	settings.shared = "/nowhere";
	shared_open("x", true);
	assert_false(is_shared());
	settings.shared = folder;
}

static int begin(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	settings.shared = folder;
	settings.breakers = "on";
	shared_open("pool", true);
	return 0;
}

static int end(void **state)
{
	(void)state;
	shared_close();
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_process_learns_the_others_know),
		cmocka_unit_test(a_killed_prober_never_leaves_it_half_open),
		cmocka_unit_test(calls_of_all_processes_add_up),
		cmocka_unit_test(processes_that_are_killed_at_any_moment_break_nothing),
		cmocka_unit_test(the_lock_of_a_killed_process_passes_on),
		cmocka_unit_test(an_upstream_that_stalls_leaves_a_worker_free),
		cmocka_unit_test(off_means_that_nobody_is_refused),
		cmocka_unit_test(metrics_find_every_program),
		cmocka_unit_test(
			a_file_that_doesnt_fit_is_made_anew_and_one_that_isnt_ours_left_alone),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
