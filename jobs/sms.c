/* sms: sends the codes that staff have asked for. Any number may run at once. Woken
 * by NOTIFY; the scan every second is the guarantee. Without ZX_SMS_URL it rests. */
#include "account/sms.h"
#include "base/settings.h"
#include "base/time.h"
#include "io/daemon.h"

enum { IDLE_MS = 1000, FIRST_BLOCK = 64 * 1024 };

SQL(sms_listen, "LISTEN " SMS_CHANNEL);

static void rest(struct db *ears, struct arena *mem, bool *listening)
{
	int64_t end = clock_ms() + IDLE_MS;
	struct tx tx;

	if (!*listening && sms_on()) {
		tx_begin(&tx, ears, mem, TX_NONE);
		*listening = db_run(&tx, &sms_listen) == E_OK;
	}
	if (*listening && db_wait_notify(ears, IDLE_MS))
		return;
	int64_t left = end - clock_ms();
	if (left <= 0)
		return;
	if (left > 1)
		*listening = false; /* it ended early: the connection is gone */
	daemon_sleep((int)left);
}

int main(int argc, char **argv)
{
	bool listening = false;

	settings_load(argc, argv);
	daemon_begin("sms");
	sms_init();
	struct db *db = db_new(settings.db, "sms"), *ears = db_new(settings.db, "sms ears");
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
			rest(ears, mem, &listening);
	}
	watchdog_off();
	db_free(ears);
	db_free(db);
	arena_free(mem);
	return 0;
}
