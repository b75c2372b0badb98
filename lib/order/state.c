#include "order/state.h"

static const char *const order_words[] = {ORDER_STATES(WORD_TEXT)};
static const char *const item_words[] = {ITEM_STATES(WORD_TEXT)};
static const char *const attempt_words[] = {ATTEMPT_STATES(WORD_TEXT)};
static const char *const refund_words[] = {REFUND_STATES(WORD_TEXT)};
static const char *const cause_words[] = {REFUND_CAUSES(WORD_TEXT)};

enum order_state order_state_of(const char *word)
{
	return (enum order_state)word_find(order_words, ORDER_STATE_COUNT, word);
}

const char *order_state_word(enum order_state state)
{
	return order_words[state];
}

enum err order_state_check_paid(const char *word)
{
	enum order_state state = order_state_of(word);

	if (state == ORDER_PAID)
		return E_OK;
	return state == ORDER_CANCELLED ? E_ORDER_CANCELLED : E_ORDER_UNPAID;
}

enum item_state item_state_of(const char *word)
{
	return (enum item_state)word_find(item_words, ITEM_STATE_COUNT, word);
}

const char *item_state_word(enum item_state state)
{
	return item_words[state];
}

enum attempt_state attempt_state_of(const char *word)
{
	return (enum attempt_state)word_find(attempt_words, ATTEMPT_STATE_COUNT, word);
}

const char *attempt_state_word(enum attempt_state state)
{
	return attempt_words[state];
}

enum refund_state refund_state_of(const char *word)
{
	return (enum refund_state)word_find(refund_words, REFUND_STATE_COUNT, word);
}

enum refund_cause refund_cause_of(const char *word)
{
	return (enum refund_cause)word_find(cause_words, REFUND_CAUSE_COUNT, word);
}

const char *refund_cause_word(enum refund_cause cause)
{
	return cause_words[cause];
}
