#include "notify.h"
#include "pay/channels.h"

#include <stdlib.h>
#include <string.h>

enum { ROUTES_MAX = 16 };

static struct notified {
	const struct channel *channel;
	const struct channel_notify *notify;
} notified[ROUTES_MAX];
static struct route routes[ROUTES_MAX + 1]; /* in the same order */

static const char *header_of(const void *request, const char *cgi_name)
{
	return header(request, cgi_name);
}

static enum err store(struct req *r, const struct channel_notify *n)
{
	const struct notify_request request = {
		.header = header_of,
		.request = r,
		.body = {(const unsigned char *)r->body, r->body_len},
		.now = r->now,
	};
	struct channel_payment payment;
	struct channel_refund refund;

	if (n->read_payment) {
		TRY(n->read_payment(r->mem, &request, &payment));
		return payment_told(r, &payment);
	}
	TRY(n->read_refund(r->mem, &request, &refund));
	return refund_told(r, &refund);
}

static enum err take(struct req *r)
{
	const struct notified *it = &notified[r->route - routes];
	const char *received = it->channel->received;

	if (!channel_is_on(it->channel))
		return E_NOT_FOUND;
	TRY(store(r, it->notify));
	return received ? reply_bytes(r, "text/plain", received, strlen(received))
			: reply_empty(r);
}

const struct route *notify_routes(void)
{
	size_t count = 0;

	for (size_t i = 0; channels[i]; i++)
		for (const struct channel_notify *n = channels[i]->notifies; n->path; n++) {
			if (count == ROUTES_MAX)
				abort();
			notified[count] = (struct notified){channels[i], n};
			routes[count++] = (struct route){POST, n->path, PUBLIC, TX_NONE, take,
				.flags = RAW_BODY, .says = n->says};
		}
	return routes;
}
