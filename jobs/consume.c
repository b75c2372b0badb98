/* consume <fulfil | expire | tell | ship>: one consumer of messages from
 * RabbitMQ. Any number of each may run at once. Here stands what each does; which kinds
 * of messages it hears is decided in message/bindings.h.
 * fulfil  makes the check-in code of an order that was paid
 * expire  ends an order that was not paid in time
 * tell    writes what has happened into the customer's inbox
 * ship    notes down that WeChat is to be told of an order that was used */
#include "message/consume.h"
#include "base/settings.h"
#include "checkin/checkin.h"
#include "job/daemon.h"
#include "order/ending.h"
#include "shipping/shipping.h"
#include "tell/tell.h"

#include <stdio.h>

static enum err fulfil(struct tx *tx, const struct message *m)
{
	return checkin_code_make(tx, m->subject_id);
}

static enum err expire(struct tx *tx, const struct message *m)
{
	order_expire(tx, m->subject_id);
	return E_OK;
}

static enum err ship(struct tx *tx, const struct message *m)
{
	shipping_add(tx, m->subject_id);
	return E_OK;
}

static consume_fn *const effects[CONSUMER_COUNT] = {
	[CONSUMER_FULFIL] = fulfil,
	[CONSUMER_EXPIRE] = expire,
	[CONSUMER_TELL] = tell_message,
	[CONSUMER_SHIP] = ship,
};

static enum message_consumer me;

/* A kind that is not for us comes only by a binding that the broker has and
 * message/bindings.h doesn't. */
static enum err act(struct tx *tx, const struct message *m)
{
	return message_is_for(message_kind_of(m->kind), me) ? effects[me](tx, m) : E_INTERNAL;
}

int main(int argc, char **argv)
{
	static char program[32];

	settings_load(argc, argv);
	me = argc == 2 ? consumer_of(argv[1]) : CONSUMER_COUNT;
	if (me == CONSUMER_COUNT) {
		fprintf(stderr, "usage: consume fulfil | expire | tell | ship\n");
		return 1;
	}
	snprintf(program, sizeof(program), "consume-%s", consumer_word(me));
	daemon_begin(program);
	struct db *db = db_new(settings.db, program);
	consume_run(&(struct consumer){consumer_word(me), consumer_queue(me), act}, db);
	db_free(db);
	return 0;
}
