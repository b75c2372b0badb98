/* Against a real Redis: ZX_REDIS names its socket. */
#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "guard/admit.h"
#include "guard/limit.h"
#include "net/redis.h"
#include "net/shared.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 2000 }; /* with a server that is well, on a busy machine */

static const char *server;
static char mark[40]; /* keys of this run */

static enum err say(
	struct redis_reply *out, const char *verb, const char *key, const char *value)
{
	return redis_command(mem, out, value ? 3 : 2, (const char *[]){verb, key, value}, NULL);
}

static void replies_of_each_kind_are_read(void **state)
{
	(void)state;
	struct redis_reply r;
	static struct redis_script ints = {.text = "return {1, -2, 3}"};

	assert_true(redis_up());
	assert_int_equal(say(&r, "GET", mark, NULL), E_OK);
	assert_int_equal(r.kind, REDIS_NIL);
	assert_int_equal(say(&r, "SET", mark, "球"), E_OK);
	assert_string_equal(r.text, "OK");
	assert_int_equal(say(&r, "GET", mark, NULL), E_OK);
	assert_int_equal(r.count, 3);
	assert_string_equal(r.text, "球");
	assert_int_equal(say(&r, "DEL", mark, NULL), E_OK);
	assert_int_equal(r.i, 1);
	assert_int_equal(redis_script(mem, &r, &ints, 0, 0, NULL), E_OK);
	assert_int_equal(r.count, 3);
	assert_true(r.at[1] == -2);
}

static void bytes_with_nul_survive(void **state)
{
	(void)state;
	struct redis_reply r;
	const char *argv[] = {"SET", mark, "a\0b"};

	assert_int_equal(redis_command(mem, &r, 3, argv, (size_t[]){3, strlen(mark), 3}), E_OK);
	assert_int_equal(say(&r, "GET", mark, NULL), E_OK);
	assert_int_equal(r.count, 3);
	assert_memory_equal(r.text, "a\0b", 4);
	assert_int_equal(say(&r, "DEL", mark, NULL), E_OK);
}

static void a_script_that_the_server_forgot_is_sent_again(void **state)
{
	(void)state;
	static struct redis_script add = {.text = "return ARGV[1] + ARGV[2]"};
	struct redis_reply r;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			redis_script(mem, &r, &add, 0, 2, (const char *[]){"2", "3"}), E_OK);
		assert_int_equal(r.i, 5);
		if (i == 1)
			assert_int_equal(say(&r, "SCRIPT", "FLUSH", NULL), E_OK);
	}
}

/* A server that takes a connection and never says a word. */
static int silent_server(char *path, size_t size)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(path, size, "/tmp/redis_test.%d.sock", (int)getpid());
	memcpy(at.sun_path, path, strlen(path) + 1);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* How many have called since the last look. */
static int callers(int fd)
{
	int count = 0;

	for (int peer; (peer = accept(fd, NULL, NULL)) >= 0; count++)
		close(peer);
	return count;
}

/* A second in which three went wrong is the last in which it is asked. */
enum { ERRORS = 3 };

static void a_dead_redis_costs_three_timeouts_and_then_a_second_nothing(void **state)
{
	(void)state;
	static char path[80];
	int fd = silent_server(path, sizeof(path));
	struct redis_reply r;

	redis_drop();
	settings.redis = path;
	settings.redis_timeout_ms = 200;
	shared_close(); /* the answers before this must not count */
	int64_t start = clock_ms();
	for (int i = 0; i < ERRORS; i++)
		assert_int_equal(say(&r, "GET", mark, NULL), E_UPSTREAM);
	int64_t first = clock_ms() - start;
	assert_in_range(first, ERRORS * settings.redis_timeout_ms - 15,
		2L * ERRORS * settings.redis_timeout_ms - 15);
	assert_int_equal(callers(fd), ERRORS);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(say(&r, "GET", mark, NULL), E_UPSTREAM);
	assert_false(redis_up());
	assert_int_equal(callers(fd), 0);

	settings.redis = server;
	settings.redis_timeout_ms = PATIENCE_MS;
	close(fd);
	unlink(path);
	usleep(1050 * 1000);
	assert_true(redis_up());
}

static void after_error_replies_there_is_a_pause_and_a_new_connection(void **state)
{
	(void)state;
	struct redis_reply r;

	for (int i = 0; i < ERRORS; i++)
		assert_int_equal(say(&r, "NOSUCHCOMMAND", mark, NULL), E_UPSTREAM);
	assert_int_equal(say(&r, "GET", mark, NULL), E_UPSTREAM);
	usleep(1050 * 1000);
	assert_int_equal(say(&r, "GET", mark, NULL), E_OK);
}

/* Late replies must never be taken for the next command's: a slow script runs
 * into the time-out, and what follows is asked on a new connection. */
static void a_late_reply_is_never_taken_for_the_next_ones(void **state)
{
	(void)state;
	static struct redis_script slow = {
		.text = "local e = redis.call('TIME')\n"
			"local from = e[1] * 1000 + e[2] / 1000\n"
			"repeat e = redis.call('TIME') until e[1] * 1000 + e[2] / 1000 > from + 300\n"
			"return 'late'",
	};
	struct redis_reply r;

	settings.redis_timeout_ms = 100;
	redis_drop(); /* the limit is that of a connection */
	assert_int_equal(redis_script(mem, &r, &slow, 0, 0, NULL), E_UPSTREAM);
	settings.redis_timeout_ms = PATIENCE_MS;
	usleep(400 * 1000);
	assert_int_equal(
		redis_command(mem, &r, 2, (const char *[]){"ECHO", "mine"}, NULL), E_OK);
	assert_string_equal(r.text, "mine");
}

enum { PROCESSES = 8, PER_MINUTE = 6000, BURST = 50, RUN_MS = 2000 };

/* How many passed, as the child's contribution through the pipe. */
static void hammer(int out, const char *who)
{
	int64_t end = clock_ms() + RUN_MS;
	long passed = 0, tries = 0;

	redis_drop();
	for (; clock_ms() < end; tries++)
		passed += limit_take("test", who, PER_MINUTE, BURST, NULL) == E_OK;
	long numbers[2] = {passed, tries};
	_exit(write(out, numbers, sizeof(numbers)) == sizeof(numbers) ? 0 : 1);
}

static void eight_processes_share_one_limit_exactly(void **state)
{
	(void)state;
	int pipes[2];
	long passed = 0, tries = 0, numbers[2];

	assert_int_equal(pipe(pipes), 0);
	redis_drop();
	int64_t start = clock_ms();
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			hammer(pipes[1], mark);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(read(pipes[0], numbers, sizeof(numbers)), sizeof(numbers));
		passed += numbers[0];
		tries += numbers[1];
	}
	int64_t took = clock_ms() - start;
	for (int status, i = 0; i < PROCESSES; i++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	close(pipes[0]);
	close(pipes[1]);
	print_message("%ld of %ld tries passed in %lld ms\n", passed, tries, (long long)took);
	assert_true(passed <= BURST + PER_MINUTE * took / 60000);
	assert_true(passed >= BURST + PER_MINUTE * (RUN_MS - 100) / 60000);
}

static void keys_of_the_limiter_go_away_by_themselves(void **state)
{
	(void)state;
	struct redis_reply r;
	char key[80];
	int64_t wait;

	for (int i = 0; i < 2; i++)
		assert_int_equal(limit_take("gone", mark, 120, 2, &wait), E_OK);
	assert_int_equal(limit_take("gone", mark, 120, 2, &wait), E_BUSY);
	assert_int_equal(wait, 1);
	snprintf(key, sizeof(key), "limit:gone:%s", mark);
	assert_int_equal(say(&r, "PTTL", key, NULL), E_OK);
	assert_true(r.i > 0 && r.i <= 1000);
}

static void admit_counts_and_knows_ended_sessions_in_one_round_trip(void **state)
{
	struct admit_params ask = {getpid(), 1, "/x", false, 60};
	struct admit_answer a;
	char key[80];

	(void)state;
	for (int i = 14; i >= 0; i--) {
		assert_int_equal(admit_take(&ask, &a), E_OK);
		assert_in_range(a.remaining, i, i + 1);
	}
	assert_string_equal(a.policy, "route");
	assert_in_range(a.reset_s, 14, 15);
	while (admit_take(&ask, &a) == E_OK)
		;
	assert_int_equal(a.retry_after_s, 1);
	assert_int_equal(a.remaining, 0);
	assert_int_equal(shared()->limit_alone, 0);

	struct {
		const char *why;
		enum err want;
	} ends[] = {
		{"elsewhere", E_SESSION_REPLACED},
		{"logout", E_SESSION_ENDED},
		{"disabled", E_SESSION_ENDED},
		{"", E_SESSION_ENDED},
	};
	struct redis_reply r;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		ask = (struct admit_params){getpid(), 1000000 + getpid(), "/x", true, 0};
		snprintf(key, sizeof(key), "ended:%lld", (long long)ask.session_id);
		assert_int_equal(say(&r, "SET", key, ends[i].why), E_OK);
		assert_int_equal(admit_take(&ask, &a), ends[i].want);
		assert_null(a.policy);
		assert_int_equal(say(&r, "DEL", key, NULL), E_OK);
		assert_int_equal(admit_take(&ask, &a), E_OK);
	}
	settings.redis = "/nowhere.sock"; /* no word on sessions, and a count of its own */
	redis_drop();
	assert_int_equal(say(&r, "SET", key, "logout"), E_UPSTREAM);
	assert_int_equal(admit_take(&ask, &a), E_OK);
	assert_int_equal(a.remaining, 29);
	settings.redis = server;
	shared_close();
}

static int begin(void **state)
{
	static char name[] = "redis_test";

	(void)state;
	server = getenv("ZX_REDIS");
	if (!server || !*server)
		return fprintf(stderr, "ZX_REDIS is not set\n"), -1;
	settings_load(1, (char *[]){name});
	settings.redis_timeout_ms = PATIENCE_MS;
	signal(SIGPIPE, SIG_IGN);
	snprintf(mark, sizeof(mark), "redis_test:%d", (int)getpid());
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (!mem)
		return 0;
	redis_drop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_of_each_kind_are_read),
		cmocka_unit_test(bytes_with_nul_survive),
		cmocka_unit_test(a_script_that_the_server_forgot_is_sent_again),
		cmocka_unit_test(eight_processes_share_one_limit_exactly),
		cmocka_unit_test(keys_of_the_limiter_go_away_by_themselves),
		cmocka_unit_test(admit_counts_and_knows_ended_sessions_in_one_round_trip),
		cmocka_unit_test(a_dead_redis_costs_three_timeouts_and_then_a_second_nothing),
		cmocka_unit_test(after_error_replies_there_is_a_pause_and_a_new_connection),
		cmocka_unit_test(a_late_reply_is_never_taken_for_the_next_ones),
	};

	return RUN_TESTS_BETWEEN(begin, tests, end);
}
