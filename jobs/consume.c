/* consume: acts on messages from RabbitMQ. Makes the check-in code of an order
 * that was paid. Any number may run at once. */
#include "message/consume.h"
#include "base/settings.h"
#include "checkin/checkin.h"
#include "io/daemon.h"

#include <string.h>

static enum err fulfil(struct tx *tx, const struct message *m)
{
	if (strcmp(m->kind, "order.paid") == 0)
		return checkin_code_make(tx, m->subject_id);
	return E_INTERNAL; /* the queue's binding is wrong */
}

int main(int argc, char **argv)
{
	static const struct consumer consumer = {"fulfil", QUEUE_FULFIL, fulfil};

	settings_load(argc, argv);
	daemon_begin("consume");
	struct db *db = db_new(settings.db, "consume");
	consume_run(&consumer, db);
	db_free(db);
	return 0;
}
