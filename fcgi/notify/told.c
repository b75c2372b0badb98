#include "base/log.h"
#include "notify.h"

/* A repeat that lost a race against its twin is simply done again. */
enum { TRIES = 3 };

enum err payment_told(struct req *r, const struct channel_payment *payment)
{
	enum outcome outcome = OUTCOME_OTHER;
	enum err err = E_RETRY;

	for (int i = 0; i < TRIES && err == E_RETRY; i++) {
		own_begin(r, TX_WRITE);
		err = tx_end(&r->tx, notice_settle(&r->tx, payment, &outcome));
	}
	if (err == E_OK)
		log_info("notice", "%s %s", payment->id, outcome_word(outcome));
	return err;
}

enum err refund_told(struct req *r, const struct channel_refund *refund)
{
	enum outcome outcome = OUTCOME_OTHER;
	enum err err = E_RETRY;

	for (int i = 0; i < TRIES && err == E_RETRY; i++) {
		own_begin(r, TX_WRITE);
		err = tx_end(&r->tx, notice_refund_settle(&r->tx, refund, &outcome));
	}
	if (err == E_OK)
		log_info("notice", "%s %s", refund->id, outcome_word(outcome));
	return err;
}
