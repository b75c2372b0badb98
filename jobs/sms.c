/* sms: sends the codes that staff have asked for. Any number may run at once. Woken
 * by NOTIFY; the scan every second is the guarantee. Without ZX_SMS_URL it rests. */
#include "login/sms.h"
#include "base/settings.h"
#include "job/daemon.h"

enum { IDLE_MS = 1000, FIRST_BLOCK = 64 * 1024 };

SQL(sms_listen, "LISTEN " SMS_CHANNEL);

int main(int argc, char **argv)
{
	settings_load(argc, argv);
	daemon_begin("sms");
	sms_init();
	struct db *db = db_new(settings.db, "sms");
	struct listener listener = {
		db_new(settings.db, "sms ears"), sms_on() ? &sms_listen : NULL, false};
	struct arena *mem = arena_new(FIRST_BLOCK);
	int patience_s = (int)settings.request_limit_s * 4;
	while (!daemon_stopping()) {
		bool busy = false, trouble;

		watchdog_set(patience_s, "a text");
		arena_reset(mem);
		trouble = sms_on() && sms_step(db, mem, &busy) != E_OK;
		watchdog_set(patience_s, "resting");
		arena_reset(mem);
		if (trouble)
			daemon_sleep(IDLE_MS);
		else if (!busy)
			daemon_rest(&listener, mem, IDLE_MS);
	}
	watchdog_off();
	db_free(listener.db);
	db_free(db);
	arena_free(mem);
	return 0;
}
