/* relay: publishes the message table to RabbitMQ, at least once. Any number may
 * run at once; each claims rows for itself. */
#include "base/log.h"
#include "base/settings.h"
#include "job/daemon.h"
#include "message/message.h"

#include <inttypes.h>

enum {
	BATCH = 100,
	IDLE_MS = 1000,
	BUSY_MS = 250,
	WATCHDOG_S = 30,
	CONFIRM_SPARE_S = 5, /* the watchdog, after a publish should have given up */
	POSTPONE_MAX_S = 60,
	RECONNECT_MAX_S = 5,
};

struct relay {
	struct db *db;
	struct listener listener;
	struct mq *mq;
	struct arena *mem;
};

/* Claim in a short transaction of its own: nothing is locked while we publish. */
static enum err claim(struct relay *r, struct list *out)
{
	struct tx tx;

	tx_begin(&tx, r->db, r->mem, TX_WRITE);
	return tx_end(&tx, message_claim(&tx, BATCH, out));
}

static struct mq_post *posts_of(struct relay *r, const struct list *claimed)
{
	const struct message *m = claimed->at;
	struct mq_post *posts = NEW_N(r->mem, struct mq_post, claimed->count);

	for (size_t i = 0; i < claimed->count; i++)
		posts[i] = (struct mq_post){.id = m[i].id,
			.key = arena_strdup(r->mem, message_key(m[i].kind)),
			.body = m[i].body,
			.must_route = message_must_route(m[i].kind)};
	return posts;
}

/* Those of the batch that met this fate. */
static struct message_refs pick(struct relay *r, const struct list *claimed,
	const struct mq_post *posts, enum mq_fate fate)
{
	const struct message *m = claimed->at;
	int64_t *ids = NEW_N(r->mem, int64_t, claimed->count);
	int64_t *attempts = NEW_N(r->mem, int64_t, claimed->count);
	size_t n = 0;

	for (size_t i = 0; i < claimed->count; i++) {
		if (posts[i].fate != fate)
			continue;
		ids[n] = m[i].id;
		attempts[n++] = m[i].attempts;
	}
	return (struct message_refs){{ids, n}, {attempts, n}};
}

static void note_fates(
	struct tx *tx, struct relay *r, const struct list *claimed, const struct mq_post *posts)
{
	static const struct {
		enum mq_fate fate;
		const char *reason;
		int64_t cap_s;
	} bad[] = {
		{MQ_UNKNOWN, "no confirm came", RECONNECT_MAX_S},
		{MQ_REFUSED, "the broker refused it", POSTPONE_MAX_S},
		{MQ_UNROUTABLE, "no queue takes this kind", POSTPONE_MAX_S},
	};
	struct message_refs good = pick(r, claimed, posts, MQ_CONFIRMED);

	if (good.ids.count)
		message_published(tx, &good);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct message_refs refs = pick(r, claimed, posts, bad[i].fate);
		if (!refs.ids.count)
			continue;
		log_warn("message_postponed", "%zu, first %" PRId64 ": %s", refs.ids.count,
			refs.ids.at[0], bad[i].reason);
		message_postponed(tx, &refs, bad[i].reason, bad[i].cap_s);
	}
}

/* Worth a second try: what is not noted down is published again when its lease
 * runs out. */
static enum err settle(struct relay *r, const struct list *claimed, const struct mq_post *posts)
{
	enum err err = E_OK;

	for (int i = 0; i < 2; i++) {
		struct tx tx;

		tx_begin(&tx, r->db, r->mem, TX_WRITE);
		note_fates(&tx, r, claimed, posts);
		err = tx_commit(&tx);
		if (err == E_OK)
			return E_OK;
		tx_rollback(&tx);
	}
	return err;
}

SQL(relay_listen, "LISTEN " MESSAGE_CHANNEL);

static void rest(struct relay *r, int ms)
{
	watchdog_set(WATCHDOG_S, "listening");
	daemon_rest(&r->listener, r->mem, ms);
}

/* One batch; how many were claimed. */
static enum err work(struct relay *r, size_t *count)
{
	struct list claimed;

	*count = 0;
	watchdog_set(WATCHDOG_S, "connecting to the broker");
	TRY(mq_open(r->mq));
	TRY(mq_poll(r->mq));
	watchdog_set(WATCHDOG_S, "the database");
	TRY(claim(r, &claimed));
	*count = claimed.count;
	if (claimed.count == 0)
		return E_OK;
	struct mq_post *posts = posts_of(r, &claimed);
	watchdog_set(mq_patience_s() + CONFIRM_SPARE_S, "publishing");
	enum err err = mq_publish(r->mq, posts, claimed.count);
	watchdog_set(WATCHDOG_S, "the database");
	TRY(settle(r, &claimed, posts));
	return err;
}

static void run(struct relay *r)
{
	bool busy = false;

	while (!daemon_stopping()) {
		size_t count;

		arena_reset(r->mem);
		enum err err = work(r, &count);
		if (err == E_UPSTREAM)
			daemon_sleep(mq_pause_ms(r->mq));
		else if (err != E_OK)
			daemon_sleep(IDLE_MS);
		else if (count < BATCH)
			rest(r, count || busy ? BUSY_MS : IDLE_MS);
		busy = count > 0;
	}
}

int main(int argc, char **argv)
{
	settings_load(argc, argv);
	daemon_begin("relay");
	size_t count;
	const struct mq_queue *queues = message_queues(&count);
	struct relay r = {
		.db = db_new(settings.db, "relay"),
		.listener = {db_new(settings.db, "relay ears"), &relay_listen, false},
		.mq = mq_new("relay", queues, count),
		.mem = arena_new((size_t)256 * 1024),
	};

	run(&r);
	watchdog_set(WATCHDOG_S, "the end");
	mq_free(r.mq);
	db_free(r.listener.db);
	db_free(r.db);
	arena_free(r.mem);
	return 0;
}
