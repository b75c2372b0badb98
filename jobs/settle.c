/* settle: everything that waits for a payment channel's word. Unpaid orders are
 * closed there and freed, channels are queried about payments without a notice, what
 * venues cancel is given back, refunds are sent and followed, WeChat is told of what was
 * picked up. Each channel has a process of its own, so that one that is silent holds up
 * nothing of another; so have the shipping duty, and what needs no channel. Any number may
 * run at once. Woken by NOTIFY; the scan every second is the guarantee. */
#include "pay/settle.h"
#include "base/log.h"
#include "base/settings.h"
#include "job/daemon.h"
#include "job/run.h"
#include "job/split.h"
#include "order/ending.h"
#include "pay/channels.h"
#include "shipping/shipping.h"

#include <stdio.h>

static const struct step of_channel[] = {
	{"closing an order", settle_closings},
	{"a refund", settle_refunds},
	{"asking for a payment", settle_silent},
};
static const struct step of_shipping[] = {
	{"a used order", shipping_step},
};
static const struct step of_rest[] = {
	{"expiring orders", settle_expired},
	{"freeing an order", settle_closed},
	{"a sold period outside", settle_outside},
	{"a delayed refund", settle_delayed},
	{"news of a ban", settle_bans},
};

SQL(settle_listen, "LISTEN " SETTLE_CHANNEL);

static void run_part(const char *part, const struct step *steps, size_t count)
{
	static char name[24]; /* in pg_stat_activity */

	snprintf(name, sizeof(name), "settle %s", part);
	log_info("part", "%s", part);
	daemon_run(name, steps, count, &settle_listen);
}

int main(int argc, char **argv)
{
	size_t count = 0;

	settings_load(argc, argv);
	channels_init();
	shipping_init();
	while (channels[count])
		count++;
	size_t part = job_split(count + 2);
	if (part == count + 2)
		return 0;
	daemon_begin("settle");
	if (part < count) {
		settle_only(channels[part]->name);
		run_part(channels[part]->name, of_channel, COUNT_OF(of_channel));
	} else if (part == count) {
		run_part("shipping", of_shipping, COUNT_OF(of_shipping));
	} else {
		run_part("rest", of_rest, COUNT_OF(of_rest));
	}
	return 0;
}
