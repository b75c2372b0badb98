/* settle: everything that waits for a payment channel's word. Unpaid orders are
 * closed there and freed, channels are queried about payments without a notice, refunds
 * are sent and followed, WeChat is told of what was picked up. Any number may run at
 * once. Woken by NOTIFY; the scan every second is the guarantee. */
#include "pay/settle.h"
#include "base/log.h"
#include "base/settings.h"
#include "channel/channel.h"
#include "job/daemon.h"
#include "order/ending.h"
#include "shipping/shipping.h"

enum { IDLE_MS = 1000, TROUBLE_MS = 1000, FIRST_BLOCK = 64 * 1024 };

typedef enum err step_fn(struct db *, struct arena *, bool *busy);
static const struct {
	const char *doing;
	step_fn *fn;
} steps[] = {
	{"expiring orders", settle_expired},
	{"closing an order", settle_closings},
	{"a refund", settle_refunds},
	{"asking for a payment", settle_silent},
	{"a used order", shipping_step},
};

SQL(settle_listen, "LISTEN " SETTLE_CHANNEL);

int main(int argc, char **argv)
{
	settings_load(argc, argv);
	daemon_begin("settle");
	channels_init();
	shipping_init();
	struct db *db = db_new(settings.db, "settle");
	struct listener listener = {db_new(settings.db, "settle ears"), &settle_listen, false};
	struct arena *mem = arena_new(FIRST_BLOCK);
	/* A step makes at most two calls to a channel, and some to the database. */
	int patience_s = (int)settings.request_limit_s * 4;
	while (!daemon_stopping()) {
		bool busy = false, trouble = false;

		for (size_t i = 0; i < COUNT_OF(steps) && !daemon_stopping(); i++) {
			watchdog_set(patience_s, steps[i].doing);
			arena_reset(mem);
			trouble |= steps[i].fn(db, mem, &busy) != E_OK;
		}
		watchdog_set(patience_s, "resting");
		arena_reset(mem);
		if (trouble)
			daemon_sleep(TROUBLE_MS);
		else if (!busy)
			daemon_rest(&listener, mem, IDLE_MS);
	}
	watchdog_off();
	db_free(listener.db);
	db_free(db);
	arena_free(mem);
	return 0;
}
