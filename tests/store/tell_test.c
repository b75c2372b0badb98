/* The inbox: one entry a message, however often that is delivered. */
#include "paid.h"

#include "tell/inbox.h"
#include "tell/tell.h"

enum { PROCESSES = 4 };

static const struct consumer teller = {name, "", tell_message};

SQL(test_message,
	"INSERT INTO message (id, kind, subject_id, body, published_at)"
	" VALUES ($1, $2, $3, $4::jsonb, now())");
SQL(test_refund,
	"INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no, amount_fen, cause,"
	"  reason, request) VALUES ($1, $2, $2, 1, 'R' || $1, 2500, 'late',"
	"  '订单已由您取消，全额退款', '{}')");
SQL(test_more_items,
	"INSERT INTO order_item (id, order_id, venue_id, court_id, during, price_fen, state)"
	" SELECT nextval('id_block') * 256, $1, 1, 1 + n, i.during, 0, 'booked'"
	" FROM order_item i, generate_series(1, 4) n WHERE i.id = $1");

static int64_t message(const char *kind, int64_t order, const char *body)
{
	int64_t id = new_id();

	RUN(&test_message, A(id), A(kind), A(order), A(body));
	return id;
}

static void deliver(int64_t id)
{
	struct handling h = {.consumer = &teller, .db = db, .mem = mem, .id = id};

	must(consume_one(&h));
}

static struct list inbox(int64_t account, int64_t before, int64_t limit, int64_t *unread)
{
	struct list out;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_READ);
	inbox_ask(&tx, account, before, limit, &out);
	unread_ask(&tx, account, unread);
	must(db_sync(&tx));
	return out;
}

static void a_message_delivered_to_four_at_once_is_told_once(void **state)
{
	int64_t order = paid(), id = message("order.paid", order, "{}"), unread;

	(void)state;
	in_processes(PROCESSES, deliver, id, 0);
	deliver(id);
	struct list told = inbox(order, 0, 10, &unread);
	assert_int_equal(told.count, 1);
	assert_int_equal(unread, 1);
	const struct inbox_entry *e = told.at;
	assert_string_equal(e->kind, "order.paid");
	assert_int_equal(e->order_id, order);
	assert_int_equal(e->read_at.us, 0);
	assert_non_null(strstr(e->body, "星河羽毛球馆"));
	assert_non_null(strstr(e->body, "1 号场，已付 60.00 元"));
}

/* As if message_done had been lost: the entry's own key holds. */
static void another_consumer_of_the_same_message_adds_nothing(void **state)
{
	int64_t order = paid(), id = message("order.paid", order, "{}"), unread;
	struct consumer twin = {"twin", "", tell_message};
	struct handling h = {.consumer = &twin, .db = db, .mem = mem, .id = id};

	(void)state;
	deliver(id);
	must(consume_one(&h));
	assert_int_equal(inbox(order, 0, 10, &unread).count, 1);
}

static void a_refund_is_told_with_its_sum_and_reason(void **state)
{
	int64_t order = paid(), refund = new_id(), unread;

	(void)state;
	RUN(&test_refund, A(refund), A(order));
	deliver(message("refund.created", order,
		arena_printf(mem, "{\"order_id\":%lld,\"refund_id\":%lld}", (long long)order,
			(long long)refund)));
	struct list told = inbox(order, 0, 10, &unread);
	assert_int_equal(told.count, 1);
	const struct inbox_entry *e = told.at;
	assert_non_null(strstr(e->body, "付款到账时订单已由您取消，全额退款"));
	assert_non_null(strstr(e->body, "退款 25.00 元"));
}

static void many_periods_are_counted(void **state)
{
	int64_t order = paid(), unread;

	(void)state;
	RUN(&test_more_items, A(order));
	deliver(message("order.paid", order, "{}"));
	const struct inbox_entry *e = inbox(order, 0, 10, &unread).at;
	assert_non_null(strstr(e->body, "1 号场、"));
	assert_non_null(strstr(e->body, "3 号场等 5 场"));
	assert_null(strstr(e->body, "4 号场"));
}

SQL(test_next_number,
	"INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no, amount_fen, cause,"
	"  reason, request, replaces) VALUES ($1, $2, $2, 1, 'R' || $1, 2500, 'cancel', '', '{}', $3)");
SQL(test_given_up,
	"UPDATE order_item SET state = 'released', released_at = now(), refund_id = $2"
	" WHERE order_id = $1 AND court_id = 3");

/* The number that took its place tells of the same courts. */
static void a_refund_names_what_was_given_up_with_it(void **state)
{
	int64_t order = paid(), first = new_id(), next = new_id(), unread;
	const int64_t refunds[] = {first, next};

	(void)state;
	RUN(&test_more_items, A(order));
	RUN(&test_refund, A(first), A(order));
	RUN(&test_given_up, A(order), A(first));
	RUN(&test_next_number, A(next), A(order), A(first));
	for (size_t i = 0; i < COUNT_OF(refunds); i++) {
		deliver(message("refund.created", order,
			arena_printf(mem, "{\"refund_id\":%lld}", (long long)refunds[i])));
		const struct inbox_entry *e = inbox(order, 0, 10, &unread).at;
		assert_non_null(strstr(e->body, "3 号场"));
		assert_null(strstr(e->body, "1 号场"));
	}
	deliver(message("order.paid", order, "{}"));
	const struct inbox_entry *e = inbox(order, 0, 10, &unread).at;
	assert_null(strstr(e->body, "3 号场"));
}

SQL(test_all_given_up,
	"WITH i AS (UPDATE order_item SET state = 'released', released_at = now()"
	"  WHERE order_id = $1) UPDATE orders SET state = 'cancelled', closed_at = now()"
	" WHERE id = $1");

static void whoever_has_cancelled_is_not_invited_to_come(void **state)
{
	int64_t order = paid(), unread;

	(void)state;
	RUN(&test_all_given_up, A(order));
	deliver(message("order.paid", order, "{}"));
	const struct inbox_entry *e = inbox(order, 0, 10, &unread).at;
	assert_non_null(strstr(e->body, "已付 60.00 元，其后已取消。"));
	assert_null(strstr(e->body, "核销码"));
}

static void what_has_not_ended_is_not_told_as_ended(void **state)
{
	int64_t order = paid(), unread;

	(void)state;
	deliver(message("order.ended", order, "{}"));
	assert_int_equal(inbox(order, 0, 10, &unread).count, 0);
}

static void a_message_of_nothing_fails(void **state)
{
	int64_t id = message("refund.done", 1, "{}");

	(void)state;
	deliver(id);
	assert_int_equal(facts(id).tries, 1);
	assert_string_equal(facts(id).last_error, "not_found");
}

static void newest_first_by_pages_and_read_up_to_one(void **state)
{
	int64_t order = paid(), other = paid(), unread;

	(void)state;
	for (int i = 0; i < 5; i++)
		deliver(message("order.paid", order, "{}"));
	deliver(message("order.paid", other, "{}"));
	struct list first = inbox(order, 0, 3, &unread);
	const struct inbox_entry *e = first.at;
	assert_int_equal(first.count, 3);
	assert_int_equal(unread, 5);
	assert_true(e[0].id > e[1].id && e[1].id > e[2].id);
	struct list rest = inbox(order, e[2].id, 3, &unread);
	assert_int_equal(rest.count, 2);
	struct tx tx = begin();
	inbox_mark_read(&tx, order, e[1].id);
	must(tx_commit(&tx));
	const struct inbox_entry *after = inbox(order, 0, 10, &unread).at;
	assert_int_equal(unread, 1);
	assert_int_equal(after[0].read_at.us, 0);
	stamp read_at = after[1].read_at;
	assert_true(read_at.us > 0 && after[4].read_at.us == read_at.us);
	tx = begin();
	inbox_mark_read(&tx, order, e[1].id);
	must(tx_commit(&tx));
	after = inbox(order, 0, 10, &unread).at;
	assert_int_equal(after[1].read_at.us, read_at.us); /* when it was read first */
	inbox(other, 0, 10, &unread);
	assert_int_equal(unread, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_delivered_to_four_at_once_is_told_once),
		cmocka_unit_test(another_consumer_of_the_same_message_adds_nothing),
		cmocka_unit_test(a_refund_is_told_with_its_sum_and_reason),
		cmocka_unit_test(many_periods_are_counted),
		cmocka_unit_test(a_refund_names_what_was_given_up_with_it),
		cmocka_unit_test(whoever_has_cancelled_is_not_invited_to_come),
		cmocka_unit_test(what_has_not_ended_is_not_told_as_ended),
		cmocka_unit_test(a_message_of_nothing_fails),
		cmocka_unit_test(newest_first_by_pages_and_read_up_to_one),
	};

	return RUN_TESTS_BETWEEN(setup, tests, teardown);
}
