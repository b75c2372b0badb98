/* A venue of a test's own, with customers, and what must hold of it whatever
 * happened. One floor is sold whole or in halves; other courts have a unit each. */
#include "order/order.h"

#include "store.h"

#define VENUE "current_setting('test.venue')::bigint" /* the last that was made */

enum { SINGLES = 6, COURTS = 3 + SINGLES, OPENS = 480, CLOSES = 1380 }; /* minutes */

/* Made by the owner for this run: ids from a block of its own. */
static int64_t venue;
static int64_t courts[COURTS]; /* the whole floor, its halves, the singles */
static date tomorrow;

static inline int64_t block(PGconn *on)
{
	return count(on, "SELECT nextval('id_block') * 256");
}

static inline void make_court(int64_t id, const char *units)
{
	const char *sql = arena_printf(mem,
		"INSERT INTO court (id, venue_id, sport_id, name)"
		" VALUES (%1$lld, %2$lld, 1, '%1$lld');"
		"INSERT INTO court_unit SELECT %1$lld, u, %2$lld"
		" FROM unnest('%3$s'::bigint[]) AS u",
		(long long)id, (long long)venue, units);

	say(owner, sql);
}

static inline void make_venue(void)
{
	long long v = venue = block(owner);

	settings.holds_at_once = settings.holds_ended_per_day = 1000000;
	const char *sql = arena_printf(mem,
		"INSERT INTO venue (id, name, phone_required, longest_minutes)"
		" VALUES (%1$lld, 'test %5$lld', false, 1800);"
		"INSERT INTO venue_sport VALUES (%1$lld, 1, 30);"
		"INSERT INTO opening SELECT %1$lld, d, %2$d, %3$d FROM generate_series(1, 7) d;"
		"INSERT INTO price_rule (id, venue_id, hour_fen) VALUES (%1$lld, %1$lld, 4000);"
		"INSERT INTO unit SELECT %1$lld + n, %1$lld, n FROM generate_series(0, %4$d) n",
		v, OPENS, CLOSES, SINGLES + 1, (long long)mine);

	say(owner, sql);
	say(owner, arena_printf(mem, "SET test.venue = %lld", v));
	for (int64_t i = 0; i < COURTS; i++)
		courts[i] = v + 10 + i;
	make_court(courts[0], arena_printf(mem, "{%lld,%lld}", v, v + 1));
	for (int64_t i = 1; i < COURTS; i++)
		make_court(courts[i], arena_printf(mem, "{%lld}", v + i - 1));
	const char *day = say(owner, "SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date + 1");
	assert_true(date_parse(day, &tomorrow));
}

static inline int64_t make_person(PGconn *on)
{
	int64_t id = block(on);

	say(on, arena_printf(mem,
			"INSERT INTO account (id, nickname) VALUES (%lld, 'test %lld')",
			(long long)id, (long long)mine));
	return id;
}

/* Nothing of this run stays. */
static inline int shop_end(void **state)
{
	const char *sql = arena_printf(mem,
		"CREATE TEMP TABLE gone AS SELECT id FROM venue WHERE name = 'test %1$lld';"
		"CREATE TEMP TABLE people AS SELECT id FROM account"
		" WHERE nickname = 'test %1$lld';"
		"DELETE FROM occupancy WHERE unit_id IN"
		" (SELECT id FROM unit WHERE venue_id IN (TABLE gone));"
		"DELETE FROM message WHERE subject_id IN"
		" (SELECT id FROM orders WHERE venue_id IN (TABLE gone));"
		"DELETE FROM order_item WHERE venue_id IN (TABLE gone);"
		"DELETE FROM orders WHERE venue_id IN (TABLE gone);"
		"DELETE FROM booking_day WHERE account_id IN (TABLE people);"
		"DELETE FROM account WHERE id IN (TABLE people);"
		"DELETE FROM court_unit WHERE venue_id IN (TABLE gone);"
		"DELETE FROM court WHERE venue_id IN (TABLE gone);"
		"DELETE FROM unit WHERE venue_id IN (TABLE gone);"
		"DELETE FROM price_rule WHERE venue_id IN (TABLE gone);"
		"DELETE FROM opening WHERE venue_id IN (TABLE gone);"
		"DELETE FROM venue_sport WHERE venue_id IN (TABLE gone);"
		"DELETE FROM venue WHERE id IN (TABLE gone)",
		(long long)mine);

	say(owner, sql);
	return store_end(state);
}

static inline struct period period(int64_t court, int64_t minute, int64_t minutes)
{
	stamp midnight = {((int64_t)tomorrow.days * 24 - 8) * HOUR};

	return (struct period){court, {midnight.us + minute * MINUTE},
		{midnight.us + (minute + minutes) * MINUTE}};
}

/* As the handler does it, without its transaction's end. */
static inline enum err place(
	struct tx *tx, int64_t person, struct period *periods, size_t n, struct order *order)
{
	struct order_in in = {.venue_id = venue, .date = tomorrow, .periods = {periods, n}};
	const char *field;
	struct day day;

	day_ask_courts(tx, venue, tomorrow, order_in_courts(tx->mem, &in), &day);
	TRY(db_sync(tx));
	TRY(order_draft(tx->mem, &in, &day, order, &field));
	return order_add(tx, order, person);
}

static inline enum err buy(struct db *on, struct arena *a, int64_t person,
	struct period *periods, size_t n, struct order *order)
{
	struct tx tx;

	tx_begin(&tx, on, a, TX_WRITE);
	enum err err = place(&tx, person, periods, n, order);
	if (err == E_OK)
		err = tx_commit(&tx);
	if (err != E_OK)
		tx_rollback(&tx);
	return err;
}

/* How often each error came, over all children. */
struct tally {
	int64_t of[ERR_COUNT];
};

static inline void race(
	int children, void (*run)(int number, struct tally *), struct tally *sum)
{
	int pipes[2], status;
	struct tally one;

	*sum = (struct tally){{0}};
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < children; i++)
		if (fork() == 0) {
			struct tally mine_only = {{0}};
			run(i, &mine_only);
			_exit(write(pipes[1], &mine_only, sizeof(one)) != sizeof(one));
		}
	close(pipes[1]); /* a child that crashes ends the waiting */
	for (int i = 0; i < children; i++) {
		assert_int_equal(read(pipes[0], &one, sizeof(one)), sizeof(one));
		for (int e = 0; e < ERR_COUNT; e++)
			sum->of[e] += one.of[e];
	}
	for (int i = 0; i < children; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	close(pipes[0]);
	for (int e = 0; e < ERR_COUNT; e++)
		if (sum->of[e])
			print_message("  %lld %s\n", (long long)sum->of[e], err_info[e].code);
}

/* Each counts what must not be. */
static const char *const crimes[] = {
	/* two items that share a unit at one time */
	"SELECT count(*) FROM order_item a JOIN court_unit ua ON ua.court_id = a.court_id"
	" JOIN court_unit ub ON ub.unit_id = ua.unit_id"
	" JOIN order_item b ON b.court_id = ub.court_id AND b.id > a.id"
	" WHERE a.venue_id = " VENUE " AND a.during && b.during",
	/* a step of a unit that is sold and not held, or held and not sold */
	"WITH sold AS (SELECT u.unit_id, t.at, i.id FROM order_item i"
	"  JOIN court_unit u ON u.court_id = i.court_id, generate_series(lower(i.during),"
	"   upper(i.during) - interval '30 min', '30 min') AS t(at)"
	"  WHERE i.venue_id = " VENUE
	"),"
	" held AS (SELECT o.unit_id, o.at, o.item_id FROM occupancy o"
	"  JOIN unit u ON u.id = o.unit_id WHERE u.venue_id = " VENUE
	")"
	" SELECT (SELECT count(*) FROM (TABLE sold EXCEPT TABLE held) x)"
	"  + (SELECT count(*) FROM (TABLE held EXCEPT TABLE sold) y)",
	/* an order that is not the sum of its items */
	"SELECT count(*) FROM orders o WHERE o.venue_id = " VENUE
	" AND o.amount_fen IS DISTINCT FROM"
	"  (SELECT sum(i.price_fen) FROM order_item i WHERE i.order_id = o.id)",
	/* a person's count of the day that is not the number of his periods */
	"SELECT count(*) FROM (SELECT o.account_id, o.play_date, count(*) AS n"
	"  FROM orders o JOIN order_item i ON i.order_id = o.id"
	"  WHERE o.venue_id = " VENUE
	" GROUP BY 1, 2) s"
	" LEFT JOIN booking_day d USING (account_id, play_date)"
	" WHERE d.periods IS DISTINCT FROM s.n",
};

static inline void assert_nothing_is_sold_twice(void)
{
	for (size_t i = 0; i < COUNT_OF(crimes); i++)
		if (count(owner, crimes[i]) != 0)
			fail_msg("%s: %lld", crimes[i], (long long)count(owner, crimes[i]));
}
