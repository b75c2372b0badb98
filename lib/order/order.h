#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include "order/item.h"
#include "venue/day.h"

/* An order is money; its items (item.h) are courts and times. */

enum { PERIODS_MAX = 60, NOTE_MAX = 100 };
enum { ORDER_NO_MIN = 18, ORDER_NO_MAX = 24 }; /* digits of an order's number */

struct period {
	int64_t court_id;
	stamp start, end;
};
extern const struct shape period_shape;

struct order_in {
	int64_t venue_id;
	date date;
	struct list periods;  /* of struct period */
	const char *note;     /* may be NULL */
	int64_t expected_fen; /* the sum that the customer was shown; -1: not said */
};
extern const struct shape order_in_shape;

/* Money on its way back, or back: "processing" or "succeeded". */
struct order_refund {
	int64_t id, order_id;
	const char *cause, *reason, *state;
	money amount_fen;
	stamp created_at, done_at;
};

struct order {
	int64_t id, account_id, venue_id;
	int64_t frame; /* of the venue, as it was read; only to be added */
	const char *no, *venue_name, *timezone, *state, *pay_state, *note;
	date date;
	money amount_fen, refunded_fen;
	stamp created_at, expires_at, paid_at;
	raw_json refund_tiers; /* the rule as it was sold: lib/order/rule.h */
	struct list items;     /* of struct item */
	struct list refunds;   /* of struct order_refund */
};
extern const struct shape order_shape;

/* Check the date, check and price every period (draft.c): the first that can't be had
 * decides, and *field says which ("periods[2]"). Fills everything but ids and number. Pure. */
enum err order_draft(struct arena *, const struct order_in *, const struct day *,
	struct order *, const char **field) CHECKED;

/* E_PRICE_CHANGED, and the sum as it is now, if the customer was shown another. Pure. */
enum err order_check_expected(struct arena *, const struct order_in *, const struct order *,
	raw_json *detail) CHECKED;

/* Ask whether something of it is taken already: a row says yes, and which period is the
 * first. Only there to spare a rush the work of an order that must fail; order_add decides. */
struct taken_period {
	int64_t nth, own_order_id; /* from 1; one of the same customer that has it, or 0 */
};
void order_ask_taken(
	struct tx *, const struct order_in *, int64_t account_id, struct list *out);
/* What an answer says of it: the body's member ("periods[2]"), NULL if none is taken; and
 * {"mine": <order>} if it is the customer's own. */
const char *order_taken_say(struct arena *, const struct list *taken, raw_json *detail);

/* Queue the order, its items, what they occupy, the customer's count of the day and
 * the message order.created: all or nothing at COMMIT. One that costs nothing is paid at
 * once, with its message. E_SLOT_TAKEN, E_QUOTA and E_HOLDS_USED_UP come from there, and
 * E_RETRY if the day isn't any more as it was read. */
enum err order_add(struct tx *, struct order *, int64_t account_id) CHECKED;
/* When E_HOLDS_USED_UP ends if nothing is paid meanwhile: now, if it has. */
enum err order_holds_until(struct tx *, int64_t account_id, stamp *until) CHECKED;

/* The order with its items; another customer's is E_NOT_FOUND. */
enum err order_load(struct tx *, int64_t id, int64_t account_id, struct order *) CHECKED;

/* Newest first, from behind the order `before` (0: from the newest). */
enum err order_list(
	struct tx *, int64_t account_id, int64_t before, int64_t limit, struct list *) CHECKED;

/* Courts that the order asks for, for day_ask_courts. */
struct ints order_in_courts(struct arena *, const struct order_in *);
/* If a period ends later than the day that was read, the date after, too (day_run_on). */
enum err order_run_on(struct tx *, const struct order_in *, struct day *) CHECKED;

#endif
