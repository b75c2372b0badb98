#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "channel/bill.h"

#include <string.h>

/* A payment channel: whoever takes the customers' money for us. What the rest of
 * the program knows about one is its struct channel; which ones there are stands in
 * pay/channels.c. Nothing in a channel touches the database; all results are in the
 * arena.
 *
 * What a call can come to:
 * E_OK               a proven answer
 * E_NOT_FOUND        queries: the channel has never heard of it
 * E_CHANNEL_REFUSED  it said no
 * E_CHANNEL_UNKNOWN  it may have happened; send the very same again, or query
 * E_UPSTREAM         it has not happened: never sent, or put off */

/* How a customer pays: "jsapi", inside the channel's app, or "native", by a QR code. */
static inline bool method_is_jsapi(const char *method)
{
	return strcmp(method, "jsapi") == 0;
}

struct channel_order {
	const char *method;
	const char *description;  /* in the customer's bill */
	const char *out_trade_no; /* ours, new for each set of parameters */
	stamp expires;
	money total;
	const char *payer; /* jsapi: whom the channel is to ask for the money */
};

/* A payment as the channel tells it, in a notice or as the answer to a query. */
enum payment_state { PAYMENT_OPEN, PAYMENT_CLOSED, PAYMENT_PAID };
struct channel_payment {
	const char *channel;
	const char *id;    /* of the notice, one each; NULL in the answer to a query */
	const char *event; /* the channel's word */
	bool is_payment; /* else the notice is about something else: only id, event, plaintext */
	enum payment_state state; /* PAYMENT_OPEN is no failure: it may still be paid */
	bool returned;            /* paid, and something of it was given back */
	bool ours;                /* merchant and app are those of our settings */
	bool yuan;                /* the currency is CNY */
	const char *out_trade_no, *transaction_id, *payer; /* the last may be NULL */
	stamp paid_at;
	money total;
	const char *plaintext; /* the whole message, kept for the record */
};

struct channel_refund_request {
	const char *out_trade_no;
	const char *out_refund_no; /* one refund for ever; a repeat pays nothing more */
	const char *reason;        /* the customer sees it */
	money refund, total;       /* total is the whole payment's */
};

enum refund_word { REFUND_RUNNING, REFUND_DONE, REFUND_CLOSED, REFUND_ABNORMAL };
struct channel_refund {
	const char *channel, *id, *event; /* of the notice, else NULL */
	bool is_refund;
	bool ours;
	const char *out_refund_no, *channel_no;
	enum refund_word state; /* CLOSED: ended without money; ABNORMAL: people must help */
	money refund;
	stamp done_at; /* 0 unless REFUND_DONE; some answers lack it even then */
	/* With E_CHANNEL_REFUSED: the channel's code, and whether the same request may be
	 * taken once people have cured something of ours: the merchant's account is empty,
	 * our key or our rights are not in order. */
	const char *refusal;
	bool curable;
	const char *plaintext;
};

/* A request by which a channel tells us something. header() returns a header by its CGI
 * name ("HTTP_WECHATPAY_SERIAL"), NULL if it is absent. */
struct notify_request {
	const char *(*header)(const void *request, const char *cgi_name);
	const void *request;
	struct bytes body;
	stamp now;
};

/* One kind of these, with an address of its own and one of the two readers, which
 * verifies and reads. E_NOTIFY_REFUSED: it is not genuine or not complete; the channel
 * will send it again. */
struct channel_notify {
	const char *path;
	const char *says; /* one sentence for the API page */
	enum err (*read_payment)(struct arena *, const struct notify_request *,
		struct channel_payment *) CHECKED;
	enum err (*read_refund)(
		struct arena *, const struct notify_request *, struct channel_refund *) CHECKED;
};

struct channel {
	const char *name; /* in the API, in rows, in arguments of programs */

	/* Read the settings and keys; ends the program with EXIT_CONFIG and the reason if
	 * something is wrong. */
	void (*init)(void);
	/* The settings name a merchant; NULL: they have to. Good before init too, for
	 * programs that only write down what is to be sent. */
	bool (*is_on)(void);

	/* jsapi: the setting with the app in which we know the payer, by an openid; NULL:
	 * we don't, so the customer's side names the payer. */
	const char *const *payer_app;

	/* What is sent, as text: kept with the attempt before the call, replayed byte
	 * for byte. */
	const char *(*order_body)(struct arena *, const struct channel_order *);
	/* *ticket is what the customer's side needs; good for two hours or so. */
	enum err (*prepay)(struct arena *, const char *method, const char *body,
		const char **ticket) CHECKED;
	/* Members "pay_params" and "code_url" of the answer to the customer. */
	enum err (*write_ticket)(
		struct buf *, struct arena *, const char *method, const char *ticket) CHECKED;
	enum err (*query)(
		struct arena *, const char *out_trade_no, struct channel_payment *) CHECKED;
	/* A code is unknown to query() until it is scanned, and may be paid all the while. */
	bool code_is_hidden;
	/* After E_OK it can't be paid. After anything else only a query tells. */
	enum err (*close)(struct arena *, const char *out_trade_no) CHECKED;

	const char *(*refund_body)(struct arena *, const struct channel_refund_request *);
	enum err (*refund)(struct arena *, const char *body, struct channel_refund *) CHECKED;
	enum err (*refund_query)(struct arena *, const char *out_trade_no,
		const char *out_refund_no, struct channel_refund *) CHECKED;

	const struct channel_notify *notifies; /* ends with path NULL */
	const char *received; /* our answer once a notify is stored; NULL: an empty one */

	bool has_fundflow; /* a bill of that kind, beside the trade bill */
	/* Hands on every line of a day's bill and tells the file's digest ("-": there is
	 * none). Lines count only after E_OK.
	 * E_NOT_FOUND: no business that day. E_BAD_BODY: it came and is no such bill.
	 * E_UPSTREAM, E_CHANNEL_UNKNOWN: try again. Errors of the receiver come out. */
	enum err (*bill)(struct arena *, enum bill_kind, date, bill_fn *take, void *arg,
		const char **hash) CHECKED;
};

#endif
