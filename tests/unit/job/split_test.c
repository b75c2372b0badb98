#include "test.h"

#include "job/split.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A guardian with two parts. Each tells its number and its process, and waits to be ended;
 * the pipe ends when all are gone. */
struct told {
	size_t part;
	pid_t pid;
};

struct family {
	pid_t guardian;
	int heard;
};

static void be_part(size_t part, int out)
{
	struct told told = {part, getpid()};
	sigset_t stop;
	int signal;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	if (write(out, &told, sizeof(told)) == sizeof(told))
		sigwait(&stop, &signal); /* still blocked, as daemon_begin() wants it */
	_exit(0);
}

static struct family begin(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		size_t part = job_split(2);
		if (part < 2)
			be_part(part, ends[1]);
		_exit(part == 2 ? 0 : 1);
	}
	close(ends[1]);
	return (struct family){pid, ends[0]};
}

static struct told hear(const struct family *f)
{
	struct told told;

	assert_int_equal(read(f->heard, &told, sizeof(told)), sizeof(told));
	return told;
}

static void all_are_gone(const struct family *f)
{
	char c;

	assert_int_equal(read(f->heard, &c, 1), 0);
	close(f->heard);
}

static void a_part_that_ends_is_started_again(void **state)
{
	struct family f = begin();
	struct told one = hear(&f), other = hear(&f);
	int status;

	(void)state;
	assert_int_equal(one.part + other.part, 1);
	kill(other.pid, SIGKILL);
	struct told again = hear(&f);
	assert_int_equal(again.part, other.part);
	assert_int_not_equal(again.pid, other.pid);
	kill(f.guardian, SIGTERM);
	assert_int_equal(waitpid(f.guardian, &status, 0), f.guardian);
	assert_int_equal(status, 0);
	all_are_gone(&f);
}

static void no_part_outlives_its_guardian(void **state)
{
	struct family f = begin();

	(void)state;
	hear(&f);
	hear(&f);
	kill(f.guardian, SIGKILL);
	waitpid(f.guardian, NULL, 0);
	all_are_gone(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_that_ends_is_started_again),
		cmocka_unit_test(no_part_outlives_its_guardian),
	};

	return RUN_TESTS(tests);
}
