#ifndef INTERLEAVE_BANK_H
#define INTERLEAVE_BANK_H

#include "base/time.h"

#include <stdbool.h>

/* Both payment channels and WeChat's logins, as the processes of the test see them: one book
 * in memory that all of them share. It stands where lib/pay/channels.c, lib/wechat/login.c
 * and lib/wechat/phone.c stand in the programs. */

enum { TRADES_MAX = 256, NUMBER_MAX = 40 };

enum trade_state { TRADE_OPEN, TRADE_CLOSED, TRADE_CHARGED };

struct trade {
	char no[NUMBER_MAX];
	enum trade_state state;
	int64_t fen;
	stamp paid_at;
};

/* The channel pays a refund once, however often it is asked. */
struct payout {
	char no[NUMBER_MAX];
	int64_t fen;
};

extern struct bank {
	struct trade trades[TRADES_MAX];
	struct payout payouts[TRADES_MAX];
	int64_t trade_count, payout_count;
	bool refuses; /* refunds, for good */
	bool silent;  /* answers nothing */
} * bank;

void bank_open(void); /* before the processes are made */
void bank_clear(void);

struct trade *bank_trade(const char *no); /* NULL: never heard of */
/* The customer pays; false if that can't be any more. */
bool bank_charge(const char *no);
/* It has got this refund, and nobody heard its answer. */
void bank_pay_out(const char *refund_no, int64_t fen);
/* What the channel has paid back on all refunds of this payment. */
int64_t bank_paid_back(const char *trade_no);

#endif
