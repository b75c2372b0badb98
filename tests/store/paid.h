/* Orders of the demo venue 1 as the database knows them, without the way there. */
#include "messages.h"

/* $1 account and order, $2 method, $3 state of the attempt, $4 hours from now to
 * its end. The order's number is its id. */
SQL(test_person, "INSERT INTO account (id, nickname) VALUES ($1, 'test')");
SQL(test_order,
	"INSERT INTO orders (id, no, account_id, venue_id, play_date, state, pay_state,"
	"  amount_fen, paid_fen, expires_at, paid_at)"
	" SELECT $1, lpad($1::text, 20, '0'), $1, 1, (now() AT TIME ZONE 'Asia/Shanghai')::date,"
	"  'paid', 'paid', 6000, 6000, now(), now()");
SQL(test_item,
	"INSERT INTO order_item (id, order_id, venue_id, court_id, during, price_fen, state)"
	" VALUES ($1, $1, 1, 1, tstzrange(now() + make_interval(hours => $2::int - 1),"
	"  now() + make_interval(hours => $2::int)), 6000, 'booked')");
SQL(test_attempt,
	"INSERT INTO payment_attempt (id, order_id, channel, method, out_trade_no, amount_fen,"
	"  state, request, transaction_id, payer, paid_at)"
	" VALUES ($1, $1, $2, $3, 'T' || $1, 6000, 'paid', '{}', 'T' || $1, $4, now())");

static inline int64_t new_id(void)
{
	struct tx tx = begin();
	int64_t id;

	must(ids_take(&tx, 1, &id));
	must(tx_commit(&tx));
	return id;
}

/* An order, its only item and its attempt have the same id. */
static inline int64_t paid_by(
	const char *channel, const char *method, const char *payer, int64_t hours)
{
	int64_t id = new_id();
	struct tx tx = begin();

	db_queue(&tx, &test_person, A(id));
	db_queue(&tx, &test_order, A(id));
	db_queue(&tx, &test_item, A(id), A(hours));
	db_queue(&tx, &test_attempt, A(id), A(channel), A(method), A(payer));
	must(tx_commit(&tx));
	return id;
}

static inline int64_t paid(void)
{
	return paid_by("wechat", "jsapi", "o-openid", 1);
}
