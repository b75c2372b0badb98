/* What stands both in C and in the schema says the same. */
#include "message/bindings.h"
#include "order/state.h"
#include "pay/notice.h"
#include "venue/refund_tier.h"
#include "work/work.h"

#include "store.h"

/* In the order of the alphabet, "a|b". */
static const char *words_of_constraint(const char *name)
{
	return say(owner,
		arena_printf(mem,
			"SELECT string_agg(m[1], '|' ORDER BY m[1]) FROM pg_constraint c,"
			" regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_.]+)''', 'g') m"
			" WHERE c.conname = '%s'",
			name));
}

static const char *sorted(const char *words)
{
	return say(owner, arena_printf(mem,
				  "SELECT string_agg(w, '|' ORDER BY w)"
				  " FROM string_to_table('%s', '|') w",
				  words));
}

static void each_table_has_the_words_of_its_constraint(void **state)
{
	static const struct {
		const char *constraint, *words;
	} cases[] = {
		{"orders_state_known", WORDS_OF(ORDER_STATES)},
		{"order_item_state_known", WORDS_OF(ITEM_STATES)},
		{"payment_attempt_state_known", WORDS_OF(ATTEMPT_STATES)},
		{"refund_state_known", WORDS_OF(REFUND_STATES)},
		{"refund_cause_known", WORDS_OF(REFUND_CAUSES)},
		{"notify_log_outcome_known", WORDS_OF(OUTCOMES)},
		{"work_item_kind_known", WORDS_OF(WORK_KINDS)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(
			sorted(cases[i].words), words_of_constraint(cases[i].constraint));
}

static void the_inbox_takes_what_tell_hears(void **state)
{
	const char *heard = "";

	(void)state;
	for (int kind = 0; kind < MESSAGE_KIND_COUNT; kind++)
		if (message_is_for(kind, CONSUMER_TELL))
			heard = arena_printf(
				mem, "%s%s%s", heard, *heard ? "|" : "", message_word(kind));
	assert_string_equal(sorted(heard), words_of_constraint("inbox_kind_known"));
}

/* As many tiers as that, the first of which is so; the others follow it downwards. */
static bool tiers_are_taken(int64_t count, int64_t hours, int64_t percent, int64_t fee_fen)
{
	const char *sql = arena_printf(mem,
		"SELECT refund_tiers_ok(jsonb_agg(jsonb_build_object('hours', %lld - n,"
		" 'percent', %lld, 'fee_fen', %lld) ORDER BY n)) FROM generate_series(0, %lld) n",
		(long long)hours, (long long)percent, (long long)fee_fen, (long long)count - 1);

	return strcmp(say(owner, sql), "t") == 0;
}

static void the_schema_takes_the_tiers_that_staff_may_write_and_no_more(void **state)
{
	const int64_t n = REFUND_TIERS_MAX, hours = REFUND_HOURS_MAX;
	const int64_t percent = REFUND_PERCENT_MAX, fee = REFUND_FEE_FEN_MAX;

	(void)state;
	assert_true(tiers_are_taken(n, hours, percent, fee));
	assert_false(tiers_are_taken(n + 1, hours, percent, fee));
	assert_false(tiers_are_taken(n, hours + 1, percent, fee));
	assert_false(tiers_are_taken(n, hours, percent + 1, fee));
	assert_false(tiers_are_taken(n, hours, percent, fee + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_table_has_the_words_of_its_constraint),
		TEST(the_inbox_takes_what_tell_hears),
		TEST(the_schema_takes_the_tiers_that_staff_may_write_and_no_more),
	};

	return RUN_TESTS_BETWEEN(store_begin, tests, store_end);
}
