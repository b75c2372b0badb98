#include "order/state.h"

static const char *const order_words[] = {ORDER_STATES(WORD_TEXT)};
static const char *const item_words[] = {ITEM_STATES(WORD_TEXT)};

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
