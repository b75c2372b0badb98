#include "message/consume.h"

#include "base/log.h"
#include "job/daemon.h"

#include <inttypes.h>

/* Trouble that passes is waited for in place, a little longer each time; if it
 * doesn't pass while the database is there, the others go first. */
enum { IN_PLACE_MAX = 10, PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 5000, POLL_MS = 1000 };
enum { WATCHDOG_S = 60, FIRST_BLOCK = 16384 };

struct run {
	const struct consumer *consumer;
	struct db *db;
	struct mq *mq;
	struct arena *mem;
};

/* The broker wants to hear from us meanwhile; if it goes, the work goes on. */
static void pause_in_place(struct run *r, int doublings)
{
	int ms = PAUSE_FIRST_MS << (doublings < 6 ? doublings : 6);

	for (ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS; ms > 0; ms -= POLL_MS) {
		daemon_sleep(ms < POLL_MS ? ms : POLL_MS);
		if (daemon_stopping())
			return;
		if (mq_is_open(r->mq) && mq_poll(r->mq) != E_OK)
			log_debug("consume", "the broker went away during a pause");
	}
}

/* E_OK, E_NOT_FOUND, or E_RETRY: it is time to stop and nothing is settled. */
static enum err handle(struct run *r, const struct mq_delivery *d)
{
	struct handling h = {.consumer = r->consumer,
		.db = r->db,
		.mem = r->mem,
		.id = d->id,
		.again = d->again};

	for (int i = 0; !daemon_stopping(); i++) {
		watchdog_set(WATCHDOG_S, "a message");
		arena_reset(r->mem);
		enum err err = consume_one(&h);
		if (err != E_OK && err != E_NOT_FOUND && i >= IN_PLACE_MAX)
			err = consume_failed(&h, err_info[err].code);
		if (err == E_OK || err == E_NOT_FOUND)
			return err;
		pause_in_place(r, i);
	}
	return E_RETRY;
}

/* What can't be settled stays with the broker. What has no row of ours goes to
 * MQ_DEAD: nothing here can be done with it. */
static enum err deliver(struct run *r, const struct mq_delivery *d)
{
	enum err err = d->id ? handle(r, d) : E_NOT_FOUND;

	if (err == E_OK)
		return mq_ack(r->mq, d);
	if (err != E_NOT_FOUND)
		return err;
	log_error("message_unknown", "%s: no message %" PRId64 ", to %s", r->consumer->name,
		d->id, MQ_DEAD);
	return mq_reject(r->mq, d, false);
}

static enum err ensure_consuming(struct run *r)
{
	if (mq_is_open(r->mq))
		return E_OK;
	watchdog_set(WATCHDOG_S, "connecting to the broker");
	TRY(mq_open(r->mq));
	return mq_consume(r->mq, r->consumer->queue);
}

void consume_run(const struct consumer *consumer, struct db *db)
{
	size_t count;
	const struct mq_queue *queues = message_queues(&count);
	struct run r = {.consumer = consumer,
		.db = db,
		.mq = mq_new(consumer->name, queues, count),
		.mem = arena_new(FIRST_BLOCK)};

	while (!daemon_stopping()) {
		struct mq_delivery d;

		enum err err = ensure_consuming(&r);
		watchdog_set(WATCHDOG_S, "the broker");
		if (err == E_OK)
			err = mq_next(r.mq, POLL_MS, &d);
		if (err == E_OK)
			err = deliver(&r, &d);
		if (err == E_UPSTREAM)
			daemon_sleep(mq_pause_ms(r.mq));
	}
	watchdog_set(WATCHDOG_S, "the end");
	mq_free(r.mq);
	arena_free(r.mem);
}
