#ifndef CHECKIN_CHECKIN_H
#define CHECKIN_CHECKIN_H

#include "order/order.h"

/* The code that opens the court (code.c), and its use. One per order: a signed text for
 * the QR and ten digits for the keyboard. It is made when the order is paid, by a consumer
 * of the message order.paid. */

void checkin_init(void); /* reads the signing key */

enum { CODE_INPUT_MAX = 128 };

struct checkin_code {
	const char *state; /* "active", "used" */
	const char *short_code, *qr_text;
};
extern const struct shape checkin_code_shape;

/* Make the code of a paid order; a second call changes nothing. */
enum err checkin_code_make(struct tx *, int64_t order_id) CHECKED;

/* E_NOT_FOUND for another customer's order, E_ORDER_UNPAID, E_ORDER_CANCELLED,
 * E_CODE_NOT_READY. */
enum err checkin_code_load(
	struct tx *, int64_t order_id, int64_t account_id, struct checkin_code *) CHECKED;

/* "ZX1.<order>.<nonce>.<signature>" */
const char *checkin_qr_text(struct arena *, int64_t order_id, const char *nonce);

/* What staff scanned or typed: the QR's text, the short code, or (by hand, when
 * the customer's phone is dead) the order's number. E_CODE_FORGED for a wrong
 * signature or form. */
struct scanned {
	const char *method;     /* "scan", "typed", "number" */
	int64_t order_id;       /* of a QR */
	const char *nonce;      /* of a QR */
	const char *short_code; /* typed */
	const char *order_no;   /* typed */
};
enum err checkin_read(struct arena *, const char *input, struct scanned *) CHECKED;

struct used_item {
	int64_t id;
	const char *court;
	stamp start, end;
};
struct checkin {
	int64_t order_id;
	const char *order_no, *customer, *timezone;
	money paid_fen, refunded_fen; /* of the whole order */
	raw_json venue;               /* {"id","name"} */
	struct list items;            /* of struct used_item: those that this check-in used */
	stamp checked_in_at;
	stamp undo_until; /* 0: never */
};
extern const struct shape checkin_shape;

/* Use every item of the order whose time window is open. E_CODE_UNKNOWN,
 * E_WRONG_VENUE, E_ORDER_UNPAID, E_ORDER_CANCELLED (also if every item is
 * released), E_ORDER_REFUNDED (all of it, and staff did not keep the courts), E_CHECKED_IN, E_TOO_EARLY, E_TOO_LATE. The order's row is locked, and an
 * item's primary key lets it be used once. E_CHECKED_IN comes with when and by whom. */
enum err checkin_use(struct tx *, const struct scanned *, int64_t member_id, struct checkin *,
	raw_json *detail) CHECKED;

/* Take one back that was a mistake: the items that were used at that moment are booked again.
 * Within ZX_CHECKIN_UNDO_S. E_NOT_FOUND: no such order in scope; E_NOT_CHECKED_IN, also if it
 * was taken back before; E_UNDO_TOO_LATE. What WeChat was told of it stays told. */
struct checkin_undo_params {
	int64_t order_id, member_id;
	stamp checked_in_at; /* exactly, as it was answered */
	const char *reason;
};
enum err checkin_undo(struct tx *, const struct checkin_undo_params *) CHECKED;

/* Queue the record of a try that was refused. */
void checkin_refused(struct tx *, const struct scanned *, int64_t member_id, enum err);

/* Which items may be used now: E_OK if some, else the reason. Marks them by
 * item->state = "used". Pure. */
enum err checkin_judge(struct list *items, stamp now, int64_t early_minutes) CHECKED;

#endif
