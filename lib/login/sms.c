#include "login/sms.h"

#include "account/keyed_hash.h"
#include "account/kind.h"
#include "base/log.h"
#include "base/settings.h"
#include "codec/crypto.h"

#include <inttypes.h>

enum { PER_MINUTE = 1, PER_HOUR = 5, PER_DAY = 10 };

void sms_init(void)
{
	if (!sms_on())
		return;
	keyed_hash_init();
	sms_gateway_init();
}

static const char *digest(struct arena *mem, const char *phone, const char *code)
{
	return keyed_hash(mem, arena_printf(mem, "sms %s", phone), code);
}

/* Numbers above the last whole million of 2^32 would make small codes likelier. */
static const char *code_new(struct arena *mem)
{
	const uint32_t fair = UINT32_MAX / 1000000 * 1000000;
	uint32_t n;

	do
		random_bytes(&n, sizeof(n));
	while (n >= fair);
	return arena_printf(mem, "%0*u", SMS_DIGITS, n % 1000000);
}

/* Two requests for one phone at once queue up; the lock goes with the transaction. */
SQL(sms_lock, "SELECT pg_advisory_xact_lock(hashtextextended('sms ' || $1, 0))");
/* The first, fifth and tenth last time that it was asked for, and how long they
 * still bar the way. */
SQL(sms_wait,
	"WITH r AS (SELECT extract(epoch FROM now() - asked_at) AS age FROM sms_code"
	"  WHERE phone = $1 AND asked_at > now() - interval '1 day')"
	" SELECT ceil(greatest(0,"
	"  60 - (SELECT age FROM r ORDER BY age OFFSET $2::bigint - 1 LIMIT 1),"
	"  3600 - (SELECT age FROM r ORDER BY age OFFSET $3::bigint - 1 LIMIT 1),"
	"  86400 - (SELECT age FROM r ORDER BY age OFFSET $4::bigint - 1 LIMIT 1)))::bigint");
SQL(sms_end_old, "UPDATE sms_code SET ended_at = now() WHERE phone = $1 AND ended_at IS NULL");
SQL(sms_forget,
	"DELETE FROM sms_code WHERE id IN (SELECT id FROM sms_code"
	" WHERE asked_at < now() - interval '2 days' LIMIT 20 FOR UPDATE SKIP LOCKED)");
SQL(sms_insert,
	"WITH s AS (INSERT INTO sms_code (id, phone) VALUES ($1, $2) RETURNING 1)"
	" SELECT pg_notify('" SMS_CHANNEL "', '') FROM s");

enum err sms_code_take(struct tx *tx, const char *phone, int64_t *retry_after_s)
{
	int64_t id;

	TRY(ids_take(tx, 1, &id));
	db_queue(tx, &sms_lock, A(phone));
	TRY(db_value(tx, &sms_wait, retry_after_s, A(phone), A(PER_MINUTE), A(PER_HOUR),
		A(PER_DAY)));
	if (*retry_after_s > 0)
		return E_BUSY;
	db_queue(tx, &sms_forget);
	db_queue(tx, &sms_end_old, A(phone));
	db_queue(tx, &sms_insert, A(id), A(phone));
	return E_OK;
}

/* Whoever tries at the same moment waits for this row, and finds it as this try
 * has left it. */
SQL(sms_guess,
	"UPDATE sms_code SET tries = tries + 1,"
	" ended_at = CASE WHEN code_hash = $2 OR tries + 1 >= $3 THEN now() END"
	" WHERE phone = $1 AND ended_at IS NULL AND tries < $3"
	"  AND sent_at > now() - make_interval(secs => $4::bigint)"
	" RETURNING code_hash = $2");

enum err sms_try(struct tx *tx, const char *phone, const char *code, bool *right)
{
	*right = false;
	enum err err = db_value(tx, &sms_guess, right, A(phone),
		A(digest(tx->mem, phone, code)), A(SMS_TRIES), A(SMS_LIFE_S));
	return err == E_NOT_FOUND ? E_OK : err;
}

SQL(staff_of_phone,
	"SELECT a.id FROM account a WHERE a.phone = $1 AND " MAY_LOG_IN_AS_STAFF("a"));

enum err sms_account(struct tx *tx, const char *phone, int64_t *account_id)
{
	enum err err = db_value(tx, &staff_of_phone, account_id, A(phone));

	return err == E_NOT_FOUND ? E_LOGIN_REFUSED : err;
}

struct due {
	int64_t id, today;
	const char *phone;
	bool staff;
};
static const struct field due_fields[] = {
	FIELD(struct due, id),
	FIELD(struct due, today),
	FIELD(struct due, phone),
	FIELD(struct due, staff),
};
static const struct shape due_shape = SHAPE(struct due, due_fields);

/* One daemon after the other, or two could send the last text of a day. */
SQL(sms_lock_day, "SELECT pg_advisory_xact_lock(hashtextextended('sms a day', 0))");
SQL(sms_claim,
	"WITH picked AS MATERIALIZED (SELECT id FROM sms_code WHERE taken_at IS NULL"
	"  AND ended_at IS NULL AND asked_at > now() - make_interval(secs => $1::bigint)"
	"  ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
	" UPDATE sms_code s SET taken_at = now() FROM picked p WHERE s.id = p.id"
	" RETURNING s.id, s.phone, (SELECT count(*) FROM sms_code"
	"   WHERE sent_at > now() - interval '1 day') AS today,"
	"  EXISTS (SELECT 1 FROM account a WHERE a.phone = s.phone"
	"   AND " MAY_LOG_IN_AS_STAFF("a") ") AS staff");
SQL(sms_arm, "UPDATE sms_code SET code_hash = $2, sent_at = now() WHERE id = $1");

/* sms->code is NULL where there is nothing to send. */
static enum err claim(struct tx *tx, struct sms *sms)
{
	struct due due;

	*sms = (struct sms){0};
	db_queue(tx, &sms_lock_day);
	TRY(db_one(tx, &sms_claim, &due_shape, &due, A(SMS_LATEST_S)));
	if (due.staff && due.today >= settings.sms_per_day)
		log_error("sms_per_day", "%" PRId64 " texts today: no more", due.today);
	else if (due.staff)
		*sms = (struct sms){due.id, due.phone, code_new(tx->mem)};
	if (sms->code)
		db_queue_one(tx, &sms_arm, E_INTERNAL, A(due.id),
			A(digest(tx->mem, due.phone, sms->code)));
	return E_OK;
}

enum err sms_step(struct db *db, struct arena *mem, bool *busy)
{
	struct sms sms;
	struct tx tx;

	tx_begin(&tx, db, mem, TX_WRITE);
	enum err err = tx_end(&tx, claim(&tx, &sms));
	if (err == E_NOT_FOUND)
		return E_OK;
	TRY(err);
	*busy = true;
	/* The code is good before it is sent, or it could arrive too early. What
	 * doesn't arrive is asked for again by whoever waits for it. */
	if (sms.code && sms_send(mem, &sms) != E_OK)
		log_error("sms_lost", "text %" PRId64 " was not sent", sms.id);
	return E_OK;
}
