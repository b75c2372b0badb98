#include "channel/bill.h"

static const char *const words[] = {BILL_STATES(WORD_TEXT)};

const char *bill_state_word(enum bill_state state)
{
	return words[state];
}

enum bill_state bill_state_of(const char *word)
{
	return (enum bill_state)word_find(words, BILL_OTHER, word);
}
