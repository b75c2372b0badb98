#include "reconcile/load.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"
#include "db/copy.h"
#include "reconcile/day.h"
#include "reconcile/row.h"

#include <string.h>

enum { TRIES = 3 };

struct load {
	struct db_copy *copy;
	int64_t id, rows;
	struct reconcile_sums sums;
};

static void count(struct reconcile_sums *s, const struct reconcile_row *row, bool is_trade)
{
	const struct {
		const char *kind;
		int64_t *count;
		money *sum;
	} kinds[] = {
		{"payment", &s->payments, &s->payments_fen},
		{"refund", &s->refunds, &s->refunds_fen},
		{"flow_payment", NULL, &s->flow_in_fen},
		{"flow_refund", NULL, &s->flow_back_fen},
		{"flow_fee", NULL, &s->flow_fee_fen},
		{"flow_other", NULL, &s->flow_other_fen},
	};

	s->flows += !is_trade;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(row->kind, kinds[i].kind) == 0) {
			if (kinds[i].count)
				++*kinds[i].count;
			kinds[i].sum->fen += row->fen.fen;
		}
}

static enum err put(struct load *l, int64_t number, const struct reconcile_row *row)
{
	l->rows++;
	return copy_row(l->copy, A(l->id), A(number), A(row->kind), A(row->at), A(row->our_no),
		A(row->their_no), A(row->trade_no), A(row->word), A(row->fen));
}

static enum err take(void *arg, const struct bill_line *line)
{
	struct load *l = arg;
	struct reconcile_row row = reconcile_row_of(line), settled = reconcile_settled_of(line);

	if (!row.kind)
		return E_OK;
	count(&l->sums, &row, line->trade != NULL);
	TRY(put(l, line->number, &row));
	return settled.kind ? put(l, line->number, &settled) : E_OK;
}

/* Rows are stored only if the file was whole. */
static enum err load_bill(struct arena *mem, const struct bill_source *from,
	enum bill_kind kind, date day, struct load *l, const char **hash)
{
	*hash = NULL;
	l->copy =
		copy_begin(mem, settings.db, "COPY reconcile_line FROM STDIN (FORMAT binary)");
	if (!l->copy)
		return E_DB_DOWN;
	enum err err = from->fetch(mem, kind, day, take, l, hash);
	if (err == E_OK)
		return copy_end(l->copy);
	copy_drop(l->copy);
	*hash = NULL;
	return err;
}

SQL(load_expected,
	"SELECT EXISTS (SELECT 1 FROM payment_attempt WHERE channel = $1 AND paid_at >= $2"
	" AND paid_at < $3) OR EXISTS (SELECT 1 FROM refund r JOIN payment_attempt a"
	"  ON a.id = r.attempt_id WHERE a.channel = $1 AND r.state IN ('accepted', 'succeeded')"
	"  AND r.billed_on IS NULL AND " REFUND_DAY("r") " = $4) AS some");

/* The channel says that there is no bill; in the morning that may mean «not yet». */
static enum err believe(struct db *db, struct arena *mem, const char *channel, date day)
{
	stamp from = china_midnight(day), to = china_next_midnight(day);
	bool some;
	struct tx tx;

	if (stamp_now().us >= to.us + 12 * HOUR)
		return E_OK;
	tx_begin(&tx, db, mem, TX_READ);
	TRY(db_value(&tx, &load_expected, &some, A(channel), A(from), A(to), A(day)));
	return some ? E_UPSTREAM : E_OK;
}

/* Each try has a number of its own for its rows. */
static enum err load_bills(struct db *db, struct arena *mem, const struct bill_source *from,
	date day, struct reconcile_load *out)
{
	struct load l = {0};
	struct tx tx;

	tx_begin(&tx, db, mem, TX_NONE);
	TRY(ids_take(&tx, 1, &l.id));
	enum err err = load_bill(mem, from, BILL_TRADE, day, &l, &out->trade_hash);
	if (err == E_NOT_FOUND)
		err = believe(db, mem, from->channel, day);
	if (err == E_OK && from->has_flow)
		err = load_bill(mem, from, BILL_FUNDFLOW, day, &l, &out->flow_hash);
	out->id = l.id;
	out->rows = l.rows;
	out->sums = l.sums;
	return err == E_NOT_FOUND ? E_OK : err;
}

/* A file that was torn on its way may be whole the next time. */
enum err reconcile_load(struct db *db, struct arena *mem, const struct bill_source *from,
	date day, struct reconcile_load *out)
{
	enum err err = E_INTERNAL;

	for (int i = 0; i < TRIES; i++) {
		*out = (struct reconcile_load){.expects_flow = from->has_flow};
		err = load_bills(db, mem, from, day, out);
		if (err != E_CHANNEL_UNKNOWN && err != E_BAD_BODY)
			break;
		log_warn("reconcile", "try %d of %d for the bill: %s", i + 1, TRIES,
			err_info[err].code);
	}
	return err;
}
