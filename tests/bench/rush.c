/* The rush without a web: what pgbench can't do, because it gives up a client
 * at the first refused statement.
 *
 *   rush CONNINFO CLIENTS SECONDS BASE TODAY TRIES FIRST REFUSED
 *
 * CLIENTS connections run the batches of the file FIRST as fast as they can,
 * and those of REFUSED after an error. Statements are prepared, and every batch
 * is one pipeline, as in a worker. What is ordered: load.lua, scenario rush.
 * TODAY is China's date in seconds. Prints one line of JSON. */
#include "db/db.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	CLIENTS_MAX = 512,
	STEPS_MAX = 64,
	WORDS_MAX = 16,
	VALUES_MAX = 32,
	VALUE_BYTES = 1024,
	ANSWER_BYTES = 600,
	DAY_S = 86400,
	IDS = 4,
};
static const long long ID_BASE = 1LL << 51; /* pgbench, in batches.py, uses 1 << 50 */
static const char UNIQUE_VIOLATION[] = "23505";

struct step {
	const char *name; /* NULL: end of a batch */
	bool want_none;   /* a row means that the try is refused */
	char *words[WORDS_MAX];
	int count;
};

struct script {
	struct step steps[STEPS_MAX];
	int count;
};

/* One order in the making: its parameters by their names in the scripts, in
 * PostgreSQL's text form. */
struct
try {
	int count;
	struct {
		const char *word;
		char text[VALUE_BYTES];
	} values[VALUES_MAX];
};

struct client {
	PGconn *conn;
	const struct script *script;
	int at;       /* the step behind the batch under way */
	int answered; /* the step whose answer comes next */
	bool refused; /* by a statement of this try */
	struct try try;
};

static struct script first, after;
static struct client clients[CLIENTS_MAX];
static long long next_try, tries, today;
static long long won, lost, broken;
static char frame[24]; /* of each venue: data.sql makes all alike */

static void die(const char *what, const char *why)
{
	fprintf(stderr, "rush: %s: %s\n", what, why);
	exit(1);
}

static long long number(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (end == text || *end)
		die(text, "is no number");
	return n;
}

static void read_line(struct script *s, char *line)
{
	struct step *step = &s->steps[s->count];
	char *save, *word = strtok_r(line, " \n", &save);

	if (!word || *word == '#')
		return;
	if (s->count == STEPS_MAX - 1)
		die("script", "too many steps");
	s->count++;
	step->want_none = *word == '!';
	step->name = strcmp(word, "-") == 0 ? NULL : strdup(word + step->want_none);
	while (step->count < WORDS_MAX && (word = strtok_r(NULL, " \n", &save)))
		step->words[step->count++] = strdup(word);
}

static void read_script(struct script *s, const char *path)
{
	char line[512];
	FILE *f = fopen(path, "re");

	if (!f)
		die(path, "can't be opened");
	while (fgets(line, sizeof(line), f))
		read_line(s, line);
	fclose(f);
	s->count++; /* the end is the end of a batch, too */
}

__attribute__((format(printf, 3, 4))) static void put(
	struct try *t, const char *word, const char *fmt, ...)
{
	va_list ap;

	if (t->count == VALUES_MAX)
		die(word, "one parameter too many");
	t->values[t->count].word = word;
	va_start(ap, fmt);
	vsnprintf(t->values[t->count++].text, VALUE_BYTES, fmt, ap);
	va_end(ap);
}

static void put_order(struct try *t, long long number, int venue)
{
	long long id = ID_BASE + number * IDS, account = 201 + number % 200;

	put(t, "session", "%lld", account);
	put(t, "account", "%lld", account);
	put(t, "key", "rush-%lld", number);
	put(t, "digest", "%064lld", number);
	put(t, "status", "201");
	put(t, "answer", "%0*lld", ANSWER_BYTES, number);
	put(t, "venue", "%d", venue);
	put(t, "one", "1");
	put(t, "quota", "1000000");
	put(t, "order", "%lld", id);
	put(t, "no", "%018lld", id);
	put(t, "amount", "16000");
	put(t, "prices", "{16000}");
	put(t, "now", "2026-01-01 00:00+00");
	put(t, "expires", "2026-01-01 00:10+00");
	put(t, "items", "{%lld}", id + 1);
	put(t, "step_items", "{%lld,%lld,%lld,%lld}", id + 1, id + 1, id + 1, id + 1);
	put(t, "message", "%lld", id + 2);
	put(t, "tiers", "[{\"fee_fen\": 0, \"hours\": 24, \"percent\": 100}]");
	put(t, "frame", "%s", frame);
	put(t, "holds", "1000000");
	put(t, "zero", "0");
	put(t, "runs_on", "{0}");
	put(t, "kind", "order.created");
	put(t, "body", "{\"order_id\":%lld,\"venue_id\":%d}", id, venue);
}

static void put_period(struct try *t, const char *day, int court, int hour)
{
	put(t, "date", "%s", day);
	put(t, "courts", "{%d}", court);
	put(t, "step_courts", "{%d,%d,%d,%d}", court, court, court, court);
	put(t, "starts", "{\"%s %d:00+08\"}", day, hour);
	put(t, "ends", "{\"%s %d:00+08\"}", day, hour + 2);
	put(t, "step_times",
		"{\"%s %d:00+08\",\"%s %d:30+08\",\"%s %d:00+08\",\"%s %d:30+08\"}", day, hour,
		day, hour, day, hour + 1, day, hour + 1);
}

static void choose(struct try *t)
{
	long long number = next_try++, evening = number / tries;
	time_t at = (time_t)(today + (10 + evening / 40 % 390) * DAY_S);
	int venue = (int)(evening % 40);
	struct tm tm;
	char day[16];

	strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&at, &tm));
	t->count = 0;
	put_order(t, number, 101 + venue);
	put_period(t, day, 301 + venue * 16 + (int)(random() % 16), 18 + (int)(random() % 3));
}

static const char *value(const struct try *t, const char *word)
{
	for (int i = 0; i < t->count; i++)
		if (strcmp(t->values[i].word, word) == 0)
			return t->values[i].text;
	if (strcmp(word, "none") != 0)
		die(word, "unknown parameter");
	return NULL;
}

static void send_step(struct client *c, const struct step *s)
{
	const char *at[WORDS_MAX];

	for (int i = 0; i < s->count; i++)
		at[i] = value(&c->try, s->words[i]);
	if (!PQsendQueryPrepared(c->conn, s->name, s->count, at, NULL, NULL, 1))
		die(s->name, PQerrorMessage(c->conn));
}

static void send_batch(struct client *c)
{
	c->answered = c->at;
	while (c->script->steps[c->at].name)
		send_step(c, &c->script->steps[c->at++]);
	c->at++;
	if (!PQpipelineSync(c->conn) || PQflush(c->conn) < 0)
		die("send", PQerrorMessage(c->conn));
}

static void begin_try(struct client *c)
{
	choose(&c->try);
	c->script = &first;
	c->at = 0;
	c->refused = false;
	send_batch(c);
}

static void next_batch(struct client *c)
{
	if (c->refused && c->script == &first) {
		c->script = &after;
		c->at = 0;
	} else if (c->at == c->script->count) {
		*(c->refused ? &lost : &won) += 1;
		begin_try(c);
		return;
	}
	send_batch(c);
}

static void take_refusal(struct client *c, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	c->refused = true;
	if (state && strcmp(state, UNIQUE_VIOLATION) == 0)
		return;
	broken++;
	fprintf(stderr, "rush: %s", PQresultErrorMessage(res));
}

static void take_result(struct client *c, const PGresult *res)
{
	if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
		next_batch(c);
		return;
	}
	const struct step *step = &c->script->steps[c->answered++];
	if (PQresultStatus(res) == PGRES_FATAL_ERROR)
		take_refusal(c, res);
	else if (step->want_none && PQntuples(res) > 0)
		c->refused = true;
}

static void take_answers(struct client *c)
{
	PGresult *res;

	if (!PQconsumeInput(c->conn))
		die("connection", PQerrorMessage(c->conn));
	/* NULL stands between two statements' results. */
	while (!PQisBusy(c->conn))
		if ((res = PQgetResult(c->conn)) != NULL) {
			take_result(c, res);
			PQclear(res);
		}
	if (PQflush(c->conn) < 0)
		die("connection", PQerrorMessage(c->conn));
}

static void prepare(PGconn *conn, const struct script *s)
{
	for (int i = 0; i < s->count; i++) {
		const char *name = s->steps[i].name;
		const struct sql *sql = name ? sql_find(name) : NULL;

		if (!name)
			continue;
		if (!sql)
			die(name, "no such statement");
		PGresult *res = PQprepare(conn, name, sql->text, 0, NULL);
		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			die(name, PQerrorMessage(conn));
		PQclear(res);
	}
}

static void read_frame(PGconn *conn)
{
	PGresult *res =
		PQexec(conn, "SELECT DISTINCT number FROM venue_frame WHERE venue_id > 100");

	if (PQntuples(res) != 1)
		die("frame", "the venues are not alike");
	snprintf(frame, sizeof(frame), "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double run(int count, double seconds)
{
	struct pollfd fds[CLIENTS_MAX];
	double began = now();

	for (int i = 0; i < count; i++) {
		fds[i] = (struct pollfd){.fd = PQsocket(clients[i].conn), .events = POLLIN};
		begin_try(&clients[i]);
	}
	while (now() - began < seconds) {
		if (poll(fds, (nfds_t)count, 1000) < 1)
			die("poll", "no answer for a second");
		for (int i = 0; i < count; i++)
			if (fds[i].revents)
				take_answers(&clients[i]);
	}
	return now() - began;
}

int main(int argc, char **argv)
{
	if (argc != 9)
		die("wants", "CONNINFO CLIENTS SECONDS BASE TODAY TRIES FIRST REFUSED");
	int count = (int)number(argv[2]);

	if (count < 1 || count > CLIENTS_MAX)
		die(argv[2], "is no good number of clients");
	next_try = number(argv[4]);
	today = number(argv[5]);
	tries = number(argv[6]);
	read_script(&first, argv[7]);
	read_script(&after, argv[8]);
	for (int i = 0; i < count; i++) {
		PGconn *conn = PQconnectdb(argv[1]);
		if (PQstatus(conn) != CONNECTION_OK)
			die("connect", PQerrorMessage(conn));
		read_frame(conn);
		prepare(conn, &first);
		prepare(conn, &after);
		if (!PQenterPipelineMode(conn))
			die("pipeline", PQerrorMessage(conn));
		clients[i].conn = conn;
	}
	double seconds = run(count, (double)number(argv[3]));
	printf("{\"won\":%lld,\"lost\":%lld,\"broken\":%lld,\"seconds\":%.6f}\n", won, lost,
		broken, seconds);
	return 0;
}
