/* Refunds that go another way than planned: what staff, the customer and the list of
 * work hear of it. */
#include "paid.h"

#include "base/buf.h"
#include "pay/notice.h"
#include "pay/refund.h"
#include "pay/settle.h"

enum { PROCESSES = 4, FEN = 2500 };

SQL(test_refund,
	"INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no, amount_fen, cause,"
	"  reason, request, run_at) VALUES ($1, $2, $2, 1, 'R' || $1, 2500, 'late', 'x', '{}',"
	"  'infinity')");
SQL(test_refund_set,
	"UPDATE refund SET state = $2, trouble = 'CLOSED', done_at ="
	" CASE WHEN $2 IN ('by_hand', 'void') THEN now() END WHERE id = $1");
SQL(test_work,
	"SELECT coalesce(string_agg(kind || CASE WHEN done_at IS NULL THEN '' ELSE ' done' END,"
	" ', ' ORDER BY opened_at, id), '') AS text FROM work_item WHERE refund_id = $1");

struct text {
	const char *text;
};
static const struct field text_fields[] = {FIELD(struct text, text)};
static const struct shape text_shape = SHAPE(struct text, text_fields);

/* All that the list of work has about this refund. */
static const char *work(int64_t refund)
{
	struct text out;
	struct tx tx = begin();

	must(db_one(&tx, &test_work, &text_shape, &out, A(refund)));
	must(tx_commit(&tx));
	return out.text;
}

/* A refund of a paid order, to be sent by nobody but the test. */
static int64_t refund_of(int64_t order)
{
	int64_t id = new_id();

	RUN(&test_refund, A(id), A(order));
	return id;
}

static struct refund load(int64_t id)
{
	struct refund out;
	struct tx tx = begin();

	must(refund_by_id(&tx, id, &out));
	must(tx_commit(&tx));
	return out;
}

static void set_state(int64_t id, const char *state)
{
	RUN(&test_refund_set, A(id), A("stuck"));
	RUN(&test_refund_set, A(id), A(state));
}

static struct channel_refund says(enum refund_word word)
{
	return (struct channel_refund){.channel = "wechat",
		.is_refund = true,
		.ours = true,
		.channel_no = "50",
		.state = word,
		.refund = {FEN}};
}

static void notice_of_success(int64_t id)
{
	struct channel_refund told = says(REFUND_DONE);
	enum outcome outcome;
	struct tx tx = begin();

	told.id = arena_printf(mem, "N%lld-%d", (long long)id, (int)getpid());
	told.event = "REFUND.SUCCESS";
	told.plaintext = "{}";
	told.out_refund_no = arena_printf(mem, "R%lld", (long long)id);
	must(notice_refund_settle(&tx, &told, &outcome));
	must(tx_commit(&tx));
	assert_int_equal(outcome, OUTCOME_REFUND);
}

/* Who queried the channel knows the row as it was before. */
static void query_says(const struct refund *before, enum refund_word word)
{
	struct channel_refund told = says(word);
	struct tx tx = begin();

	must(refund_note(&tx, before, &told));
	must(tx_commit(&tx));
}

static const char *const otherwise[] = {"by_hand", "void"};

static void a_notice_of_money_that_was_given_otherwise_is_work_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(otherwise); i++) {
		int64_t id = refund_of(paid());

		set_state(id, otherwise[i]);
		in_processes(PROCESSES, notice_of_success, id, 0);
		notice_of_success(id);
		assert_string_equal(work(id), "refunded_twice");
		assert_string_equal(load(id).state, otherwise[i]);
	}
}

/* Between its question and the answer staff paid by hand. */
static void the_answer_to_a_query_says_so_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(otherwise); i++) {
		int64_t id = refund_of(paid());
		struct refund before = load(id);

		set_state(id, otherwise[i]);
		query_says(&before, REFUND_DONE);
		notice_of_success(id);
		assert_string_equal(work(id), "refunded_twice");
	}
}

static void what_arrives_once_is_no_work(void **state)
{
	(void)state;
	int64_t id = refund_of(paid());

	notice_of_success(id);
	notice_of_success(id);
	assert_string_equal(work(id), "");
	id = refund_of(paid());
	set_state(id, "by_hand");
	query_says(&(struct refund){.id = id, .state = "by_hand", .amount_fen = {FEN}},
		REFUND_CLOSED);
	assert_string_equal(work(id), "");
}

SQL(test_refund_is,
	"UPDATE refund SET state = $2, tries = $3, sent_at = now() - make_interval(secs => $4),"
	" created_at = now() - make_interval(secs => $4), trouble = 'NOT_ENOUGH' WHERE id = $1");
SQL(test_told,
	"SELECT count(*) FROM message WHERE kind = 'refund.delayed'"
	" AND (body ->> 'refund_id')::bigint = $1");

static int64_t told(int64_t refund)
{
	int64_t n;
	struct tx tx = begin();

	must(db_value(&tx, &test_told, &n, A(refund)));
	must(tx_commit(&tx));
	return n;
}

/* As the daemon does until there is nothing to do. */
static void delay_all(int64_t unused)
{
	bool busy = true;

	(void)unused;
	while (busy) {
		busy = false;
		enum err err = settle_delayed(db, mem, &busy);
		if (err == E_RETRY)
			busy = true;
		else
			must(err);
	}
}

static int64_t refund_in(const char *state, int64_t tries, int64_t age_s)
{
	int64_t id = refund_of(paid());

	if (strcmp(state, "created") != 0)
		RUN(&test_refund_is, A(id), A("accepted"), A(tries), A(age_s));
	RUN(&test_refund_is, A(id), A(state), A(tries), A(age_s));
	return id;
}

static const struct {
	const char *state;
	int64_t tries, age_s;
	const char *work;
} waiting[] = {
	{"created", 5, 60, ""}, /* the fifth is under way */
	{"created", 6, 60, "refund_stuck"}, {"created", 0, 7100, ""},
	{"created", 0, 7300, "refund_stuck"}, {"accepted", 50, 7100, ""}, /* it works on it */
	{"accepted", 0, 7300, "refund_stuck"}, {"succeeded", 6, 7300, ""},
	{"stuck", 6, 7300, ""}, /* its entry is made with its state */
};

static void a_refund_that_does_not_arrive_is_work_once_and_told_once(void **state)
{
	int64_t ids[COUNT_OF(waiting)];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(waiting); i++) {
		ids[i] =
			refund_in(strcmp(waiting[i].state, "succeeded") == 0 ? "created"
									     : waiting[i].state,
				waiting[i].tries, waiting[i].age_s);
		if (strcmp(waiting[i].state, "succeeded") == 0)
			notice_of_success(ids[i]);
	}
	in_processes(PROCESSES, delay_all, 0, 0);
	delay_all(0);
	for (size_t i = 0; i < COUNT_OF(waiting); i++) {
		assert_string_equal(work(ids[i]), waiting[i].work);
		assert_int_equal(told(ids[i]), *waiting[i].work != 0);
	}
	notice_of_success(ids[1]);
	assert_string_equal(work(ids[1]), "refund_stuck done");
}

/* Not curable any more: the same entry stands. */
static void a_delayed_refund_that_gets_stuck_stays_one_entry(void **state)
{
	(void)state;
	int64_t id = refund_in("created", 6, 60);
	struct refund r = load(id);

	delay_all(0);
	struct tx tx = begin();
	must(refund_stuck(&tx, &r, "USER_ACCOUNT_ABNORMAL"));
	must(tx_commit(&tx));
	assert_string_equal(load(id).state, "stuck");
	assert_string_equal(work(id), "refund_stuck");
}

SQL(test_refund_tried, "UPDATE refund SET tries = tries + 1 WHERE id = $1");

/* Another process has claimed it since: what this one heard is old. */
static void a_refusal_of_an_earlier_try_changes_nothing(void **state)
{
	(void)state;
	int64_t id = refund_in("created", 1, 60);
	struct refund r = load(id);

	RUN(&test_refund_tried, A(id));
	struct tx tx = begin();
	must(refund_stuck(&tx, &r, "USER_ACCOUNT_ABNORMAL"));
	must(tx_commit(&tx));
	assert_string_equal(load(id).state, "created");
	assert_string_equal(work(id), "");
}

/* Tried again by staff it is work again when that doesn't help, and not told again. */
static void after_a_retry_it_is_work_anew(void **state)
{
	(void)state;
	int64_t id = refund_in("stuck", 6, 7300), account = paid();
	struct refund r = load(id);
	struct tx tx = begin();

	must(refund_retry(&tx, &r, account));
	must(tx_commit(&tx));
	delay_all(0);
	assert_string_equal(work(id), "refund_stuck");
	assert_int_equal(told(id), 1);
	r = load(id);
	tx = begin();
	must(refund_retry(&tx, &r, account)); /* now instead of later */
	must(tx_commit(&tx));
	assert_string_equal(work(id), "refund_stuck");
}

static enum err by_hand(int64_t id)
{
	struct refund r = load(id);
	struct tx tx = begin();
	enum err err = refund_by_hand(&tx, &r, r.order_id, "现金");

	return tx_end(&tx, err);
}

static void answered(int64_t id)
{
	struct refund r = load(id);
	struct tx tx = begin();

	refund_answered(&tx, &r);
	must(tx_commit(&tx));
}

static void sending(int64_t id)
{
	struct refund r = load(id);
	struct tx tx = begin();

	refund_sending(&tx, &r);
	must(tx_commit(&tx));
}

static void only_what_the_channel_refused_last_is_paid_by_hand(void **state)
{
	(void)state;
	int64_t id = refund_in("created", 6, 60), taken = refund_in("accepted", 0, 7300);

	assert_int_equal(by_hand(id), E_REFUND_STATE); /* not delayed yet */
	assert_int_equal(by_hand(taken), E_REFUND_STATE);
	delay_all(0);
	assert_int_equal(by_hand(taken), E_REFUND_MAY_ARRIVE);
	assert_int_equal(by_hand(id), E_REFUND_MAY_ARRIVE); /* sent, and no answer */
	answered(id);
	sending(id);
	assert_int_equal(by_hand(id), E_REFUND_MAY_ARRIVE); /* sent again */
	answered(id);
	assert_int_equal(by_hand(id), E_OK);
	assert_string_equal(work(id), "refund_stuck done");
	assert_string_equal(load(id).state, "by_hand");
	struct refund r = load(id);
	struct tx tx = begin();
	refund_sending(&tx, &r);
	assert_int_equal(tx_end(&tx, E_OK), E_RETRY); /* it is sent no more */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notice_of_money_that_was_given_otherwise_is_work_once),
		cmocka_unit_test(the_answer_to_a_query_says_so_too),
		cmocka_unit_test(what_arrives_once_is_no_work),
		cmocka_unit_test(a_refund_that_does_not_arrive_is_work_once_and_told_once),
		cmocka_unit_test(a_delayed_refund_that_gets_stuck_stays_one_entry),
		cmocka_unit_test(a_refusal_of_an_earlier_try_changes_nothing),
		cmocka_unit_test(after_a_retry_it_is_work_anew),
		cmocka_unit_test(only_what_the_channel_refused_last_is_paid_by_hand),
	};

	return RUN_TESTS_BETWEEN(setup, tests, teardown);
}
