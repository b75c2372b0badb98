/* A channel whose bills the test writes, and the rows of ours that they are
 * compared with. Each test has a day of its own, long past. */
#include "shop.h"

#include "reconcile/day.h"
#include "reconcile/reconcile.h"

#include <sys/mman.h>

enum { LINES_MAX = 64 };

struct fake {
	const char *state; /* of a trade: SUCCESS REFUND REVOKED; of a movement: its type */
	const char *at;    /* time of the day */
	const char *no, *their_no;
	int64_t fen;
	const char *word, *trade_no; /* of a refund: its state, its payment */
	bool outlay;
	int64_t coupon; /* of a trade: so much of it isn't settled */
};

/* What the channel answers; in memory that children share. */
static struct bank {
	date day;
	struct fake trades[LINES_MAX], flows[LINES_MAX];
	size_t trade_count, flow_count;
	enum err trade_says, flow_says; /* instead of the bill, or at its end */
	int fetches, asks;
	enum err ask_says;
	const char *pays; /* asked about: this transaction, NULL: nothing new */
	/* Happens between the lines and the end of a bill. */
	void (*in_trades)(void), (*in_flows)(void);
} * bank;

static inline stamp at_time(const char *time)
{
	char day[DATE_TEXT];
	stamp out;

	assert_true(stamp_parse(
		arena_printf(mem, "%sT%s+08:00", date_write(day, bank->day), time), &out));
	return out;
}

static inline enum err fetch_trades(bill_fn *take, void *arg)
{
	for (size_t i = 0; i < bank->trade_count; i++) {
		const struct fake *f = &bank->trades[i];
		bool refund = strcmp(f->state, "REFUND") == 0;
		struct bill_trade t = {.at = at_time(f->at),
			.state = f->state,
			.transaction_id = refund ? "42" : f->their_no,
			.out_trade_no = refund ? f->trade_no : f->no,
			.total = {refund ? 0 : f->fen},
			.settled = {refund ? 0 : f->fen - f->coupon},
			.settled_refund = {refund ? f->fen - f->coupon : 0},
			.refund_id = refund ? f->their_no : NULL,
			.out_refund_no = refund ? f->no : NULL,
			.refund_state = f->word,
			.refund = {refund ? f->fen : 0}};

		TRY(take(arg, &(struct bill_line){.number = (int64_t)i + 2, .trade = &t}));
	}
	return E_OK;
}

static inline enum err fetch_flows(bill_fn *take, void *arg)
{
	for (size_t i = 0; i < bank->flow_count; i++) {
		const struct fake *f = &bank->flows[i];
		struct bill_flow flow = {.at = at_time(f->at),
			.flow_id = "F",
			.business_id = f->their_no,
			.type = f->state,
			.is_income = !f->outlay,
			.amount = {f->fen},
			.voucher = f->no};

		TRY(take(arg, &(struct bill_line){.number = (int64_t)i + 2, .flow = &flow}));
	}
	return E_OK;
}

static inline enum err fetch(struct arena *a, enum bill_kind kind, date day, bill_fn *take,
	void *arg, const char **hash)
{
	bool trade = kind == BILL_TRADE;
	enum err says = trade ? bank->trade_says : bank->flow_says;

	(void)a;
	assert_int_equal(day.days, bank->day.days);
	bank->fetches++;
	if (says == E_NOT_FOUND || says == E_UPSTREAM)
		return says;
	*hash = trade ? "0123" : "4567";
	TRY(trade ? fetch_trades(take, arg) : fetch_flows(take, arg));
	if (trade && bank->in_trades)
		bank->in_trades();
	if (!trade && bank->in_flows)
		bank->in_flows();
	return says;
}

static inline enum err ask(struct db *on, struct arena *a, int64_t attempt_id, bool *open)
{
	(void)on;
	(void)a;
	*open = false;
	bank->asks++;
	if (bank->pays)
		say(other, arena_printf(mem,
				   "UPDATE payment_attempt SET state = 'surplus',"
				   " transaction_id = '%s', paid_at = now(),"
				   " refunded_fen = amount_fen WHERE id = %lld",
				   bank->pays, (long long)attempt_id));
	return bank->ask_says;
}

static int64_t person;

static const struct bill_source source = {"wechat", true, fetch, ask};

static inline enum err run(struct reconcile_result *r)
{
	return reconcile_day(db, mem, &source, bank->day, r);
}

static inline void trade_line(
	const char *state, const char *at, const char *no, const char *their_no, int64_t fen)
{
	bank->trades[bank->trade_count++] = (struct fake){
		.state = state, .at = at, .no = no, .their_no = their_no, .fen = fen};
}

static inline void flow_line(
	const char *type, const char *at, const char *no, const char *their_no, int64_t fen)
{
	bank->flows[bank->flow_count++] = (struct fake){.state = type,
		.at = at,
		.no = no,
		.their_no = their_no,
		.fen = fen < 0 ? -fen : fen,
		.outlay = fen < 0};
}

/* A payment, and the movement that belongs to it. */
static inline void paid_line(const char *at, const char *no, const char *their_no, int64_t fen)
{
	trade_line("SUCCESS", at, no, their_no, fen);
	flow_line("交易", at, no, their_no, fen);
}

static inline void refund_line(
	const char *at, const char *no, const char *word, int64_t fen, const char *trade_no)
{
	const char *their_no = arena_printf(mem, "50-%s", no);

	trade_line("REFUND", at, no, their_no, fen);
	bank->trades[bank->trade_count - 1].word = word;
	bank->trades[bank->trade_count - 1].trade_no = trade_no;
	if (strcmp(word, "FAIL") != 0)
		flow_line("退款", at, no, their_no, -fen);
}

static inline void no_lines(void)
{
	bank->trade_count = bank->flow_count = 0;
}

/* An attempt of 4000 fen and its order. paid_at is a time of the day, NULL: unpaid. */
static inline int64_t make_attempt(
	const char *no, const char *state, const char *paid_at, const char *their_no)
{
	int64_t id = block(owner);
	bool paid = strcmp(state, "paid") == 0;
	char day[DATE_TEXT], text[STAMP_TEXT];
	const char *when =
		paid_at ? arena_printf(mem, "'%s'", stamp_write(text, at_time(paid_at)))
			: "NULL";

	say(owner,
		arena_printf(mem,
			"INSERT INTO orders (id, no, account_id, venue_id, play_date, state,"
			" pay_state, amount_fen, paid_fen, paid_at, expires_at, closed_at)"
			" VALUES (%1$lld, '9' || lpad('%1$lld', 18, '0'), %2$lld, %3$lld, '%4$s',"
			" '%5$s', '%6$s', 4000, %7$d, %8$s, now(), now())",
			(long long)id, (long long)person, (long long)venue,
			date_write(day, bank->day), paid ? "paid" : "expired",
			paid ? "paid" : "unpaid", paid ? 4000 : 0, paid ? when : "NULL"));
	say(owner,
		arena_printf(mem,
			"INSERT INTO payment_attempt (id, order_id, channel, method,"
			" out_trade_no, amount_fen, state, request, transaction_id, paid_at)"
			" VALUES (%1$lld, %1$lld, 'wechat', 'native', '%2$s', 4000, '%3$s', '',"
			" %4$s, %5$s)",
			(long long)id, no, state,
			their_no ? arena_printf(mem, "'%s'", their_no) : "NULL", when));
	return id;
}

/* A refund of that attempt, sent at a time of the day; "": not yet. */
static inline int64_t make_refund(
	int64_t attempt, const char *no, const char *state, const char *sent_at, int64_t fen)
{
	int64_t id = block(owner);
	char text[STAMP_TEXT];
	bool done = strcmp(state, "succeeded") == 0 || strcmp(state, "void") == 0 ||
		    strcmp(state, "by_hand") == 0;

	say(owner,
		arena_printf(mem,
			"INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no,"
			" amount_fen, cause, reason, request, state, sent_at, done_at, run_at,"
			" trouble) VALUES (%1$lld, %2$lld, %2$lld, %3$lld, '%4$s', %5$lld,"
			" 'cancel', '', '', '%6$s', %7$s, %8$s, now() + interval '1 hour', '');"
			"UPDATE payment_attempt SET refunded_fen = refunded_fen + %5$lld"
			" WHERE id = %2$lld",
			(long long)id, (long long)attempt, (long long)venue, no, (long long)fen,
			state,
			*sent_at
				? arena_printf(mem, "'%s'", stamp_write(text, at_time(sent_at)))
				: "NULL",
			done ? "now()" : "NULL"));
	return id;
}

/* All differences of the day, or of the open ones, as one text. */
static inline const char *diffs_where(const char *condition)
{
	char day[DATE_TEXT];

	return say(owner, arena_printf(mem,
				  "SELECT coalesce(string_agg(t, ', ' ORDER BY t), '') FROM"
				  " (SELECT class || ' ' || what || ' ' || number AS t"
				  " FROM reconcile_diff WHERE day = '%s' AND %s) d",
				  date_write(day, bank->day), condition));
}

static inline const char *diffs(void)
{
	return diffs_where("true");
}

/* One value of the day's run. */
static inline const char *of_run(const char *what)
{
	char day[DATE_TEXT];

	return say(owner, arena_printf(mem, "SELECT %s FROM reconcile_run WHERE day = '%s'",
				  what, date_write(day, bank->day)));
}

/* Entries of the work list about the day's differences. */
static inline int64_t work_where(const char *condition)
{
	char day[DATE_TEXT];

	return count(owner,
		arena_printf(mem,
			"SELECT count(*) FROM work_item WHERE"
			" kind IN ('reconcile', 'refunded_twice') AND detail->>'day' = '%s' AND %s",
			date_write(day, bank->day), condition));
}

/* What a second run must not change, as one digest. */
static inline const char *picture(void)
{
	static const char *const tables[] = {"reconcile_run", "reconcile_diff",
		"reconcile_line", "work_item", "orders", "payment_attempt", "refund",
		"message"};
	const char *all = "";

	for (size_t i = 0; i < COUNT_OF(tables); i++)
		all = arena_printf(mem, "%s %s", all,
			say(owner, arena_printf(mem,
					   "SELECT count(*) || ':' ||"
					   " coalesce(sum(hashtextextended(t::text, 0)), 0)"
					   " FROM %s t",
					   tables[i])));
	return all;
}

/* What tests have left in the tables, also those of a run that crashed. */
static inline void clear_ledger(void)
{
	say(owner,
		"DELETE FROM work_item WHERE kind IN ('reconcile', 'refunded_twice');"
		"DELETE FROM reconcile_diff; DELETE FROM reconcile_run;"
		"TRUNCATE reconcile_line;"
		"CREATE TEMP TABLE mine AS SELECT id FROM orders WHERE no LIKE '9%';"
		"DELETE FROM refund WHERE order_id IN (TABLE mine);"
		"DELETE FROM message WHERE subject_id IN (TABLE mine);"
		"DELETE FROM payment_attempt WHERE order_id IN (TABLE mine);"
		"DELETE FROM orders WHERE id IN (TABLE mine); DROP TABLE mine");
}

static inline int ledger_begin(void **state)
{
	store_begin(state);
	settings.wxpay_mchid = "1900000109";
	bank = mmap(
		NULL, sizeof(*bank), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	say(owner, "SET lock_timeout = '10s'");
	clear_ledger();
	make_venue();
	person = make_person(other);
	return 0;
}

/* Before each test: a day that no other test has, and an empty bill. */
static inline int new_day(void **state)
{
	static int32_t days;
	date first;

	(void)state;
	assert_true(date_parse("2021-01-10", &first));
	*bank = (struct bank){.day = {first.days + 5 * days++}};
	return 0;
}

static inline int ledger_end(void **state)
{
	clear_ledger();
	return shop_end(state);
}
#define DAY_TEST(name) cmocka_unit_test_setup(name, new_day)
