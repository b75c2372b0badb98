/* Telling WeChat of orders that were used: each once, whoever does it, and never
 * forgotten. WeChat is an upstream of our own. */
#include "test.h"

#include "weixin.h"

#include "paid.h"
#include "shipping/shipping.h"

enum { PROCESSES = 4, ORDERS = 12 };

SQL(test_quiet, "UPDATE shipping SET state = 'waived' WHERE state = 'waiting'");
SQL(test_shipping_due, "UPDATE shipping SET run_at = now() WHERE attempt_id = $1");
SQL(test_shipping_tries, "UPDATE shipping SET tries = $2 WHERE attempt_id = $1");
SQL(test_all_back, "UPDATE payment_attempt SET refunded_fen = amount_fen WHERE id = $1");
SQL(test_surplus,
	"WITH o AS (UPDATE orders SET note = 'surplus' WHERE id = $1)"
	" INSERT INTO payment_attempt (id, order_id, channel, method, out_trade_no, amount_fen,"
	"  state, request, transaction_id, payer, paid_at)"
	" VALUES ($2, $1, 'wechat', 'jsapi', 'S' || $2, 6000, 'surplus', '{}', 'S' || $2,"
	"  'o-openid', now())");
SQL(test_release,
	"UPDATE order_item SET state = 'released', released_at = now() WHERE order_id = $1");

SQL(test_cancelled,
	"UPDATE orders SET state = 'cancelled', closed_at = now(), play_date = current_date + 9"
	" WHERE id = $1");

struct row {
	int64_t rows, tries, due_in_s, work;
	const char *state, *trouble;
	bool sent;
};
static const struct field row_fields[] = {
	FIELD(struct row, rows),
	FIELD(struct row, tries, .optional = true),
	FIELD(struct row, due_in_s, .optional = true),
	FIELD(struct row, work),
	FIELD(struct row, state, .optional = true),
	FIELD(struct row, trouble, .optional = true),
	FIELD(struct row, sent),
};
static const struct shape row_shape = SHAPE(struct row, row_fields);
SQL(test_shipping_row,
	"SELECT (s.attempt_id IS NOT NULL)::int AS rows, s.tries,"
	" ceil(extract(epoch FROM s.run_at - now()))::bigint AS due_in_s, s.state, s.trouble,"
	" s.sent_at IS NOT NULL AS sent, (SELECT count(*) FROM work_item w"
	"  WHERE w.kind = 'shipping_stuck' AND w.order_id = $1 AND w.venue_id = 1"
	"  AND w.done_at IS NULL) AS work"
	" FROM (SELECT 1) one LEFT JOIN shipping s ON s.attempt_id = $1");

static struct row row(int64_t id)
{
	struct row r;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	must(db_one(&tx, &test_shipping_row, &row_shape, &r, A(id)));
	return r;
}

static void add_shipping(int64_t id)
{
	struct tx tx = begin();

	shipping_add(&tx, id);
	must(tx_commit(&tx));
}

static bool step_here(void)
{
	bool busy = false;

	must(shipping_step(db, mem, &busy));
	return busy;
}

/* Whether there was something to do. In a process of its own: what one has
 * learned it keeps, and two can share neither ids nor a connection to WeChat. */
static bool step(void)
{
	int status;

	db_drop(db);
	if (fork() == 0) {
		alarm(60);
		db = db_new(settings.db, "a step");
		_exit(step_here());
	}
	assert_true(wait(&status) > 0 && WIFEXITED(status));
	assert_true(WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 1;
}

static void step_all(int64_t unused)
{
	(void)unused;
	db = db_new(settings.db, "steps");
	while (step_here())
		;
}

static int64_t waiting(void)
{
	int64_t id = paid();

	add_shipping(id);
	assert_string_equal(row(id).state, "waiting");
	return id;
}

static void a_used_order_is_reported_once(void **state)
{
	int64_t id = waiting();

	(void)state;
	add_shipping(id);
	assert_true(step());
	assert_false(step());
	add_shipping(id);
	assert_false(step());
	assert_int_equal(weixin->reports, 1);
	assert_string_equal(row(id).state, "sent");
	assert_true(row(id).sent && !row(id).trouble);
}

static void only_payments_inside_the_mini_program_are_reported(void **state)
{
	int64_t native = paid_by("wechat", "native", "o-openid", 1), surplus = new_id();
	int64_t alipay = paid_by("alipay", "jsapi", "2088", 1),
		other = paid_by("alipay", "jsapi", "2088", 1);

	(void)state;
	RUN(&test_surplus, A(other), A(surplus));
	add_shipping(native);
	add_shipping(alipay);
	add_shipping(other);
	assert_int_equal(row(native).rows + row(alipay).rows + row(surplus).rows, 0);
}

static void a_busy_wechat_is_asked_again_later_and_later(void **state)
{
	static const int64_t wait_s[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
	int64_t id = waiting();

	(void)state;
	weixin->errcode = -1;
	for (size_t i = 0; i < COUNT_OF(wait_s); i++) {
		assert_true(step());
		assert_string_equal(row(id).state, "waiting");
		assert_int_equal(row(id).tries, i + 1);
		assert_true(row(id).due_in_s <= wait_s[i] && row(id).due_in_s > wait_s[i] - 20);
		assert_non_null(strstr(row(id).trouble, "-1 said"));
		assert_false(step()); /* its time hasn't come */
		RUN(&test_shipping_due, A(id));
	}
	weixin->errcode = 0;
	assert_true(step());
	assert_string_equal(row(id).state, "sent");
}

static void without_an_answer_it_is_tried_again(void **state)
{
	int64_t id = waiting();

	(void)state;
	weixin->broken = true;
	assert_true(step());
	assert_string_equal(row(id).state, "waiting");
	assert_string_equal(row(id).trouble, "no answer");
	weixin->broken = false;
	weixin->errcode = 10060023; /* the first try had arrived after all */
	RUN(&test_shipping_due, A(id));
	assert_true(step());
	assert_string_equal(row(id).state, "sent");
}

static void after_the_last_try_people_are_called(void **state)
{
	int64_t id = waiting();

	(void)state;
	weixin->errcode = 10060001;
	RUN(&test_shipping_tries, A(id), A(SHIPPING_TRIES - 2));
	assert_true(step());
	assert_string_equal(row(id).state, "waiting");
	RUN(&test_shipping_due, A(id));
	assert_true(step());
	assert_string_equal(row(id).state, "stuck");
	assert_int_equal(row(id).work, 1);
	RUN(&test_shipping_due, A(id));
	assert_false(step());
}

static void what_no_repeat_cures_goes_to_people_at_once(void **state)
{
	int64_t id = waiting(), nobody = paid_by("wechat", "jsapi", NULL, 1);

	(void)state;
	weixin->errcode = 10060004;
	assert_true(step());
	assert_string_equal(row(id).state, "stuck");
	assert_non_null(strstr(row(id).trouble, "10060004"));
	assert_int_equal(row(id).work, 1);
	add_shipping(nobody);
	assert_true(step());
	assert_string_equal(row(nobody).state, "stuck");
	assert_int_equal(weixin->reports, 1);
}

static void money_that_has_gone_back_is_not_reported(void **state)
{
	int64_t id = waiting();

	(void)state;
	RUN(&test_all_back, A(id));
	assert_true(step());
	assert_string_equal(row(id).state, "waived");
	assert_int_equal(weixin->reports, 0);
}

static void step_by_setting(int64_t unused)
{
	settings.wx_shipping = "auto";
	step_all(unused);
}

static void auto_asks_whether_there_is_a_duty(void **state)
{
	int64_t a = waiting(), b = waiting();

	(void)state;
	weixin->managed = false;
	in_processes(1, step_by_setting, 0, 0);
	assert_string_equal(row(a).state, "waived");
	assert_string_equal(row(b).state, "waived");
	assert_int_equal(weixin->questions, 1);
	assert_int_equal(weixin->reports, 0);
	a = waiting();
	b = waiting();
	weixin->managed = true;
	in_processes(1, step_by_setting, 0, 0);
	assert_string_equal(row(a).state, "sent");
	assert_string_equal(row(b).state, "sent");
	assert_int_equal(weixin->questions, 2);
	a = waiting();
	b = waiting();
	weixin->broken = true;
	in_processes(1, step_by_setting, 0, 0);
	assert_string_equal(row(a).state, "waiting");
	assert_string_equal(row(b).state, "waiting");
	assert_int_equal(weixin->questions, 3); /* not for each row anew */
}

static void with_the_setting_off_nothing_happens(void **state)
{
	int64_t id = waiting(), other = paid();

	(void)state;
	settings.wx_shipping = "off";
	assert_false(step());
	add_shipping(other);
	settings.wx_shipping = "on";
	assert_string_equal(row(id).state, "waiting");
	assert_int_equal(row(other).rows, 0);
}

static void four_at_once_report_each_once(void **state)
{
	int64_t ids[ORDERS];

	(void)state;
	for (int i = 0; i < ORDERS; i++)
		ids[i] = waiting();
	in_processes(PROCESSES, step_all, 0, 0);
	for (int i = 0; i < ORDERS; i++) {
		assert_string_equal(row(ids[i]).state, "sent");
		assert_int_equal(row(ids[i]).tries, 1);
	}
	assert_int_equal(weixin->reports, ORDERS);
}

static void an_order_whose_last_period_is_over_is_found(void **state)
{
	int64_t over = paid_by("wechat", "jsapi", "o-openid", -1), ahead = paid();
	int64_t native = paid_by("wechat", "native", "o-openid", -1);
	int64_t given_up = paid_by("wechat", "jsapi", "o-openid", -1);
	int64_t kept = paid(), kept_later = paid();

	(void)state;
	RUN(&test_release, A(given_up));
	RUN(&test_all_back, A(given_up));
	RUN(&test_release, A(kept)); /* and the venue keeps its money */
	RUN(&test_release, A(kept_later));
	RUN(&test_cancelled, A(kept_later));
	for (int i = 0; i < 2; i++) {
		struct tx tx = begin();
		must(shipping_sweep(&tx));
		must(tx_commit(&tx));
	}
	assert_int_equal(row(over).rows, 1);
	assert_int_equal(row(kept).rows + row(kept_later).rows, 2);
	assert_int_equal(row(ahead).rows + row(native).rows + row(given_up).rows, 0);
}

static int fresh(void **state)
{
	(void)state;
	*weixin = (struct weixin){.expires_in = 7200, .managed = true};
	RUN(&test_quiet);
	return 0;
}

static int shipping_begin(void **state)
{
	if (setup(state) != 0)
		return -1;
	weixin_begin();
	shipping_init();
	return 0;
}

static int shipping_end(void **state)
{
	RUN(&test_quiet);
	weixin_end();
	return teardown(state);
}

#define SHIPPING_TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHIPPING_TEST(a_used_order_is_reported_once),
		SHIPPING_TEST(only_payments_inside_the_mini_program_are_reported),
		SHIPPING_TEST(a_busy_wechat_is_asked_again_later_and_later),
		SHIPPING_TEST(without_an_answer_it_is_tried_again),
		SHIPPING_TEST(after_the_last_try_people_are_called),
		SHIPPING_TEST(what_no_repeat_cures_goes_to_people_at_once),
		SHIPPING_TEST(money_that_has_gone_back_is_not_reported),
		SHIPPING_TEST(auto_asks_whether_there_is_a_duty),
		SHIPPING_TEST(with_the_setting_off_nothing_happens),
		SHIPPING_TEST(four_at_once_report_each_once),
		SHIPPING_TEST(an_order_whose_last_period_is_over_is_found),
	};

	return RUN_TESTS_BETWEEN(shipping_begin, tests, shipping_end);
}
