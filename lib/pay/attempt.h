#ifndef PAY_ATTEMPT_H
#define PAY_ATTEMPT_H

#include "channel/channel.h"
#include "db/db.h"

/* Payment attempts: an order is paid by one of them. The row is there before
 * the channel is called, and says exactly what was sent. */

struct attempt {
	int64_t id, order_id;
	const char *channel, *method, *out_trade_no, *state, *request;
	const char *prepay; /* the channel's ticket; NULL until it answered */
	money amount_fen;
	stamp expires_at;
	const char *timezone; /* of its venue */
};

struct attempt_params {
	int64_t order_id, account_id;
	const char *channel, *method;
	const char *payer; /* jsapi, where the channel doesn't know it by the account */
};

/* The open attempt of this order, channel and method, or a new one, with the
 * order's row locked. E_NOT_FOUND (also another customer's order), E_ORDER_PAID,
 * E_ORDER_EXPIRED and E_ORDER_CANCELLED (also while it is closing), E_NO_OPENID
 * (jsapi), E_CHANNEL_OFF. */
enum err attempt_open(struct tx *, const struct attempt_params *, struct attempt *) CHECKED;

/* Queue what the channel answered; E_ORDER_STATE if the attempt was closed in
 * the meantime, or its order wants no money any more. */
void attempt_prepaid(struct tx *, const struct attempt *, const char *prepay);

/* Queue: the channel says that it can't be paid any more. */
void attempt_closed(struct tx *, int64_t attempt_id);

#endif
