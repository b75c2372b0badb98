#include "base/log.h"
#include "channel/call.h"
#include "pay/channels.h"
#include "pay/refund.h"
#include "pay/settle.h"

#include <inttypes.h>

static enum err send(struct db *db, struct arena *mem, const struct refund *r,
	const struct channel *channel, struct channel_refund *out)
{
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	refund_sending(&tx, r);
	TRY(tx_end(&tx, E_OK));
	return channel->refund(mem, r->request, out);
}

/* If it was sent before, nobody knows how that ended: the channel is queried first, and
 * the very same is sent again if it has never heard of it. */
static enum err query_or_send(struct db *db, struct arena *mem, const struct refund *r,
	const struct channel *channel, struct channel_refund *out)
{
	bool created = refund_state_of(r->state) == REFUND_CREATED;
	enum err err = E_NOT_FOUND;

	if (!created || r->tries > 1)
		err = channel->refund_query(mem, r->out_trade_no, r->out_refund_no, out);
	if (err != E_NOT_FOUND)
		return err;
	return created ? send(db, mem, r, channel, out) : E_CHANNEL_UNKNOWN;
}

static enum err note(
	struct tx *tx, const struct refund *r, enum err err, const struct channel_refund *told)
{
	if (err == E_OK)
		return refund_note(tx, r, told);
	if (err == E_CHANNEL_REFUSED && !told->curable &&
		refund_state_of(r->state) == REFUND_CREATED)
		return refund_stuck(tx, r, told->refusal ? told->refusal : "REFUSED");
	if (channel_wait_s(err) > 0) {
		refund_wait(tx, r, channel_wait_s(err));
		return E_OK;
	}
	const char *trouble =
		err == E_CHANNEL_REFUSED && told->refusal ? told->refusal : err_info[err].code;
	log_warn("refund", "%s, try %" PRId64 ": %s", r->out_refund_no, r->tries, trouble);
	refund_later(tx, r, trouble);
	return E_OK;
}

enum err settle_refunds(struct db *db, struct arena *mem, bool *busy)
{
	struct channel_refund told = {0};
	struct list due;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, refunds_claim(&tx, 1, &due)));
	if (due.count == 0)
		return E_OK;
	*busy = true;
	const struct refund *r = due.at;
	const struct channel *channel = channel_find(r->channel);
	enum err err = channel ? query_or_send(db, mem, r, channel, &told) : E_CHANNEL_OFF;
	if (err == E_DB_DOWN || err == E_UNKNOWN || err == E_RETRY)
		return err;
	tx_begin(&tx, db, mem, TX_WRITE);
	return tx_end(&tx, note(&tx, r, err, &told));
}
