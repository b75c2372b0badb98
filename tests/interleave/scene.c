#include "acts.h"

#include "base/settings.h"
#include "checkin/checkin.h"
#include "message/message.h"
#include "pay/settle.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADMIN = 999, DESK = 998, SQL_MAX = 8192 };

PGconn *owner;

static char said[SQL_MAX];
static const char *began = "-infinity"; /* the scene */

const char *ask(const char *format, ...)
{
	char sql[SQL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	PGresult *res = PQexec(owner, sql);
	ExecStatusType status = PQresultStatus(res);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
		fprintf(stderr, "%s: %s", sql, PQerrorMessage(owner));
		exit(1);
	}
	snprintf(said, sizeof(said), "%s", PQntuples(res) ? PQgetvalue(res, 0, 0) : "");
	PQclear(res);
	return said;
}

static const char look_sql[] =
	"PREPARE look (bigint) AS SELECT coalesce(o.id, 0), coalesce(o.no, ''), coalesce((SELECT min(id) FROM order_item"
	"  WHERE order_id = o.id), 0), coalesce((SELECT out_trade_no FROM payment_attempt"
	"  WHERE order_id = o.id ORDER BY id LIMIT 1), ''),"
	" coalesce((SELECT out_trade_no FROM payment_attempt WHERE order_id = o.id ORDER BY id"
	"  OFFSET 1 LIMIT 1), ''),"
	" coalesce((SELECT max(id) FROM refund WHERE order_id = o.id), 0),"
	" coalesce((SELECT out_refund_no FROM refund WHERE order_id = o.id ORDER BY id DESC"
	"  LIMIT 1), ''),"
	" coalesce((SELECT max(id) FROM ban WHERE account_id = a.id), 0),"
	" coalesce((SELECT max(id) FROM violation WHERE account_id = a.id), 0),"
	" coalesce((SELECT max(id) FROM message WHERE subject_id = o.id), 0),"
	" coalesce((SELECT to_jsonb(max(at)) #>> '{}' FROM checkin WHERE order_id = o.id), '')"
	" FROM (SELECT $1 AS id) a LEFT JOIN orders o ON o.account_id = a.id"
	" ORDER BY o.id DESC NULLS LAST LIMIT 1";

static PGconn *open_as(const char *variable)
{
	const char *conninfo = getenv(variable);
	PGconn *conn = PQconnectdb(conninfo ? conninfo : "");

	if (PQstatus(conn) != CONNECTION_OK) {
		fprintf(stderr, "%s: %s", variable, PQerrorMessage(conn));
		exit(2);
	}
	PQclear(PQexec(conn, "SET client_min_messages = error; SET jit = off"));
	return conn;
}

/* A deadlock is found by a look after some time: here after a short one. */
static void copy_template(const char *name)
{
	owner = open_as("ZX_DB_ADMIN");
	ask("DROP DATABASE IF EXISTS %s WITH (FORCE)", name);
	ask("CREATE DATABASE %s OWNER zx_owner TEMPLATE %s", name,
		getenv("ZX_INTERLEAVE_TEMPLATE"));
	ask("ALTER DATABASE %s SET deadlock_timeout = '20ms'", name);
	PQfinish(owner);
}

void scene_renew(void)
{
	PQfinish(owner);
	copy_template(getenv("ZX_INTERLEAVE"));
	owner = open_as("ZX_DB_OWNER");
	ask("%s", look_sql);
	ask("INSERT INTO account (id, nickname) VALUES (%1$d, 'keeper');"
	    "INSERT INTO staff_login (account_id, username, password_hash)"
	    " VALUES (%1$d, 'keeper', '$y$');"
	    "INSERT INTO account_role (account_id, role) VALUES (%1$d, 'admin');"
	    "INSERT INTO session (id, account_id, client, expires_at, salt)"
	    " VALUES (%2$d, %1$d, 'staff', now() + interval '1 day', 's')",
		ADMIN, DESK);
}

/* The venue is open for one hour a day, the one that everybody wants; it begins in two or
 * three hours, so that it can be given up and checked in today. */
static const char venue_sql[] =
	"INSERT INTO venue (id, name, checkin_early_minutes, refund_tiers) VALUES (%1$" PRId64
	", 'v%1$" PRId64
	"', 1440, '[{\"hours\": 0, \"percent\": 100, \"fee_fen\": 0}]');"
	"INSERT INTO venue_sport VALUES (%1$" PRId64
	", 1, 60);"
	"INSERT INTO opening SELECT %1$" PRId64
	", d, %2$d, %2$d + 60 FROM generate_series(1, 7) d;"
	"INSERT INTO price_rule (id, venue_id, opens, closes, hour_fen)"
	" VALUES (%1$" PRId64 ", %1$" PRId64
	", 0, 1440, 4000);"
	"INSERT INTO unit SELECT %1$" PRId64 " + n, %1$" PRId64
	", n FROM generate_series(0, 3) n;"
	"INSERT INTO court (id, venue_id, sport_id, name)"
	" SELECT %1$" PRId64 " + 10 + n, %1$" PRId64
	", 1, n FROM generate_series(0, 4) n;"
	"INSERT INTO court_unit SELECT %1$" PRId64 " + 10 + c, %1$" PRId64 " + u, %1$" PRId64
	" FROM (VALUES (0, 0), (1, 1), (2, 0), (2, 1), (3, 2), (4, 3)) t(c, u);"
	"INSERT INTO account (id, nickname, phone) SELECT %1$" PRId64
	" + 100 + n, 'somebody',"
	" '1' || (3000000000 + %1$" PRId64
	" + n) FROM generate_series(0, 1) n;"
	"INSERT INTO wechat_identity (appid, openid, account_id) SELECT '%3$s',"
	" 'o' || a, a FROM (SELECT %1$" PRId64
	" + 100 + n AS a FROM generate_series(0, 1) n) x;"
	"INSERT INTO session (id, account_id, client, expires_at, salt)"
	" SELECT %1$" PRId64 " + 200 + n, %1$" PRId64
	" + 100 + n, 'mini',"
	" now() + interval '1 day', 's' FROM generate_series(0, 1) n";

static void when(struct scene *s)
{
	const char *text = ask(
		"SELECT to_char(t, 'YYYY-MM-DD ') || to_char(t, 'YYYY-MM-DD\"T\"HH24:00:00+08:00 ')"
		" || to_char(t + interval '1 hour', 'YYYY-MM-DD\"T\"HH24:00:00+08:00 ') || to_char(t, 'HH24')"
		" FROM (SELECT now() AT TIME ZONE 'Asia/Shanghai' + interval '3 hours' AS t) x");

	if (sscanf(text, "%63s %63s %63s %63s", s->date, s->start, s->end, s->hour) != 4)
		abort();
}

static void venue_make(struct scene *s)
{
	*s = (struct scene){.number = s->number, .admin = ADMIN, .desk = DESK};
	when(s);
	snprintf(s->began, sizeof(s->began), "%s", ask("SELECT now()"));
	began = s->began;
	s->venue = strtoll(ask("SELECT nextval('id_block') * 256"), NULL, 10);
	ask(venue_sql, s->venue, (int)strtol(s->hour, NULL, 10) * 60, settings.wx_appid);
	s->phone = 13900000000 + s->number;
	s->units[0] = s->venue;
	s->units[1] = s->venue + 1;
	for (int i = 0; i < COURTS; i++)
		s->courts[i] = s->venue + 10 + i;
	for (int i = 0; i < CUSTOMERS; i++) {
		s->customers[i] = s->venue + 100 + i;
		s->sessions[i] = s->venue + 200 + i;
	}
}

void scene_look(struct scene *s)
{
	char sql[WORD_MAX];
	int64_t *const ids[] = {&s->order, NULL, &s->item, NULL, NULL, &s->refund, NULL,
		&s->ban, &s->violation, &s->message, NULL};
	char *const words[] = {NULL, s->order_no, NULL, s->first_no, s->second_no, NULL,
		s->refund_no, NULL, NULL, NULL, s->checked_in};

	snprintf(sql, sizeof(sql), "EXECUTE look (%" PRId64 ")", s->customers[0]);
	PGresult *res = PQexec(owner, sql);
	for (int i = 0; i < (int)COUNT_OF(ids); i++) {
		const char *value = PQgetvalue(res, 0, i);
		if (ids[i])
			*ids[i] = strtoll(value, NULL, 10);
		else
			snprintf(words[i], WORD_MAX, "%s", value);
	}
	PQclear(res);
}

/* The bill of a day of its own says that the payment came. */
static void bill(const struct scene *s)
{
	ask("INSERT INTO reconcile_run (channel, day, state)"
	    " VALUES ('wechat', date '2000-01-01' + %1$d, 'matched');"
	    "INSERT INTO reconcile_diff (channel, day, class, what, number, theirs, attempt_id)"
	    " SELECT 'wechat', date '2000-01-01' + %1$d, 'state', 'payment', out_trade_no,"
	    "  'T' || out_trade_no, id FROM payment_attempt WHERE out_trade_no = '%2$s'",
		(int)s->number, s->first_no);
}

static void late(const struct scene *s, const char *column, const char *by)
{
	ask("UPDATE orders SET %s = now() - interval '%s' WHERE id = %" PRId64, column, by,
		s->order);
}

/* What is done to a scene by other means than an act: the clock, the customer's thumb, the
 * channels. */
static bool prop(struct scene *s, struct hands *h, const char *word)
{
	if (strcmp(word, "charge") == 0)
		return bank_charge(s->first_no), true;
	if (strcmp(word, "charge_second") == 0)
		return bank_charge(s->second_no), true;
	if (strcmp(word, "refuse") == 0)
		return bank->refuses = true;
	if (strcmp(word, "silent") == 0 || strcmp(word, "loud") == 0)
		return bank->silent = *word == 's', true;
	if (strcmp(word, "due") == 0)
		return late(s, "expires_at", "1 second"), true;
	if (strcmp(word, "overdue") == 0)
		return late(s, "closing_at", "1 day"), true;
	if (strcmp(word, "billed") == 0)
		return bill(s), true;
	if (strcmp(word, "payout") == 0)
		return bank_pay_out(s->refund_no, 8000), true;
	if (strcmp(word, "drain") == 0)
		return scene_drain(h), true;
	return false;
}

static bool play(struct scene *s, struct hands *h, const char *word, int turn)
{
	struct answer answer;

	if (prop(s, h, word))
		return true;
	act_play(act_find(word), h, s, PLAYERS_MAX + turn, &answer);
	if (answer.status / 100 != 2)
		fprintf(stderr, "%s: %" PRId64 " %s\n", word, answer.status, answer.body);
	if (strcmp(word, "login") == 0) {
		answer_text(&answer, "refresh_token", s->refresh, sizeof(s->refresh));
		s->sessions[0] =
			strtoll(ask("SELECT id FROM session WHERE account_id = %" PRId64
				    " AND ended_at IS NULL",
					s->customers[0]),
				NULL, 10);
	}
	scene_look(s);
	return answer.status / 100 == 2;
}

bool scene_make(struct scene *s, struct hands *h, int64_t number, const char *acts)
{
	char words[SQL_MAX], *rest = words, *word;
	bool good = true;
	int turn = 0;

	bank_clear();
	s->number = number;
	venue_make(s);
	snprintf(words, sizeof(words), "%s", acts);
	while (good && (word = strsep(&rest, " ")) != NULL)
		if (*word)
			good = play(s, h, word, turn++);
	s->orders =
		strtoll(ask("SELECT count(*) FROM orders WHERE venue_id = %" PRId64, s->venue),
			NULL, 10);
	return good;
}

/* ---- Draining: as the daemons and consumers do, without the broker */

static void publish(struct hands *h)
{
	ask("UPDATE message SET run_at = now() WHERE published_at IS NULL");
	act_play(act_find("relay"), h, NULL, 0, &(struct answer){0});
}

/* Each message of this scene that some consumer has not acted on. */
static bool consume_next(struct hands *h)
{
	struct answer answer;
	struct scene s = {0};

	s.message = strtoll(
		ask("SELECT coalesce(min(m.id), 0) FROM message m WHERE m.created_at >= '%s'"
		    " AND (SELECT count(*) FROM message_done d WHERE d.message_id = m.id)"
		    "  < CASE m.kind WHEN 'order.paid' THEN 2 ELSE 1 END"
		    " AND NOT EXISTS (SELECT 1 FROM message_dead x WHERE x.message_id = m.id)",
			began),
		NULL, 10);
	if (s.message)
		act_play(act_find("consume"), h, &s, 0, &answer);
	return s.message;
}

static bool settle_next(struct hands *h)
{
	static enum err (*const steps[])(struct db *, struct arena *, bool *) = {
		settle_closings, settle_outside, settle_refunds, settle_bans};
	bool busy = false;

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		busy |= steps[i](h->db, h->mem, &busy) != E_OK; /* again */
		arena_reset(h->mem);
	}
	return busy;
}

void scene_drain(struct hands *h)
{
	bool busy = true;

	/* The leases of who was killed are over. */
	ask("UPDATE orders SET run_at = now() WHERE state = 'closing';"
	    "UPDATE payment_attempt SET close_at = NULL WHERE close_at < 'infinity';"
	    "UPDATE refund SET run_at = now() WHERE state IN ('created', 'accepted')");
	while (busy) {
		busy = settle_next(h);
		if (strcmp(ask("SELECT EXISTS (SELECT 1 FROM message WHERE published_at IS NULL)"),
			    "t") == 0) {
			publish(h);
			busy = true;
		}
		while (consume_next(h))
			busy = true;
	}
}
