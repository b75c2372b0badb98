/* consume <fulfil | expire | tell | ship>: one consumer of messages from
 * RabbitMQ. Any number of each may run at once.
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
#include <string.h>

static enum err fulfil(struct tx *tx, const struct message *m)
{
	if (strcmp(m->kind, "order.paid") == 0)
		return checkin_code_make(tx, m->subject_id);
	return E_INTERNAL; /* the queue's binding is wrong */
}

static enum err expire(struct tx *tx, const struct message *m)
{
	if (strcmp(m->kind, "order.created") != 0)
		return E_INTERNAL;
	order_expire(tx, m->subject_id);
	return E_OK;
}

static enum err ship(struct tx *tx, const struct message *m)
{
	if (strcmp(m->kind, "order.used") != 0)
		return E_INTERNAL;
	shipping_add(tx, m->subject_id);
	return E_OK;
}

static const struct consumer consumers[] = {
	{"fulfil", QUEUE_FULFIL, fulfil},
	{"expire", QUEUE_EXPIRE, expire},
	{"tell", QUEUE_TELL, tell_message},
	{"ship", QUEUE_SHIP, ship},
};

static const struct consumer *consumer_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(consumers); i++)
		if (strcmp(consumers[i].name, name) == 0)
			return &consumers[i];
	return NULL;
}

int main(int argc, char **argv)
{
	static char program[32];

	settings_load(argc, argv);
	const struct consumer *consumer = argc == 2 ? consumer_find(argv[1]) : NULL;
	if (!consumer) {
		fprintf(stderr, "usage: consume fulfil | expire | tell | ship\n");
		return 1;
	}
	snprintf(program, sizeof(program), "consume-%s", consumer->name);
	daemon_begin(program);
	struct db *db = db_new(settings.db, program);
	consume_run(consumer, db);
	db_free(db);
	return 0;
}
