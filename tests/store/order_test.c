/* Many customers, few courts: what is stored afterwards is checked by SQL. */
#include "order/ending.h"
#include "shop.h"

enum {
	RIVALS = 16,
	TRIES = 12,
	PERSONS = 32, /* connections of one person */
	EACH = 2
};

static int64_t persons[PERSONS];

/* One or two periods on the floor, of one to four steps, anywhere in the day. */
static void want_the_floor(int number, struct tally *tally)
{
	struct db *own = db_new(settings.db, "order_test");
	struct arena *a = arena_new(1 << 16);
	uint32_t seed = (uint32_t)number * 7919 + 1;

	for (int i = 0; i < TRIES; i++) {
		struct period wish[2];
		struct order order;

		for (size_t k = 0; k < COUNT_OF(wish); k++) {
			seed = seed * 1664525 + 1013904223;
			wish[k] = period(courts[seed >> 8 & 3 ? (seed >> 8) % 3 : 0],
				OPENS + (seed >> 12) % 24 * 30, 30 + (seed >> 20) % 4 * 30);
		}
		tally->of[buy(own, a, persons[number], wish, 1 + (seed >> 24) % 2, &order)]++;
		arena_reset(a);
	}
}

static void sixteen_want_one_floor_whole_or_in_halves(void **state)
{
	struct tally tally;

	(void)state;
	settings.quota_per_day = 1000;
	race(RIVALS, want_the_floor, &tally);
	int64_t all = tally.of[E_OK] + tally.of[E_SLOT_TAKEN] + tally.of[E_PERIOD_DUPLICATE];
	assert_int_equal(all, RIVALS * TRIES); /* nothing else: no deadlock either */
	/* Who comes first decides how many fit. In the end every half hour is taken, because
	 * each is wished for alone; an order has eight of the 24 at most. */
	assert_true(tally.of[E_OK] >= 3 && tally.of[E_SLOT_TAKEN] > 50);
	assert_int_equal(count(owner, "SELECT count(*) FROM orders WHERE venue_id = " VENUE),
		tally.of[E_OK]);
	assert_nothing_is_sold_twice();
}

/* All want the very same step at the same moment. */
static void want_the_same(int number, struct tally *tally)
{
	struct db *own = db_new(settings.db, "order_test");
	struct arena *a = arena_new(1 << 16);

	for (int64_t minute = OPENS; minute < OPENS + 300; minute += 30) {
		struct period wish = period(courts[number % 3], minute, 30);
		struct order order;

		tally->of[buy(own, a, persons[number], &wish, 1, &order)]++;
		arena_reset(a);
	}
}

static void of_sixteen_who_want_one_half_hour_at_most_two_get_it(void **state)
{
	struct tally tally;

	(void)state;
	settings.quota_per_day = 1000;
	race(RIVALS, want_the_same, &tally);
	assert_int_equal(tally.of[E_OK] + tally.of[E_SLOT_TAKEN], RIVALS * 10);
	assert_true(tally.of[E_OK] >= 10 && tally.of[E_OK] <= 20); /* whole, or two halves */
	assert_int_equal(count(owner,
				 "SELECT count(DISTINCT (o.unit_id, o.at)) FROM occupancy o"
				 " JOIN unit u ON u.id = o.unit_id WHERE u.venue_id = " VENUE),
		20); /* nothing was left over */
	assert_nothing_is_sold_twice();
}

/* Nobody keeps what he takes, so that all stay in each other's way. */
static void take_long_periods_and_let_go(int number, struct tally *tally)
{
	struct db *own = db_new(settings.db, "order_test");
	struct arena *a = arena_new(1 << 16);

	for (int i = 0; i < TRIES; i++) {
		struct period wish[] = {period(courts[number % 3], OPENS, 480),
			period(courts[3 + number % 2], OPENS, 480)};
		struct order order;
		struct tx tx;

		tx_begin(&tx, own, a, TX_WRITE);
		enum err err = place(&tx, persons[number], wish, 2, &order);
		if (err == E_OK)
			err = db_sync(&tx);
		tally->of[err]++;
		tx_rollback(&tx);
		arena_reset(a);
		if (err != E_OK)
			break;
	}
}

static void rivals_for_long_periods_wait_in_line_and_never_in_a_circle(void **state)
{
	struct tally tally;

	(void)state;
	settings.quota_per_day = 1000;
	settings.db_timeout_ms = 20000; /* not what this is about */
	race(RIVALS, take_long_periods_and_let_go, &tally);
	assert_int_equal(tally.of[E_OK], RIVALS * TRIES);
	settings.db_timeout_ms = 3000;
}

/* Two orders each, every one for another step, all of the same person. */
static void spend_the_quota(int number, struct tally *tally)
{
	struct db *own = db_new(settings.db, "order_test");
	struct arena *a = arena_new(1 << 16);

	for (int i = 0; i < EACH; i++) {
		int64_t n = number * EACH + i;
		struct period wish[] = {
			period(courts[3 + n % SINGLES], OPENS + n / SINGLES * 30, 30),
			period(courts[3 + n % SINGLES], OPENS + (n / SINGLES + 12) * 30, 30)};
		struct order order;

		tally->of[buy(own, a, persons[0], wish, 1 + (size_t)(n % 3 == 0), &order)]++;
		arena_reset(a);
	}
}

static void sixty_four_orders_of_one_person_never_pass_his_limit(void **state)
{
	(void)state;
	for (int limit = 1; limit <= 5; limit += 2) {
		struct tally tally;

		make_venue();
		persons[0] = make_person(other);
		settings.quota_per_day = limit;
		race(PERSONS, spend_the_quota, &tally);
		assert_int_equal(tally.of[E_OK] + tally.of[E_QUOTA], PERSONS * EACH);
		const char *sql = arena_printf(mem,
			"SELECT sum(periods) FROM booking_day WHERE account_id = %lld",
			(long long)persons[0]);
		assert_int_equal(count(owner, sql), limit); /* single periods fill it up */
		assert_nothing_is_sold_twice();
	}
}

static void of_sixty_four_orders_of_one_person_only_so_many_wait(void **state)
{
	(void)state;
	settings.quota_per_day = 1000;
	for (int limit = 1; limit <= 5; limit += 2) {
		struct tally tally;

		make_venue();
		persons[0] = make_person(other);
		settings.holds_at_once = limit;
		race(PERSONS, spend_the_quota, &tally);
		assert_int_equal(tally.of[E_OK], limit);
		assert_int_equal(tally.of[E_HOLDS_USED_UP], PERSONS * EACH - limit);
	}
}

/* Order and give up, again and again, all as the same person. */
static void order_and_give_up(int number, struct tally *tally)
{
	struct db *own = db_new(settings.db, "order_test");
	struct arena *a = arena_new(1 << 16);

	for (int i = 0; i < TRIES; i++) {
		struct period wish =
			period(courts[3 + number % SINGLES], OPENS + number / SINGLES * 30, 30);
		struct order order;
		struct tx tx;
		enum err err = buy(own, a, persons[0], &wish, 1, &order);

		tally->of[err]++;
		if (err == E_OK) {
			tx_begin(&tx, own, a, TX_WRITE);
			tally->of[tx_end(&tx, order_give_up(&tx, order.id))] += 0;
		}
		arena_reset(a);
	}
}

static void nobody_lets_more_orders_end_unpaid_than_he_may(void **state)
{
	struct tally tally;

	(void)state;
	settings.quota_per_day = 1000;
	make_venue();
	persons[0] = make_person(other);
	settings.holds_ended_per_day = 6;
	race(PERSONS, order_and_give_up, &tally);
	assert_int_equal(tally.of[E_OK], 6);
	assert_int_equal(tally.of[E_HOLDS_USED_UP], PERSONS * TRIES - 6);
	assert_int_equal(count(owner,
				 "SELECT count(*) FROM orders WHERE state = 'cancelled'"
				 " AND venue_id = " VENUE),
		6);
}

static void a_refused_order_leaves_no_trace(void **state)
{
	struct period first = period(courts[3], OPENS, 60);
	struct period second[] = {
		period(courts[4], OPENS, 60), period(courts[3], OPENS + 30, 30)};
	struct order order;

	(void)state;
	settings.quota_per_day = 3;
	assert_int_equal(buy(db, mem, persons[0], &first, 1, &order), E_OK);
	int64_t late = persons[1];
	assert_int_equal(buy(db, mem, late, second, 2, &order), E_SLOT_TAKEN);
	const char *traces = arena_printf(mem,
		"SELECT (SELECT count(*) FROM orders WHERE account_id = %1$lld)"
		" + (SELECT count(*) FROM booking_day WHERE account_id = %1$lld)",
		(long long)late);
	assert_int_equal(count(owner, traces), 0);
	assert_int_equal(buy(db, mem, late, second, 1, &order), E_OK);
	assert_nothing_is_sold_twice();
}

/* A rival, in a process of his own, waits for us to end; his outcome. */
static enum err rival_of(struct period *wish, bool we_commit)
{
	static const char waits[] =
		"SELECT 1 FROM pg_stat_activity"
		" WHERE application_name = 'rival' AND wait_event_type = 'Lock'";
	struct order order;
	struct tx tx;
	int status = -1;

	tx_begin(&tx, db, mem, TX_WRITE);
	assert_int_equal(place(&tx, persons[0], wish, 1, &order), E_OK);
	assert_int_equal(db_sync(&tx), E_OK);
	pid_t child = fork();
	if (child == 0)
		_exit((int)buy(db_new(settings.db, "rival"), mem, persons[1], wish, 1, &order));
	for (int i = 0; i < 400 && !*say(other, waits); i++)
		usleep(5000);
	if (we_commit)
		assert_int_equal(tx_commit(&tx), E_OK);
	else
		tx_rollback(&tx);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return (enum err)WEXITSTATUS(status);
}

static void a_rival_waits_and_gets_what_we_leave(void **state)
{
	struct period wish = period(courts[3], OPENS, 60);

	(void)state;
	settings.quota_per_day = 3;
	assert_int_equal(rival_of(&wish, false), E_OK);
	wish = period(courts[4], OPENS, 60);
	assert_int_equal(rival_of(&wish, true), E_SLOT_TAKEN);
	assert_nothing_is_sold_twice();
}

static void the_whole_and_its_half_in_one_order_are_refused(void **state)
{
	struct period both[] = {period(courts[0], OPENS, 30), period(courts[2], OPENS, 30)};
	struct period halves[] = {period(courts[1], OPENS, 30), period(courts[2], OPENS, 30)};
	struct order order;

	(void)state;
	settings.quota_per_day = 3;
	assert_int_equal(buy(db, mem, persons[0], both, 2, &order), E_SLOT_TAKEN);
	assert_int_equal(buy(db, mem, persons[0], halves, 2, &order), E_OK);
	assert_nothing_is_sold_twice();
}

/* What a desk does while an order is on its way: between what it has read and what it adds. */
static enum err buy_while(const char *desk, int64_t person, struct period *wish, size_t n)
{
	struct order_in in = {.venue_id = venue, .date = tomorrow, .periods = {wish, n}};
	const char *field;
	struct order order;
	struct day day;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	day_ask_courts(&tx, venue, tomorrow, order_in_courts(mem, &in), &day);
	assert_int_equal(db_sync(&tx), E_OK);
	assert_int_equal(order_draft(mem, &in, &day, &order, &field), E_OK);
	say(owner, desk);
	enum err err = order_add(&tx, &order, person);
	if (err == E_OK)
		err = tx_commit(&tx);
	if (err != E_OK)
		tx_rollback(&tx);
	return err;
}

static const char *empty_court(int64_t court)
{
	return arena_printf(
		mem, "DELETE FROM court_unit WHERE court_id = %lld", (long long)court);
}

static void a_court_that_loses_its_floor_meanwhile_is_not_sold(void **state)
{
	struct period wish[] = {period(courts[3], OPENS, 60), period(courts[4], OPENS, 60)};
	struct order order;

	(void)state;
	assert_int_equal(buy_while(empty_court(courts[4]), persons[0], wish, 2), E_RETRY);
	assert_int_equal(buy(db, mem, persons[0], wish, 2, &order), E_COURT_NOT_FOUND);
	assert_int_equal(buy(db, mem, persons[0], wish, 1, &order), E_OK);
	assert_nothing_is_sold_twice();
}

static void an_order_of_a_day_that_a_desk_has_changed_meanwhile_is_run_again(void **state)
{
	static const char *const changes[] = {
		"UPDATE opening SET closes = closes - 30 WHERE venue_id = " VENUE,
		"DELETE FROM opening WHERE venue_id = " VENUE,
		"INSERT INTO opening_exception (venue_id, day) VALUES (" VENUE
		", current_date + 9)",
		"INSERT INTO opening_exception_hours VALUES (" VENUE
		", current_date + 9, 480, 540)",
		"UPDATE opening_exception_hours SET closes = 600 WHERE venue_id = " VENUE,
		"DELETE FROM opening_exception WHERE venue_id = " VENUE,
		"UPDATE venue_sport SET slot_minutes = 60 WHERE venue_id = " VENUE,
		"UPDATE venue SET timezone = 'Asia/Tokyo' WHERE id = " VENUE,
		"UPDATE venue SET window_days = 1 WHERE id = " VENUE,
		"UPDATE venue SET longest_minutes = 30 WHERE id = " VENUE,
		"UPDATE venue SET ends_on = current_date + 20 WHERE id = " VENUE,
		"INSERT INTO calendar_day VALUES (current_date + 20, 'holiday', 'test')",
		"DELETE FROM calendar_day WHERE name = 'test'",
	};
	struct period wish = period(courts[3], OPENS, 60);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		enum err err = buy_while(changes[i], persons[i], &wish, 1);

		say(owner, "INSERT INTO opening SELECT " VENUE
			   ", n, 480, 1380"
			   " FROM generate_series(1, 7) n ON CONFLICT DO NOTHING;"
			   "UPDATE venue SET timezone = 'Asia/Shanghai',"
			   " longest_minutes = 1800 WHERE id = " VENUE);
		if (err != E_RETRY)
			fail_msg("%s: %s", changes[i], err_info[err].code);
	}
	assert_int_equal(buy_while("UPDATE venue SET name = name WHERE id = " VENUE, persons[0],
				 &wish, 1),
		E_OK);
}

/* The constraint that stops it. */
static const char *broken_by(const char *sql)
{
	PGresult *res = PQexec(owner, sql);
	const char *name = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);

	name = arena_strdup(mem, name ? name : "");
	PQclear(res);
	return name;
}

static void nobody_takes_the_floor_of_what_is_held(void **state)
{
	struct period wish = period(courts[3], OPENS, 60);
	struct order order;

	(void)state;
	assert_int_equal(buy(db, mem, persons[0], &wish, 1, &order), E_OK);
	assert_string_equal(broken_by(empty_court(courts[3])), "court_unit_unused");
	assert_string_equal(
		broken_by(arena_printf(mem, "INSERT INTO court_unit VALUES (%lld, %lld, %lld)",
			(long long)courts[3], (long long)venue, (long long)venue)),
		"court_unit_unused");
	assert_string_equal(broken_by(empty_court(courts[4])), "");
}

static void a_block_without_floor_is_refused(void **state)
{
	(void)state;
	assert_string_equal(
		broken_by(arena_printf(mem,
			"INSERT INTO court_block (id, venue_id, court_id, during, reason)"
			" VALUES (%lld, %lld, %lld, tstzrange(now(), now() + interval '1 h'), 'x')",
			(long long)block(owner), (long long)venue, (long long)courts[3])),
		"court_block_has_floor");
}

static void what_was_added_is_loaded_and_listed_by_its_owner_only(void **state)
{
	struct period wish[] = {period(courts[3], OPENS, 60), period(courts[4], OPENS, 30)};
	struct order order = {0}, back = {0};
	struct list all;
	struct tx tx;

	(void)state;
	settings.quota_per_day = 3;
	assert_int_equal(buy(db, mem, persons[0], wish, 2, &order), E_OK);
	assert_int_equal(
		count(owner, arena_printf(mem,
				     "SELECT count(*) FROM message WHERE kind = 'order.created'"
				     " AND subject_id = %lld",
				     (long long)order.id)),
		1);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(order_load(&tx, order.id, persons[0], &back), E_OK);
	assert_string_equal(back.no, order.no);
	assert_true(strlen(back.no) == 18 && back.amount_fen.fen == 6000);
	assert_true(back.created_at.us == order.created_at.us && back.items.count == 2);
	const struct item *items = back.items.at;
	assert_true(items[0].court_id == courts[3] && items[0].start.us == wish[0].start.us);
	assert_true(items[1].end.us == wish[1].end.us && items[1].price_fen.fen == 2000);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(order_load(&tx, order.id, persons[1], &back), E_NOT_FOUND);
	tx_begin(&tx, db, mem, TX_READ);
	assert_int_equal(order_list(&tx, persons[0], 0, 10, &all), E_OK);
	assert_int_equal(all.count, 1);
	assert_int_equal(((struct order *)all.at)[0].items.count, 2);
	assert_int_equal(order_list(&tx, persons[1], 0, 10, &all), E_OK);
	assert_int_equal(all.count, 0);
}

/* An empty venue and people without orders. */
static int fresh_venue(void **state)
{
	(void)state;
	make_venue();
	for (size_t i = 0; i < COUNT_OF(persons); i++)
		persons[i] = make_person(other);
	return 0;
}

#define ORDER_TEST(name) cmocka_unit_test_setup(name, fresh_venue)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ORDER_TEST(sixteen_want_one_floor_whole_or_in_halves),
		ORDER_TEST(of_sixteen_who_want_one_half_hour_at_most_two_get_it),
		ORDER_TEST(rivals_for_long_periods_wait_in_line_and_never_in_a_circle),
		ORDER_TEST(sixty_four_orders_of_one_person_never_pass_his_limit),
		ORDER_TEST(of_sixty_four_orders_of_one_person_only_so_many_wait),
		ORDER_TEST(nobody_lets_more_orders_end_unpaid_than_he_may),
		ORDER_TEST(a_refused_order_leaves_no_trace),
		ORDER_TEST(a_rival_waits_and_gets_what_we_leave),
		ORDER_TEST(the_whole_and_its_half_in_one_order_are_refused),
		ORDER_TEST(a_court_that_loses_its_floor_meanwhile_is_not_sold),
		ORDER_TEST(an_order_of_a_day_that_a_desk_has_changed_meanwhile_is_run_again),
		ORDER_TEST(nobody_takes_the_floor_of_what_is_held),
		ORDER_TEST(a_block_without_floor_is_refused),
		ORDER_TEST(what_was_added_is_loaded_and_listed_by_its_owner_only),
	};

	return RUN_TESTS_BETWEEN(store_begin, tests, shop_end);
}
