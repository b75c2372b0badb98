/* Refunds that go another way than planned: what staff, the customer and the list of
 * work hear of it. */
#include "paid.h"

#include "base/buf.h"
#include "pay/notice.h"
#include "pay/refund.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notice_of_money_that_was_given_otherwise_is_work_once),
		cmocka_unit_test(the_answer_to_a_query_says_so_too),
		cmocka_unit_test(what_arrives_once_is_no_work),
	};

	return RUN_TESTS_BETWEEN(setup, tests, teardown);
}
