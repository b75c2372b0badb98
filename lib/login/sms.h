#ifndef LOGIN_SMS_H
#define LOGIN_SMS_H

#include "base/settings.h"
#include "db/db.h"

/* Codes by SMS, the second way in for staff.
 *
 * Who asks for a code is answered the same, in the same time, whosever phone it is:
 * the request writes a row and wakes the daemon `sms`, and only that looks whether
 * it is the phone of a member of staff, makes the code and calls the gateway. So
 * nobody learns from us who works here, nobody waits for the gateway, and a code
 * stands nowhere but in the text: its row has a digest under ZX_HASH_KEY_FILE.
 *
 * A code lives five minutes and bears five tries; it serves once, and a new one
 * ends the old. A phone may be asked for once a minute, five times an hour and ten
 * times a day, counted in rows under a lock. ZX_SMS_PER_DAY caps what is sent in
 * all, so that only real texts use it up. */

enum { SMS_LIFE_S = 300, SMS_TRIES = 5, SMS_DIGITS = 6, SMS_LATEST_S = 60 };

/* Ends the program if a part of the settings is missing; without ZX_SMS_URL this
 * way in is off. */
void sms_init(void);
static inline bool sms_on(void)
{
	return *settings.sms_url;
}

/* A code for this phone, please: counted, and left to the daemon. E_BUSY and the
 * seconds to wait. */
enum err sms_code_take(struct tx *, const char *phone, int64_t *retry_after_s) CHECKED;
#define SMS_CHANNEL "zx_sms" /* of NOTIFY */

/* One try; commit it whatever comes out. *right: it was the code, now spent. */
enum err sms_try(struct tx *, const char *phone, const char *code, bool *right) CHECKED;

/* The member of staff with this phone; E_LOGIN_REFUSED. */
enum err sms_account(struct tx *, const char *phone, int64_t *account_id) CHECKED;

/* The daemon's work: make and send the next code that is waited for, if any
 * (*busy). What was asked for over SMS_LATEST_S ago is let be. */
enum err sms_step(struct db *, struct arena *, bool *busy) CHECKED;

/* The gateway's side (sms_gateway.c): one provider, JSON over HTTPS.
 *
 *   POST <ZX_SMS_URL>      Authorization: Bearer <ZX_SMS_SECRET_FILE>
 *   {"id":"1234","phone":"+8613800138000","purpose":"staff_login",
 *    "code":"012345","minutes":5}
 *
 * 2xx: it is on its way, whatever the body. 429 and 5xx: later. Else: refused. The
 * same id is one text, however often it comes. What the gateways of the market want
 * (Aliyun SendSms, Tencent SendSms: signed requests, an approved signature and
 * template) is an adapter behind this address. */
struct sms {
	int64_t id;
	const char *phone, *code;
};
void sms_gateway_init(void);
/* E_OK: taken. E_UPSTREAM: not, after three tries; logged, without phone or code. */
enum err sms_send(struct arena *, const struct sms *) CHECKED;

#endif
