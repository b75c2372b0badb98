#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* All settings, one line each: name, default, range, sentence. They come from
 * the environment as ZX_<NAME>; secrets are always names of files. */
#define SETTINGS_TEXT(X)                                                                       \
	X(db, "", "PostgreSQL as libpq conninfo, for example host=/run/postgresql dbname=zx")  \
	X(db_staff, "",                                                                        \
		"the same under the role zx_staff, for what staff do; see rights in README")   \
	X(redis, "", "path of Redis's unix socket; empty: do without")                         \
	X(mq_host, "127.0.0.1", "RabbitMQ host")                                               \
	X(mq_user, "guest", "RabbitMQ user")                                                   \
	X(mq_password_file, "", "file with the password of the RabbitMQ user")                 \
	X(mq_vhost, "/", "RabbitMQ virtual host")                                              \
	X(issuer, "https://localhost:18443", "own public base URL: token issuer, notify URLs") \
	X(token_keys, "",                                                                      \
		"folder of <kid>.pem (EC P-256); its file `current` names the signer")         \
	X(refresh_key_file, "", "file with 32 or more bytes that make refresh tokens")         \
	X(hash_key_file, "", "file with 32 or more bytes that key what is kept as hash only")  \
	X(code_key_file, "", "file with 32 or more bytes that sign check-in codes")            \
	X(wx_api_base, "https://api.weixin.qq.com", "WeChat mini-program API")                 \
	X(wx_appid, "", "appid of the mini-program")                                           \
	X(wx_secret_file, "", "file with the mini-program's secret")                           \
	X(wx_web_base, "https://open.weixin.qq.com", "where WeChat shows the code to scan")    \
	X(wx_web_appid, "", "appid of the website app; empty: no login by scan")               \
	X(wx_web_secret_file, "", "file with the website app's secret")                        \
	X(wx_web_redirect, "", "page that a scan leads to; empty: /play/ of the issuer")       \
	X(sms_url, "", "SMS gateway, see lib/login/sms.h; empty: no login by SMS")             \
	X(sms_secret_file, "", "file with the bearer secret of the SMS gateway")               \
	X(wx_shipping, "auto", "tell WeChat of orders that were used: off, auto or on")        \
	X(wxpay_base, "https://api.mch.weixin.qq.com", "WeChat Pay API")                       \
	X(wxpay_mchid, "", "merchant id")                                                      \
	X(wxpay_serial, "", "serial of the merchant's certificate, upper-case hex")            \
	X(wxpay_key_file, "", "file with the merchant's private key, PEM")                     \
	X(wxpay_apiv3_key_file, "", "file with the APIv3 key, exactly 32 bytes")               \
	X(wxpay_pubkey_id, "", "PUB_KEY_ID_…; empty: platform certificates only")              \
	X(wxpay_pubkey_file, "", "file with WeChat Pay's public key, PEM")                     \
	X(alipay_gateway, "https://openapi.alipay.com/gateway.do", "Alipay's gateway")         \
	X(alipay_appid, "", "app at Alipay; empty: that channel is off")                       \
	X(alipay_seller_id, "", "merchant at Alipay, 16 digits")                               \
	X(alipay_key_file, "", "file with the private key of the app, PEM")                    \
	X(alipay_public_key_file, "", "file with Alipay's public key, PEM")                    \
	X(shared, "/dev/shm",                                                                  \
		"folder for what a program's processes know in common; empty: each is alone")  \
	X(breakers, "on", "circuit breakers: on, or off: they count and never refuse")         \
	X(ca_file, "", "CA bundle for outbound TLS; empty: the system's")                      \
	X(log_level, "info", "debug, info, warn or error")

#define SETTINGS_INT(X)                                                                        \
	X(mq_port, 5672, 1, 65535, "RabbitMQ port")                                            \
	X(mq_heartbeat_s, 20, 5, 300, "seconds between heartbeats to RabbitMQ")                \
	X(token_ttl_s, 600, 60, 86400, "life of an access token, seconds")                     \
	X(token_keys_look_s, 60, 1, 3600, "seconds between two looks at the folder of keys")   \
	X(checkin_undo_s, 900, 0, 86400, "a check-in may be undone for so many seconds")       \
	X(session_s, 43200, 600, 2592000, "life of a login, seconds")                          \
	X(session_long_s, 2592000, 600, 31536000, "the same of a login to be remembered")      \
	X(out_timeout_ms, 5000, 100, 60000, "limit of one outbound call")                      \
	X(out_connect_ms, 2000, 50, 30000, "limit of an outbound connect")                     \
	X(db_timeout_ms, 3000, 100, 60000, "limit of one wait for PostgreSQL")                 \
	X(redis_timeout_ms, 100, 5, 5000, "limit of one call to Redis")                        \
	X(request_limit_s, 15, 2, 300, "watchdog: a worker that needs longer ends itself")     \
	X(body_max, 65536, 1024, 1048576, "largest request body, bytes")                       \
	X(recycle_after, 50000, 100, 1000000000, "requests after which a worker is replaced")  \
	X(order_ttl_s, 600, 60, 7200, "seconds that an unpaid order holds its courts")         \
	X(closing_limit_s, 1800, 30, 86400, "seconds that a silent channel keeps courts held") \
	X(violation_limit, 3, 1, 1000000, "unpaid expiries after which a person is banned")    \
	X(violation_days, 30, 1, 3650, "days that an unpaid expiry counts")                    \
	X(ban_days, 30, 1, 3650, "days that a ban lasts")                                      \
	X(ask_first_s, 5, 1, 3600, "seconds until the channel is first asked of a payment")    \
	X(refund_gap_s, 61, 0, 3600, "seconds between two refunds of one payment")             \
	X(refund_tries, 5, 1, 1000, "tries after which people hear of a refund in trouble")    \
	X(refund_delay_s, 7200, 60, 2592000,                                                   \
		"seconds after which people hear of a refund that has not arrived")            \
	X(desk_refund_fen, 20000, 0, 1000000000,                                               \
		"most that the front desk gives back of an order, in fen")                     \
	X(desk_refund_day_fen, 100000, 0, 1000000000,                                          \
		"most that one of the front desk gives back on a day, in fen")                 \
	X(quota_per_day, 3, 1, 1000000, "periods that one person may hold per play day")       \
	X(holds_at_once, 2, 1, 1000000, "unpaid orders that one account may have at once")     \
	X(holds_ended_per_day, 6, 1, 1000000,                                                  \
		"orders of one account that may end unpaid in 24 hours")                       \
	X(reads_per_minute, 600, 1, 1000000, "requests that read, per minute and account")     \
	X(writes_per_minute, 120, 1, 1000000, "requests that write, per minute and account")   \
	X(login_per_minute, 10, 1, 1000000, "tries of each way per minute and address")        \
	X(phone_searches_per_minute, 20, 1, 1000000,                                           \
		"searches by a whole phone number, per minute and member of staff")            \
	X(phone_searches_per_day, 200, 1, 1000000, "the same in 24 hours")                     \
	X(sms_per_day, 500, 1, 1000000, "texts a day, to all phones together")                 \
	X(password_cost, 5, 1, 11, "yescrypt cost of new passwords")                           \
	X(password_min, 10, 8, 64, "characters of a new password at least")

struct settings {
#define X(name, ...) const char *name;
	SETTINGS_TEXT(X)
#undef X
#define X(name, ...) int64_t name;
	SETTINGS_INT(X)
#undef X
};
extern struct settings settings;

enum { EXIT_CONFIG = 78 }; /* sysexits.h: EX_CONFIG */

/* Read the environment, and leave no core file from now on; ends the program
 * with 78 and the reason on a wrong value. Answers --settings (prints the table, exits 0). */
void settings_load(int argc, char **argv);
void settings_print(FILE *);

/* Ends the program: a setting can't be used. */
_Noreturn void setting_refuse(const char *setting, const char *why);
/* The same unless all is well. */
void setting_want(bool ok, const char *setting, const char *why);

/* As browsers write an origin: https://host or https://host:port, in lower case, without
 * the usual port and with nothing behind it. */
bool setting_is_origin(const char *url);

/* Contents of a secret's file without a final newline, malloc'd for the life
 * of the process; ends with 78 if it is missing, empty or over 64 KiB. *len
 * may be NULL. */
const char *secret_read(const char *setting, const char *path, size_t *len);

#endif
