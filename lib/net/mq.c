#include "net/mq.h"

#include "base/settings.h"
#include "base/time.h"
#include "net/mqlink.h"
#include "net/shared.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_TEXT = 24 };

/* A delivery or a return comes as a method, a header and bodies, one frame
 * each; frames of one channel never mix. */
enum arriving { NOTHING, DELIVERED, RETURNED };

struct mq {
	struct mq_link link;
	uint64_t published; /* on this channel: the tag of the last publish */

	enum arriving arriving;
	uint64_t body_left;
	struct mq_delivery incoming;

	/* The batch that waits for its confirms. */
	struct mq_post *posts;
	size_t post_count, unsettled;

	/* Deliveries that came and were not yet asked for. */
	struct mq_delivery ring[MQ_PREFETCH];
	size_t ring_first, ring_count;
};

struct mq *mq_new(const char *program, const struct mq_queue *queues, size_t count)
{
	struct mq *mq = calloc(1, sizeof(*mq));

	if (!mq)
		abort();
	mq->link = (struct mq_link){.program = program, .queues = queues, .queue_count = count};
	mq_link_init();
	return mq;
}

void mq_free(struct mq *mq)
{
	struct timeval second = {.tv_sec = 1};

	if (mq->link.conn && amqp_set_rpc_timeout(mq->link.conn, &second) == AMQP_STATUS_OK)
		(void)amqp_connection_close(mq->link.conn, AMQP_REPLY_SUCCESS);
	mq_link_drop(&mq->link);
	free(mq);
}

enum err mq_open(struct mq *mq)
{
	if (mq->link.conn)
		return E_OK;
	mq->published = mq->ring_count = 0;
	mq->arriving = NOTHING;
	return mq_link_open(&mq->link);
}

bool mq_is_open(const struct mq *mq)
{
	return mq->link.conn != NULL;
}

int mq_pause_ms(const struct mq *mq)
{
	return mq_link_pause_ms(&mq->link);
}

/* Confirms count publishes from 1, in order, per channel. */
static void settle(struct mq *mq, uint64_t tag, bool and_all_before, enum mq_fate fate)
{
	uint64_t first = mq->published - mq->post_count + 1;

	for (size_t i = 0; i < mq->post_count; i++) {
		struct mq_post *p = &mq->posts[i];

		if (p->settled || (and_all_before ? first + i > tag : first + i != tag))
			continue;
		p->settled = true;
		mq->unsettled--;
		if (p->fate != MQ_UNROUTABLE || fate == MQ_REFUSED)
			p->fate = fate;
	}
}

/* A return comes before the confirm of the same post, which says nothing about
 * it: what can't be routed is confirmed all the same. */
static void take_return(struct mq *mq, int64_t id)
{
	for (size_t i = 0; i < mq->post_count; i++)
		if (mq->posts[i].id == id)
			mq->posts[i].fate = MQ_UNROUTABLE;
}

static enum err complete(struct mq *mq)
{
	enum arriving what = mq->arriving;

	mq->arriving = NOTHING;
	if (what == RETURNED) {
		take_return(mq, mq->incoming.id);
		return E_OK;
	}
	if (mq->ring_count == MQ_PREFETCH)
		return mq_link_fail(&mq->link, "consume", "more deliveries than asked for");
	mq->ring[(mq->ring_first + mq->ring_count++) % MQ_PREFETCH] = mq->incoming;
	return E_OK;
}

static enum err on_method(struct mq *mq, amqp_method_t *m)
{
	amqp_rpc_reply_t last = {.reply_type = AMQP_RESPONSE_SERVER_EXCEPTION, .reply = *m};

	switch (m->id) {
	case AMQP_BASIC_ACK_METHOD: {
		const amqp_basic_ack_t *ack = m->decoded;
		settle(mq, ack->delivery_tag, ack->multiple, MQ_CONFIRMED);
		return E_OK;
	}
	case AMQP_BASIC_NACK_METHOD: {
		const amqp_basic_nack_t *nack = m->decoded;
		settle(mq, nack->delivery_tag, nack->multiple, MQ_REFUSED);
		return E_OK;
	}
	case AMQP_BASIC_RETURN_METHOD:
		mq->arriving = RETURNED;
		return E_OK;
	case AMQP_BASIC_DELIVER_METHOD: {
		const amqp_basic_deliver_t *d = m->decoded;
		mq->arriving = DELIVERED;
		mq->incoming.tag = d->delivery_tag;
		mq->incoming.again = d->redelivered;
		return E_OK;
	}
	case AMQP_BASIC_CANCEL_METHOD:
		return mq_link_fail(&mq->link, "consume", "the queue is gone");
	case AMQP_CHANNEL_CLOSE_METHOD:
	case AMQP_CONNECTION_CLOSE_METHOD:
		return mq_link_reply(&mq->link, last, "connection");
	default:
		return E_OK;
	}
}

/* A decimal number of ours; 0 for anything else. */
static int64_t id_of(const amqp_basic_properties_t *props)
{
	char text[ID_TEXT] = "", *end;

	if (!(props->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) ||
		props->message_id.len >= sizeof(text))
		return 0;
	memcpy(text, props->message_id.bytes, props->message_id.len);
	errno = 0;
	long long id = strtoll(text, &end, 10);
	return *end || errno || id < 0 ? 0 : id;
}

static enum err on_frame(struct mq *mq, amqp_frame_t *f)
{
	if (f->frame_type == AMQP_FRAME_METHOD)
		return on_method(mq, &f->payload.method);
	if (mq->arriving == NOTHING)
		return mq_link_fail(&mq->link, "connection", "a body that belongs to nothing");
	if (f->frame_type == AMQP_FRAME_HEADER) {
		mq->incoming.id = id_of(f->payload.properties.decoded);
		mq->body_left = f->payload.properties.body_size;
	} else if (f->frame_type == AMQP_FRAME_BODY) {
		size_t len = f->payload.body_fragment.len;
		mq->body_left -= len < mq->body_left ? len : mq->body_left;
	}
	return mq->body_left == 0 ? complete(mq) : E_OK;
}

/* Take one frame; E_NOT_FOUND if none comes in that time. */
static enum err take_frame(struct mq *mq, int64_t wait_ms)
{
	amqp_frame_t f;
	struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

	if (!mq->link.conn)
		return E_UPSTREAM;
	int status = amqp_simple_wait_frame_noblock(mq->link.conn, &f, &wait);
	if (status == AMQP_STATUS_TIMEOUT)
		return E_NOT_FOUND;
	TRY(mq_link_status(&mq->link, status, "wait"));
	TRY(on_frame(mq, &f));
	amqp_maybe_release_buffers(mq->link.conn);
	return E_OK;
}

enum err mq_poll(struct mq *mq)
{
	enum err err;

	do
		err = take_frame(mq, 0);
	while (err == E_OK);
	return err == E_NOT_FOUND ? E_OK : err;
}

static enum err send_post(struct mq *mq, const struct mq_post *p)
{
	char id[ID_TEXT];

	snprintf(id, sizeof(id), "%lld", (long long)p->id);
	amqp_basic_properties_t props = {
		._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
			  AMQP_BASIC_MESSAGE_ID_FLAG,
		.content_type = amqp_cstring_bytes("application/json"),
		.delivery_mode = AMQP_DELIVERY_PERSISTENT,
		.message_id = amqp_cstring_bytes(id),
	};
	return mq_link_status(&mq->link,
		amqp_basic_publish(mq->link.conn, MQ_CHANNEL, amqp_cstring_bytes(MQ_EVENTS),
			amqp_cstring_bytes(p->key), p->must_route, 0, &props,
			amqp_cstring_bytes(p->body)),
		"publish");
}

static enum err publish_all(struct mq *mq, struct mq_post *posts, size_t count)
{
	int64_t left, deadline = clock_ms() + mq_patience_s() * 1000LL;

	for (size_t i = 0; i < count; i++) {
		TRY(mq_poll(mq));
		TRY(send_post(mq, &posts[i]));
		mq->published++;
		mq->post_count++;
		mq->unsettled++;
	}
	while (mq->unsettled > 0) {
		left = deadline - clock_ms();
		if (left <= 0)
			return mq_link_fail(&mq->link, "publish", "no confirm in time");
		enum err err = take_frame(mq, left);
		if (err != E_NOT_FOUND)
			TRY(err);
	}
	return E_OK;
}

static enum err publish(struct mq *mq, struct mq_post *posts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		posts[i].fate = MQ_UNKNOWN;
		posts[i].settled = false;
	}
	mq->posts = posts;
	enum err err = publish_all(mq, posts, count);
	mq->posts = NULL;
	mq->post_count = mq->unsettled = 0;
	return err;
}

enum err mq_publish(struct mq *mq, struct mq_post *posts, size_t count)
{
	int64_t began = clock_us();
	enum err err = publish(mq, posts, count);

	timing_count(&shared()->broker, clock_us() - began);
	return err;
}

enum err mq_consume(struct mq *mq, const char *queue)
{
	if (!mq->link.conn)
		return E_UPSTREAM;
	amqp_basic_qos(mq->link.conn, MQ_CHANNEL, 0, MQ_PREFETCH, 0);
	TRY(mq_link_reply(&mq->link, amqp_get_rpc_reply(mq->link.conn), "prefetch"));
	amqp_basic_consume(mq->link.conn, MQ_CHANNEL, amqp_cstring_bytes(queue),
		amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
	return mq_link_reply(&mq->link, amqp_get_rpc_reply(mq->link.conn), queue);
}

enum err mq_next(struct mq *mq, int timeout_ms, struct mq_delivery *out)
{
	int64_t left, deadline = clock_ms() + timeout_ms;

	TRY(mq_poll(mq));
	while (mq->ring_count == 0) {
		left = deadline - clock_ms();
		TRY(take_frame(mq, left > 0 ? left : 0));
	}
	*out = mq->ring[mq->ring_first];
	mq->ring_first = (mq->ring_first + 1) % MQ_PREFETCH;
	mq->ring_count--;
	return E_OK;
}

enum err mq_ack(struct mq *mq, const struct mq_delivery *d)
{
	TRY(mq_poll(mq));
	return mq_link_status(
		&mq->link, amqp_basic_ack(mq->link.conn, MQ_CHANNEL, d->tag, 0), "ack");
}

enum err mq_reject(struct mq *mq, const struct mq_delivery *d, bool requeue)
{
	TRY(mq_poll(mq));
	return mq_link_status(&mq->link,
		amqp_basic_reject(mq->link.conn, MQ_CHANNEL, d->tag, requeue), "reject");
}
