#include "channel/bill.h"

#include <string.h>

static const char *const words[] = {
#define X(id, word) [BILL_##id] = word,
	BILL_STATE_TABLE(X)
#undef X
};

const char *bill_state_word(enum bill_state state)
{
	return words[state];
}

enum bill_state bill_state_of(const char *word)
{
	int state = 0;

	while (state < BILL_OTHER && strcmp(words[state], word) != 0)
		state++;
	return (enum bill_state)state;
}
