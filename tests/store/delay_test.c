/* What waits at the broker: not too short, not for ever, and not twice. ZX_MQ_…:
 * a broker for tests. */
#include "test.h"

#include "base/settings.h"
#include "base/time.h"
#include "net/mq.h"

#include <stdio.h>
#include <unistd.h>

enum { WAIT_MS = 1500, LONGER_MS = 3000, PATIENCE_MS = 60000, STEP_MS = 500, QUIET_MS = 1000 };

static char room[64], room_key[64], longer[64], longer_key[64], due[64], due_key[64];

/* Two rooms for the same news, as before and after a change of the setting. */
static struct mq_queue before[] = {
	{.name = due, .keys = {due_key}, .of_due = true},
	{.name = room, .keys = {room_key}, .wait_ms = WAIT_MS, .due_key = due_key},
};
static struct mq_queue after[] = {
	{.name = due, .keys = {due_key}, .of_due = true},
	{.name = longer, .keys = {longer_key}, .wait_ms = LONGER_MS, .due_key = due_key},
};

static struct mq *open_mq(const struct mq_queue *queues, size_t count)
{
	struct mq *mq = mq_new("delay_test", queues, count);

	assert_int_equal(mq_open(mq), E_OK);
	return mq;
}

static void publish(struct mq *mq, int64_t id, const char *key)
{
	struct mq_post post = {.id = id, .key = key, .body = "{}", .must_route = true};

	assert_int_equal(mq_publish(mq, &post, 1), E_OK);
	assert_int_equal(post.fate, MQ_CONFIRMED);
}

/* The next delivery; 0: none in that time. */
static int64_t next(struct mq *mq, int64_t limit_ms)
{
	struct mq_delivery d;
	int64_t end = clock_ms() + limit_ms;

	while (clock_ms() < end) {
		enum err err = mq_next(mq, STEP_MS, &d);
		if (err == E_NOT_FOUND)
			continue;
		assert_int_equal(err, E_OK);
		assert_int_equal(mq_ack(mq, &d), E_OK);
		return d.id;
	}
	return 0;
}

static void what_waits_comes_when_its_time_is_over_and_not_before(void **state)
{
	struct mq *mq = open_mq(before, COUNT_OF(before));
	int64_t began = clock_ms();

	(void)state;
	assert_int_equal(mq_consume(mq, due), E_OK);
	publish(mq, 101, room_key);
	publish(mq, 102, room_key);
	assert_int_equal(next(mq, PATIENCE_MS), 101);
	assert_true(clock_ms() - began >= WAIT_MS);
	assert_int_equal(next(mq, PATIENCE_MS), 102);
	mq_free(mq);
}

static void a_changed_wait_is_a_new_room_and_the_old_one_hands_on_what_it_has(void **state)
{
	struct mq *old = open_mq(before, COUNT_OF(before));

	(void)state;
	publish(old, 201, room_key);
	struct mq *new = open_mq(after, COUNT_OF(after));
	int64_t began = clock_ms();
	publish(new, 202, longer_key);
	mq_free(old);
	assert_int_equal(mq_consume(new, due), E_OK);
	assert_int_equal(next(new, PATIENCE_MS), 201);
	assert_int_equal(next(new, PATIENCE_MS), 202);
	assert_true(clock_ms() - began >= LONGER_MS);
	assert_int_equal(next(new, QUIET_MS), 0); /* 202 was in one room only */
	mq_free(new);
}

static void declaring_again_changes_nothing_and_other_arguments_are_refused(void **state)
{
	struct mq_queue other[] = {before[0], before[1]};

	(void)state;
	mq_free(open_mq(before, COUNT_OF(before)));
	mq_free(open_mq(before, COUNT_OF(before)));
	other[1].wait_ms++;
	struct mq *mq = mq_new("delay_test", other, COUNT_OF(other));
	assert_int_equal(mq_open(mq), E_UPSTREAM);
	mq_free(mq);
}

static int begin(void **state)
{
	static char program[] = "delay_test";
	int pid = (int)getpid();

	(void)state;
	settings_load(1, (char *[]){program});
	snprintf(room, sizeof(room), "test.%d.room", pid);
	snprintf(room_key, sizeof(room_key), "test.%d.room", pid);
	snprintf(longer, sizeof(longer), "test.%d.longer", pid);
	snprintf(longer_key, sizeof(longer_key), "test.%d.longer", pid);
	snprintf(due, sizeof(due), "test.%d.due", pid);
	snprintf(due_key, sizeof(due_key), "test.%d.due", pid);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_comes_when_its_time_is_over_and_not_before),
		cmocka_unit_test(
			a_changed_wait_is_a_new_room_and_the_old_one_hands_on_what_it_has),
		cmocka_unit_test(
			declaring_again_changes_nothing_and_other_arguments_are_refused),
	};

	return RUN_TESTS_BETWEEN(begin, tests, NULL);
}
