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

/* What the channel said, and whether to this very request. */
struct heard {
	enum err err;
	bool sent;
	struct channel_refund told;
};

/* If it was sent before, nobody knows how that ended: the channel is queried first, and
 * the very same is sent again if it has never heard of it. */
static enum err query_or_send(struct db *db, struct arena *mem, const struct refund *r,
	const struct channel *channel, struct heard *out)
{
	bool created = refund_state_of(r->state) == REFUND_CREATED;
	enum err err = E_NOT_FOUND;

	if (!created || r->tries > 1)
		err = channel->refund_query(mem, r->out_trade_no, r->out_refund_no, &out->told);
	if (err != E_NOT_FOUND)
		return err;
	out->sent = created;
	return created ? send(db, mem, r, channel, &out->told) : E_CHANNEL_UNKNOWN;
}

static enum err note(struct tx *tx, const struct refund *r, const struct heard *heard)
{
	const struct channel_refund *told = &heard->told;
	enum err err = heard->err;

	if (err == E_OK)
		return refund_note(tx, r, told);
	/* Before it was sent the channel knew nothing of it, and now it says no. */
	if (heard->sent && (err == E_CHANNEL_REFUSED || err == E_UPSTREAM))
		refund_answered(tx, r);
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
	struct heard heard = {0};
	struct list due;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	TRY(tx_end(&tx, refunds_claim(&tx, settle_channel(), 1, &due)));
	if (due.count == 0)
		return E_OK;
	*busy = true;
	const struct refund *r = due.at;
	const struct channel *channel = channel_find(r->channel);
	enum err err = channel ? query_or_send(db, mem, r, channel, &heard) : E_CHANNEL_OFF;
	if (err == E_DB_DOWN || err == E_UNKNOWN || err == E_RETRY)
		return err;
	heard.err = err;
	tx_begin(&tx, db, mem, TX_WRITE);
	return tx_end(&tx, note(&tx, r, &heard));
}

enum err settle_delayed(struct db *db, struct arena *mem, bool *busy)
{
	struct refund r;
	struct tx tx;
	int64_t id;

	tx_begin(&tx, db, mem, TX_WRITE);
	enum err err = refund_delayed_find(&tx, &id);
	if (err == E_NOT_FOUND)
		return tx_end(&tx, E_OK);
	if (err == E_OK)
		err = refund_by_id(&tx, id, &r);
	if (err == E_OK)
		err = refund_delay(&tx, &r);
	*busy |= err == E_OK;
	return tx_end(&tx, err);
}
