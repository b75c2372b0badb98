/* sms: sends the codes that staff have asked for. Any number may run at once. Woken
 * by NOTIFY; the scan every second is the guarantee. Without ZX_SMS_URL it rests. */
#include "login/sms.h"
#include "base/settings.h"
#include "job/daemon.h"
#include "job/run.h"

static const struct step steps[] = {{"a text", sms_step}};

SQL(sms_listen, "LISTEN " SMS_CHANNEL);

int main(int argc, char **argv)
{
	settings_load(argc, argv);
	daemon_begin("sms");
	sms_init();
	bool on = sms_on();
	daemon_run("sms", steps, on ? COUNT_OF(steps) : 0, on ? &sms_listen : NULL);
	return 0;
}
