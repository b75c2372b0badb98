/* settle: everything that waits for a payment channel's word. Unpaid orders are
 * closed there and freed, channels are queried about payments without a notice, what
 * venues cancel is given back, refunds are sent and followed, WeChat is told of what was picked up. Any number may run at
 * once. Woken by NOTIFY; the scan every second is the guarantee. */
#include "pay/settle.h"
#include "base/settings.h"
#include "job/daemon.h"
#include "job/run.h"
#include "order/ending.h"
#include "pay/channels.h"
#include "shipping/shipping.h"

static const struct step steps[] = {
	{"expiring orders", settle_expired},
	{"closing an order", settle_closings},
	{"a sold period outside", settle_outside},
	{"a refund", settle_refunds},
	{"a delayed refund", settle_delayed},
	{"news of a ban", settle_bans},
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
	daemon_run("settle", steps, COUNT_OF(steps), &settle_listen);
	return 0;
}
