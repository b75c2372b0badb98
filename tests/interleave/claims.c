#include "claims.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVARIANTS_MAX = 128, FILE_MAX = 1 << 16 };

static struct invariant {
	char *name, *sql;
	int64_t rows; /* when it was looked at last */
} invariants[INVARIANTS_MAX];
static size_t invariant_count;

/* Of a world that goes on: here orders are left unpaid, and no bill comes. */
static const char *const elsewhere[] = {"no_order_waits_or_closes", "every_day_was_reconciled"};

static bool is_elsewhere(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(elsewhere); i++)
		if (strcmp(name, elsewhere[i]) == 0)
			return true;
	return false;
}

static void add(const char *name, size_t name_len, const char *sql, size_t sql_len)
{
	struct invariant *v = &invariants[invariant_count];

	if (invariant_count == INVARIANTS_MAX)
		abort();
	v->name = strndup(name, name_len);
	v->sql = strndup(sql, sql_len);
	if (is_elsewhere(v->name)) {
		free(v->name);
		free(v->sql);
	} else {
		invariant_count++;
	}
}

/* "-- name: why" or "-- drained: name: why" on a line, behind it the query, up to ";". */
static const char *read_one(const char *at)
{
	const char *line = at + 3, *end = strchr(at, '\n');

	if (!end)
		return at + strlen(at);
	if (strncmp(line, "drained: ", 9) == 0)
		line += 9;
	size_t name = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
	const char *sql = end + 1, *stop = strstr(sql, ";\n");
	if (name == 0 || strchr(":\n", line[name]) == NULL || strncmp(sql, "--", 2) == 0 ||
		isspace((unsigned char)*sql) || !stop)
		return sql;
	add(line, name, sql, (size_t)(stop - sql));
	return stop + 2;
}

static void read_file(const char *path)
{
	static char text[FILE_MAX];
	FILE *f = fopen(path, "r");

	if (!f) {
		perror(path);
		exit(2);
	}
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	for (const char *at = strstr(text, "-- "); at && *at;) {
		const char *next = read_one(at);
		at = strncmp(next, "-- ", 3) == 0 ? next : strstr(next, "\n-- ");
		at += at && *at == '\n';
	}
}

void claims_open(const char *const files[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		read_file(files[i]);
}

void claims_prepare(void)
{
	for (size_t i = 0; i < invariant_count; i++) {
		char name[24], sql[FILE_MAX / 8];

		snprintf(name, sizeof(name), "v%zu", i);
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM (%s) x", invariants[i].sql);
		PGresult *res = PQprepare(owner, name, sql, 0, NULL);
		if (PQresultStatus(res) != PGRES_COMMAND_OK) {
			fprintf(stderr, "%s: %s", invariants[i].name, PQerrorMessage(owner));
			exit(2);
		}
		PQclear(res);
		invariants[i].rows = 0;
	}
}

size_t claims_broken(const char *out[], size_t max)
{
	size_t n = 0;

	ask("SET plan_cache_mode = force_custom_plan"); /* the tables grow */
	for (size_t i = 0; i < invariant_count; i++) {
		struct invariant *v = &invariants[i];
		char name[24];

		snprintf(name, sizeof(name), "v%zu", i);
		PGresult *res = PQexecPrepared(owner, name, 0, NULL, NULL, NULL, 0);
		if (PQresultStatus(res) != PGRES_TUPLES_OK) {
			fprintf(stderr, "%s: %s", v->name, PQerrorMessage(owner));
			exit(2);
		}
		int64_t rows = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
		PQclear(res);
		if (rows > v->rows && n < max)
			out[n++] = v->name;
		v->rows = rows;
	}
	ask("RESET plan_cache_mode");
	return n;
}

/* ---- What was told */

/* If one of these acts was answered well, with these words in it: a query that counts what says
 * otherwise. */
#define ORDERS "order order_again order_more order_one order_other order_whole"
#define PAYS "pay pay_second"
static const struct word_of_honour {
	const char *acts, *words, *says, *against;
} words_of_honour[] = {
	{ORDERS, "", "an order that was told is not there, or costs something else",
		"SELECT 1 - count(*) FROM orders WHERE id = <told> AND amount_fen = <fen>"},
	{PAYS, "", "an attempt that was told is not there",
		"SELECT 1 - count(*) FROM payment_attempt WHERE id = <told>"
		" AND prepay IS NOT NULL"},
	{"check", "\"state\":\"paid\"", "an order was called paid, and is not",
		"SELECT count(*) FROM orders WHERE id = <order> AND paid_at IS NULL"},
	{"notice notice_again notice_other", "", "a notice was taken, and nothing came of it",
		"SELECT 1 - count(*) FROM payment_attempt WHERE out_trade_no = '<first_no>'"
		" AND transaction_id IS NOT NULL"},
	{"notice_second", "", "a notice was taken, and nothing came of it",
		"SELECT 1 - count(*) FROM payment_attempt WHERE out_trade_no = '<second_no>'"
		" AND transaction_id IS NOT NULL"},
	{"cancel give_up", "\"state\":\"cancelled\"",
		"an order was called cancelled, and is not",
		"SELECT count(*) FROM orders WHERE id = <order> AND state <> 'cancelled'"},
	{"give_up", "", "a cancellation was taken, and the order waits for its payment",
		"SELECT count(*) FROM orders WHERE id = <order> AND state = 'pending'"},
	{"staff_refund staff_release", "", "a refund that was told is not there",
		"SELECT 1 - count(*) FROM refund WHERE id = <told> AND cause = 'staff'"},
	{"staff_release", "", "a period was given up, and is held",
		"SELECT count(*) FROM order_item WHERE id = <item> AND state <> 'released'"},
	{"by_hand", "", "a refund was settled by hand, and is something else",
		"SELECT count(*) FROM refund WHERE id = <refund> AND state <> 'by_hand'"},
	{"checkin", "", "somebody was let in, and nothing says so",
		"SELECT 1 - least(count(*), 1) FROM checkin WHERE order_id = <order>"},
	/* The order's hour is the only one: whoever closes it is shown who is to come. */
	{"hours zone exception", "\"outside\":[]",
		"the hours were changed, and somebody who has them was not named",
		"SELECT count(*) FROM order_item WHERE venue_id = <venue>"
		" AND state IN ('held', 'booked')"},
	{"court_end", "", "a court has ended, and somebody has it",
		"SELECT count(*) FROM order_item WHERE court_id = <court0> AND state <> 'released'"},
	{"venue_end", "", "a venue has ended, and somebody has it",
		"SELECT count(*) FROM order_item WHERE venue_id = <venue> AND state <> 'released'"},
	{"block", "", "a block that was told is not there",
		"SELECT 1 - count(*) FROM court_block WHERE court_id = <court0>"},
	{"leave", "", "somebody has left, and is there",
		"SELECT count(*) FROM account WHERE id = <first> AND left_at IS NULL"},
	{"lift_ban", "", "a ban was lifted, and holds",
		"SELECT count(*) FROM ban WHERE id = <ban> AND lifted_at IS NULL"},
	{"lift_violation", "", "a violation was lifted, and holds",
		"SELECT count(*) FROM violation WHERE id = <violation> AND lifted_at IS NULL"},
};

static bool went_well(const struct answer *a)
{
	return a->status / 100 == 2;
}

static bool is_unknown(const struct answer *a)
{
	return a->status == 0 || a->status >= 500;
}

static bool is_word_of(const char *word, const char *words)
{
	size_t len = strlen(word);

	for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static const char *word_broken(const struct act *a, const struct answer *told)
{
	for (size_t i = 0; went_well(told) && i < COUNT_OF(words_of_honour); i++) {
		const struct word_of_honour *w = &words_of_honour[i];

		if (is_word_of(a->name, w->acts) && strstr(told->body, w->words) &&
			strcmp(ask("%s", scene_fill(&stage->scene, told, w->against)), "0") !=
				0)
			return w->says;
	}
	return NULL;
}

/* Whatever a channel has taken is in our books, and no more goes back than came. */
static const char *bank_differs(void)
{
	for (int64_t i = 0; i < bank->trade_count; i++) {
		const struct trade *t = &bank->trades[i];

		if (bank_paid_back(t->no) > t->fen)
			return "more was paid back than was paid";
		if (t->state == TRADE_CHARGED &&
			strcmp(ask("SELECT count(*) FROM payment_attempt WHERE out_trade_no = '%s'"
				   " AND transaction_id IS NOT NULL",
				       t->no),
				"1") != 0)
			return "a payment is not in the books";
	}
	return NULL;
}

const char *told_trouble(const struct act *const acts[], int playing)
{
	for (int i = 0; i < playing; i++)
		if (!acts[i]->step && is_unknown(&stage->told[i]))
			return "somebody was told of trouble, and there was none";
	return NULL;
}

static const char *order_unseen(const struct act *const acts[], int playing)
{
	char ids[128] = "'{0", sql[512];
	bool unknown = false;

	for (int i = 0; i < playing; i++) {
		const struct answer *told = &stage->told[i];

		unknown |= is_unknown(told);
		if (strncmp(acts[i]->name, "order", 5) == 0 && went_well(told))
			snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), ",%" PRId64,
				answer_number(told, "id"));
	}
	if (unknown)
		return NULL;
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM orders WHERE venue_id = %" PRId64
		" AND id <> ALL (%s}'::bigint[])",
		stage->scene.venue, ids);
	return strtoll(ask("%s", sql), NULL, 10) == stage->scene.orders
		       ? NULL
		       : "an order that nobody was told of";
}

/* Accounts of people who are banned now. */
static bool is_banned(int64_t account)
{
	return strcmp(ask("SELECT EXISTS (SELECT 1 FROM ban b WHERE b.lifted_at IS NULL"
			  " AND b.until > now() AND b.since <= now()"
			  " AND person_of(b.account_id) = person_of(%" PRId64 "))",
			      account),
		       "t") == 0;
}

static bool banned[CUSTOMERS];
static const char *ordered;

void told_begin(void)
{
	memset(banned, 0, sizeof(banned));
	ordered = NULL;
	if (stage->scene.violation)
		for (int i = 0; i < CUSTOMERS; i++)
			banned[i] = is_banned(stage->scene.customers[i]);
}

/* Called when an act is over: who is banned by then must not be told afterwards that an order
 * of his was made, unless the ban is lifted. */
void told_over(const struct act *act, const struct answer *told)
{
	bool is_order = strncmp(act->name, "order", 5) == 0;

	if (!stage->scene.violation)
		return;
	for (int i = 0; i < CUSTOMERS; i++) {
		bool by = act->who && strcmp(act->who, i ? "second" : "first") == 0;
		bool was = banned[i];

		banned[i] = is_banned(stage->scene.customers[i]);
		if (is_order && by && was && banned[i] && went_well(told))
			ordered = "somebody who was banned has ordered";
	}
}

const char *told_wrong(const struct act *const acts[], int playing)
{
	const char *wrong = ordered ? ordered : bank_differs();

	for (int i = 0; i < playing && !wrong; i++)
		wrong = word_broken(acts[i], &stage->told[i]);
	return wrong ? wrong : order_unseen(acts, playing);
}
