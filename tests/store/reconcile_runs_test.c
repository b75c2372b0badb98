/* Runs: again, at once, cut off half way, without a bill; and what they put right. */
#include "ledger.h"

enum { RIVALS = 4, DAYS = 8 };

static struct reconcile_result r;

static void done(void)
{
	assert_int_equal(run(&r), E_OK);
	assert_string_equal(of_run("state"), "done");
}

/* A day with something of each class. */
static void troubled_day(const char *prefix)
{
	const char *no[5], *their_no[5];

	for (int i = 0; i < 5; i++) {
		no[i] = arena_printf(mem, "%s%d", prefix, i);
		their_no[i] = arena_printf(mem, "42%s%d", prefix, i);
	}
	int64_t a = make_attempt(no[0], "paid", "10:00:00", their_no[0]);
	make_attempt(no[1], "paid", "10:00:00", their_no[1]);
	make_attempt(no[2], "closed", NULL, NULL);
	make_attempt(no[3], "paid", "10:00:00", their_no[3]);
	make_refund(a, arena_printf(mem, "%sR1", no[0]), "succeeded", "12:00:00", 100);
	paid_line("10:00:00", no[0], their_no[0], 4000);
	paid_line("10:00:00", no[1], their_no[1], 1);
	paid_line("10:00:00", no[2], their_no[2], 4000);
	paid_line("10:00:00", no[4], their_no[4], 4000);
}

static void a_second_run_changes_nothing(void **state)
{
	(void)state;
	troubled_day("AGAIN");
	done();
	assert_int_equal(r.only_ours + r.only_theirs + r.amount + r.state, 5);
	say(owner,
		"UPDATE work_item SET done_at = now(), note = '已联系顾客'"
		" WHERE detail->>'number' = 'AGAIN1'");
	const char *before = picture();
	for (int i = 0; i < 3; i++) {
		done();
		assert_int_equal(r.only_ours + r.only_theirs + r.amount + r.state, 5);
		assert_string_equal(picture(), before);
	}
	assert_int_equal(work_where("note = '已联系顾客'"), 1);
	assert_int_equal(bank->fetches, 8);
}

/* What changed in between is added; what was there stays. */
static void a_later_run_adds_what_is_new(void **state)
{
	(void)state;
	make_attempt("NEW1", "paid", "10:00:00", "42NEW1");
	paid_line("10:00:00", "NEW1", "42NEW1", 4000);
	done();
	make_attempt("NEW2", "paid", "11:00:00", "42NEW2");
	done();
	assert_string_equal(diffs(), "only_ours payment NEW2");
	assert_int_equal(work_where("true"), 1);
}

static void a_missing_bill_is_waited_for(void **state)
{
	(void)state;
	troubled_day("WAIT");
	bank->trade_says = E_UPSTREAM;
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(run(&r), E_UPSTREAM);
		assert_string_equal(of_run("concat_ws(' ', state, tries, trouble)"),
			arena_printf(mem, "waiting %d upstream_down", i));
		assert_string_equal(
			of_run("run_at BETWEEN now() + interval '20 min' AND now() + interval '30 min'"),
			"t");
	}
	bank->trade_says = E_OK;
	bank->flow_says = E_UPSTREAM;
	assert_int_equal(run(&r), E_UPSTREAM);
	assert_string_equal(diffs(), "");
	bank->flow_says = E_OK;
	done();
	assert_string_equal(of_run("concat_ws(' ', tries, trouble)"), "5");
	assert_int_equal(r.only_ours + r.only_theirs + r.amount + r.state, 5);
}

/* In the morning after the day, «no bill» is believed only if we know of none. */
static void that_there_is_no_bill_is_believed_at_noon(void **state)
{
	(void)state;
	bank->day = china_day(stamp_now());
	bank->trade_says = bank->flow_says = E_NOT_FOUND;
	done();
	bank->day.days -= 30;
	int64_t a = make_attempt("NOON0", "paid", "10:00:00", "42NOON0");
	bank->day.days += 30;
	make_refund(a, "NOON0R01", "succeeded", "00:00:00", 100);
	assert_int_equal(run(&r), E_UPSTREAM); /* a refund is something, too */
	say(owner,
		"UPDATE refund SET billed_on = '2001-01-01' WHERE out_refund_no = 'NOON0R01'");
	done();
	make_attempt("NOON1", "paid", "00:00:00", "42NOON1");
	assert_int_equal(run(&r), E_UPSTREAM);
	bank->day.days -= 2;
	make_attempt("NOON2", "paid", "00:00:00", "42NOON2");
	done();
	assert_string_equal(diffs(), "only_ours payment NOON2");
	clear_ledger();
}

/* The lines came, then it turned out that the file was torn: they never counted. */
static void lines_of_a_torn_file_do_not_count(void **state)
{
	static const enum err torn[] = {E_CHANNEL_UNKNOWN, E_BAD_BODY};

	(void)state;
	troubled_day("TORN");
	for (size_t i = 0; i < COUNT_OF(torn); i++) {
		bank->fetches = 0;
		bank->trade_says = torn[i];
		assert_int_equal(run(&r), torn[i]);
		assert_int_equal(bank->fetches, 3);
		assert_string_equal(diffs(), "");
		assert_int_equal(count(owner, "SELECT count(*) FROM reconcile_line"), 0);
	}
	bank->trade_says = E_OK;
	bank->flow_says = E_CHANNEL_UNKNOWN; /* the first bill's lines are stored */
	assert_int_equal(run(&r), E_CHANNEL_UNKNOWN);
	assert_string_equal(diffs(), "");
	bank->flow_says = E_OK;
	done();
	assert_int_equal(r.only_ours + r.only_theirs + r.amount + r.state, 5);
	assert_string_equal(of_run("payments"), "4");
}

static pid_t child_run(void)
{
	pid_t child = fork();

	if (child == 0) {
		struct db *own = db_new(settings.db, "reconcile_test");
		struct arena *a = arena_new(1 << 16);
		struct reconcile_result mine_only;

		_exit(reconcile_day(own, a, &source, bank->day, &mine_only));
	}
	assert_true(child > 0);
	return child;
}

static int end_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void die_here(void)
{
	kill(getpid(), SIGKILL);
}

static void until(const char *sql)
{
	for (int i = 0; i < 2000 && strcmp(say(other, sql), "t") != 0; i++)
		usleep(5000);
	assert_string_equal(say(other, sql), "t");
}

static void killed_while_reading_nothing_is_counted(void **state)
{
	(void)state;
	troubled_day("DIES");
	bank->in_trades = die_here;
	assert_true(WIFSIGNALED(end_of(child_run())));
	assert_string_equal(diffs(), "");
	assert_string_equal(of_run("concat_ws(' ', state, run_at <= now())"), "waiting t");
	bank->in_trades = NULL;
	until("SELECT pg_try_advisory_lock(hashtextextended('reconcile', 0))");
	say(other, "SELECT pg_advisory_unlock_all()");
	done();
	assert_int_equal(r.only_ours + r.only_theirs + r.amount + r.state, 5);
	assert_string_equal(of_run("payments"), "4");
}

/* Killed with all differences written, but not committed. */
static void killed_at_the_end_of_matching_nothing_is_counted(void **state)
{
	(void)state;
	troubled_day("LATE");
	bank->trade_says = E_UPSTREAM;
	assert_int_equal(run(&r), E_UPSTREAM); /* so that there is a row to hold */
	bank->trade_says = E_OK;
	say(owner,
		"CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
		" PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;"
		"CREATE TRIGGER hold AFTER UPDATE OF trade_hash ON reconcile_run"
		" FOR EACH ROW EXECUTE FUNCTION hold()");
	say(owner, "SELECT pg_advisory_lock(4711)");
	pid_t child = child_run();
	until("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
	      " AND objid = 4711 AND NOT granted)");
	kill(child, SIGKILL);
	assert_true(WIFSIGNALED(end_of(child)));
	say(other,
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE objid = 4711"
		" AND NOT granted");
	say(owner,
		"SELECT pg_advisory_unlock(4711);"
		"DROP TRIGGER hold ON reconcile_run; DROP FUNCTION hold()");
	assert_string_equal(diffs(), "");
	assert_int_equal(work_where("true"), 0);
	assert_string_equal(of_run("state"), "waiting");
	done();
	assert_int_equal(work_where("true"), 5);
}

static void many_at_once_count_everything_once(void **state)
{
	pid_t children[RIVALS];
	int ok = 0;

	(void)state;
	for (int round = 0; round < DAYS; round++) {
		no_lines();
		bank->day.days += round == 0 ? 1000 : 1;
		troubled_day(arena_printf(mem, "RACE%d-", round));
		for (int i = 0; i < RIVALS; i++)
			children[i] = child_run();
		for (int i = 0; i < RIVALS; i++) {
			int status = end_of(children[i]);

			assert_true(WIFEXITED(status));
			ok += WEXITSTATUS(status) == E_OK;
			assert_true(
				WEXITSTATUS(status) == E_OK || WEXITSTATUS(status) == E_BUSY);
		}
		assert_int_equal(work_where("true"), 5);
		assert_string_equal(of_run("concat_ws(' ', state, payments)"), "done 4");
	}
	assert_true(ok >= DAYS);
}

static void lose_lines(void)
{
	say(owner, "DELETE FROM reconcile_line");
}

/* As if another process had begun because the first one's lock was lost. */
static void without_its_lines_a_run_stores_nothing(void **state)
{
	(void)state;
	troubled_day("LOST");
	bank->in_flows = lose_lines;
	assert_int_equal(run(&r), E_RETRY);
	assert_string_equal(diffs(), "");
	assert_string_equal(of_run("state"), "waiting");
	bank->in_flows = NULL;
	done();
	assert_int_equal(work_where("true"), 5);
}

/* Another process at it doesn't wait for the first. */
static void whoever_comes_second_is_told_so(void **state)
{
	(void)state;
	say(other, "SELECT pg_advisory_lock(hashtextextended('reconcile', 0))");
	assert_int_equal(run(&r), E_BUSY);
	assert_string_equal(of_run("state"), "");
	say(other, "SELECT pg_advisory_unlock(hashtextextended('reconcile', 0))");
	done();
}

static void a_payment_that_only_they_know_is_asked_about_and_settled(void **state)
{
	(void)state;
	make_attempt("CURE1", "closed", NULL, NULL);
	make_attempt("CURE2", "closed", NULL, NULL);
	paid_line("10:00:00", "CURE1", "42CURE1", 4000);
	bank->pays = "42CURE1";
	done();
	assert_int_equal(bank->asks, 1);
	assert_int_equal(r.state, 1);
	assert_int_equal(r.open, 0);
	assert_string_equal(diffs_where("cured_at IS NOT NULL"), "state payment CURE1");
	assert_int_equal(work_where("done_at IS NOT NULL AND done_by IS NULL"), 1);
	const char *before = picture();
	done();
	assert_string_equal(picture(), before);
	assert_int_equal(bank->asks, 1);
}

static void a_channel_that_is_silent_is_asked_again_by_the_next_run(void **state)
{
	(void)state;
	make_attempt("SILENT", "closed", NULL, NULL);
	paid_line("10:00:00", "SILENT", "42SILENT", 4000);
	bank->ask_says = E_CHANNEL_UNKNOWN;
	assert_int_equal(run(&r), E_CHANNEL_UNKNOWN);
	assert_string_equal(of_run("state"), "matched");
	assert_int_equal(work_where("done_at IS NULL"), 1);
	bank->ask_says = E_OK;
	bank->pays = "42SILENT";
	done();
	assert_int_equal(r.open, 0);
}

/* Told no, or nothing new: that is for people, and no reason to go on asking. */
static void a_query_that_contradicts_the_bill_is_for_people(void **state)
{
	static const enum err says[] = {E_OK, E_NOT_FOUND, E_CHANNEL_REFUSED};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(says); i++) {
		const char *no = arena_printf(mem, "ODD%zu", i);

		make_attempt(no, "closed", NULL, NULL);
		paid_line("10:00:00", no, arena_printf(mem, "42ODD%zu", i), 4000);
		bank->ask_says = says[i];
		done();
		assert_int_equal(r.open, i + 1);
	}
}

static void more_than_a_page_of_payments_are_asked_about_once_each(void **state)
{
	(void)state;
	assert_int_equal(make_attempt("PAGE", "closed", NULL, NULL) > 0, 1);
	say(owner,
		"INSERT INTO payment_attempt (id, order_id, channel, method, out_trade_no,"
		" amount_fen, state, request) SELECT nextval('id_block') * 256, order_id,"
		" channel, method, 'PAGE' || n, 4000, 'closed', ''"
		" FROM payment_attempt, generate_series(1, 250) n WHERE out_trade_no = 'PAGE'");
	paid_line("10:00:00", "PAGE", "42PAGE", 4000);
	done();
	bank->asks = 0;
	say(owner,
		"INSERT INTO reconcile_diff (channel, day, class, what, number, attempt_id)"
		" SELECT d.channel, d.day, 'state', 'payment', a.out_trade_no, a.id"
		" FROM reconcile_diff d, payment_attempt a WHERE d.number = 'PAGE'"
		" AND a.out_trade_no ~ 'PAGE.'");
	done();
	assert_int_equal(bank->asks, 251);
}

static void money_that_came_twice_is_sent_back_once(void **state)
{
	(void)state;
	int64_t a = make_attempt("TWICE1", "paid", "10:00:00", "42TWICE1");
	int64_t b = make_attempt("TWICE2", "surplus", "10:01:00", "42TWICE2");
	make_attempt("TWICE3", "surplus", "10:02:00", "42TWICE3");
	say(owner,
		arena_printf(mem, "UPDATE payment_attempt SET order_id = %lld WHERE id = %lld",
			(long long)a, (long long)b));
	say(owner,
		"UPDATE payment_attempt SET refunded_fen = 4000 WHERE out_trade_no = 'TWICE3'");
	paid_line("10:00:00", "TWICE1", "42TWICE1", 4000);
	paid_line("10:01:00", "TWICE2", "42TWICE2", 4000);
	paid_line("10:02:00", "TWICE3", "42TWICE3", 4000);
	make_refund(make_attempt("TWICE4", "surplus", "10:03:00", "42TWICE4"), "TWICE4R01",
		"accepted", "", 1000); /* people are at it */
	paid_line("10:03:00", "TWICE4", "42TWICE4", 4000);
	for (int i = 0; i < 2; i++) {
		done();
		assert_int_equal(r.returned, i == 0);
		assert_string_equal(
			say(owner, arena_printf(mem,
					   "SELECT string_agg(concat_ws(' ', amount_fen, cause,"
					   " state, out_refund_no), ',') FROM refund"
					   " WHERE attempt_id = %lld",
					   (long long)b)),
			"4000 reconcile created TWICE2R01");
	}
	assert_int_equal(count(owner, arena_printf(mem,
					      "SELECT refunded_fen FROM payment_attempt"
					      " WHERE id = %lld",
					      (long long)b)),
		4000);
	assert_string_equal(diffs(), "");
}

static const char *due(date last)
{
	struct list list;
	const char *all = "";
	char day[DATE_TEXT];

	assert_int_equal(reconcile_due(db, mem, "wechat", last, &list), E_OK);
	const struct reconcile_due *d = list.at;
	for (size_t i = 0; i < list.count && i < 4; i++)
		all = arena_printf(mem, "%s%s%s ", all, date_write(day, d[i].day),
			d[i].is_due ? "" : " later");
	return arena_printf(mem, "%s(%zu)", all, list.count);
}

static void days_are_due_from_the_first_until_they_are_done(void **state)
{
	date last;

	(void)state;
	clear_ledger();
	assert_true(date_parse("2021-06-30", &last));
	assert_string_equal(due(last), "2021-06-30 (1)"); /* nothing was ever paid */
	bank->day = (date){last.days - 3};
	make_attempt("DUE", "paid", "00:00:00", "42DUE");
	assert_string_equal(due(last), "2021-06-27 2021-06-28 2021-06-29 2021-06-30 (4)");
	paid_line("00:00:00", "DUE", "42DUE", 4000);
	done();
	bank->day.days++;
	bank->trade_says = E_UPSTREAM;
	assert_int_equal(run(&r), E_UPSTREAM);
	assert_string_equal(due(last), "2021-06-28 later 2021-06-29 2021-06-30 (3)");
	bank->day = (date){last.days - 200};
	bank->trade_says = E_OK;
	no_lines();
	done();
	assert_string_equal(due(last), "2021-04-02 2021-04-03 2021-04-04 2021-04-05 (89)");
}

/* Of the last seven days those in which our side has changed, each until it was looked at. */
static void a_done_day_is_looked_at_again_when_it_has_changed(void **state)
{
	date last;

	(void)state;
	clear_ledger();
	assert_true(date_parse("2021-06-30", &last));
	for (int i = 9; i >= 0; i--) {
		bank->day = (date){last.days - i};
		done();
	}
	assert_string_equal(due(last), "(0)");
	bank->day = (date){last.days - 8};
	make_attempt("OLD", "paid", "10:00:00", "42OLD");
	bank->day = (date){last.days - 6};
	int64_t a = make_attempt("LATELY", "paid", "10:00:00", "42LATELY");
	bank->day = (date){last.days - 2};
	make_refund(a, "LATELYR01", "accepted", "12:00:00", 100);
	make_refund(a, "LATELYR02", "created", "12:00:00", 100);
	assert_string_equal(due(last), "2021-06-24 2021-06-28 (2)");
	done();
	assert_string_equal(diffs(), "only_ours refund LATELYR01");
	assert_string_equal(due(last), "2021-06-24 (1)");
	bank->day = (date){last.days - 6};
	paid_line("10:00:00", "LATELY", "42LATELY", 4000);
	done();
	assert_string_equal(diffs(), "");
	assert_string_equal(due(last), "(0)");
	say(owner, "UPDATE reconcile_run SET our_refunds = NULL"); /* of the version before */
	assert_string_equal(due(last), "2021-06-24 2021-06-25 2021-06-26 2021-06-27 (7)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DAY_TEST(a_second_run_changes_nothing),
		DAY_TEST(a_later_run_adds_what_is_new),
		DAY_TEST(a_missing_bill_is_waited_for),
		DAY_TEST(that_there_is_no_bill_is_believed_at_noon),
		DAY_TEST(lines_of_a_torn_file_do_not_count),
		DAY_TEST(killed_while_reading_nothing_is_counted),
		DAY_TEST(killed_at_the_end_of_matching_nothing_is_counted),
		DAY_TEST(many_at_once_count_everything_once),
		DAY_TEST(without_its_lines_a_run_stores_nothing),
		DAY_TEST(whoever_comes_second_is_told_so),
		DAY_TEST(a_payment_that_only_they_know_is_asked_about_and_settled),
		DAY_TEST(a_channel_that_is_silent_is_asked_again_by_the_next_run),
		DAY_TEST(a_query_that_contradicts_the_bill_is_for_people),
		DAY_TEST(more_than_a_page_of_payments_are_asked_about_once_each),
		DAY_TEST(money_that_came_twice_is_sent_back_once),
		DAY_TEST(days_are_due_from_the_first_until_they_are_done),
		DAY_TEST(a_done_day_is_looked_at_again_when_it_has_changed),
	};

	return RUN_TESTS_BETWEEN(ledger_begin, tests, ledger_end);
}
