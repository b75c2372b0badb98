#include "net/mqlink.h"

#include "base/log.h"
#include "base/settings.h"
#include "base/time.h"

#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

enum { CONNECT_S = 2, ANSWER_S = 5, FRAME_MAX_BYTES = 131072 };
enum { PATIENCE_MAX_S = 15, PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 5000, DOUBLINGS_MAX = 6 };

#define TEXT(s) amqp_cstring_bytes(s)

static const char *password; /* for the life of the process */

void mq_link_init(void)
{
	if (!password)
		password = secret_read("ZX_MQ_PASSWORD_FILE", settings.mq_password_file, NULL);
}

int mq_patience_s(void)
{
	return settings.mq_heartbeat_s < PATIENCE_MAX_S ? (int)settings.mq_heartbeat_s
							: PATIENCE_MAX_S;
}

/* Between half and all of what the doubling came to. */
int mq_link_pause_ms(const struct mq_link *l)
{
	unsigned doublings = l->failures < DOUBLINGS_MAX ? l->failures : DOUBLINGS_MAX;
	int most = PAUSE_FIRST_MS << doublings;

	most = most < PAUSE_MAX_MS ? most : PAUSE_MAX_MS;
	return most / 2 + (int)(stamp_now().us % (most / 2));
}

void mq_link_drop(struct mq_link *l)
{
	if (l->conn)
		amqp_destroy_connection(l->conn);
	l->conn = NULL;
}

enum err mq_link_fail(struct mq_link *l, const char *doing, const char *why)
{
	if (!l->down)
		log_error("mq_down", "%s: %s", doing, why);
	l->down = true;
	l->failures++;
	mq_link_drop(l);
	return E_UPSTREAM;
}

enum err mq_link_status(struct mq_link *l, int status, const char *doing)
{
	return status == AMQP_STATUS_OK ? E_OK
					: mq_link_fail(l, doing, amqp_error_string2(status));
}

/* The words of the server's last will. */
static const char *goodbye(const amqp_method_t *m, char *out, size_t size)
{
	amqp_bytes_t text = {0};
	int code = 0;

	if (m->id == AMQP_CHANNEL_CLOSE_METHOD) {
		const amqp_channel_close_t *c = m->decoded;
		text = c->reply_text;
		code = c->reply_code;
	} else if (m->id == AMQP_CONNECTION_CLOSE_METHOD) {
		const amqp_connection_close_t *c = m->decoded;
		text = c->reply_text;
		code = c->reply_code;
	}
	snprintf(out, size, "closed by the server: %d %.*s", code, (int)text.len,
		(const char *)text.bytes);
	return out;
}

enum err mq_link_reply(struct mq_link *l, amqp_rpc_reply_t r, const char *doing)
{
	char why[300];

	switch (r.reply_type) {
	case AMQP_RESPONSE_NORMAL:
		return E_OK;
	case AMQP_RESPONSE_SERVER_EXCEPTION:
		return mq_link_fail(l, doing, goodbye(&r.reply, why, sizeof(why)));
	case AMQP_RESPONSE_LIBRARY_EXCEPTION:
		return mq_link_fail(l, doing, amqp_error_string2(r.library_error));
	default:
		return mq_link_fail(l, doing, "no reply");
	}
}

/* What the last synchronous call on the channel came to. */
static enum err said(struct mq_link *l, const char *doing)
{
	return mq_link_reply(l, amqp_get_rpc_reply(l->conn), doing);
}

static amqp_table_entry_t entry(const char *key, const char *value)
{
	amqp_table_entry_t e = {.key = TEXT(key), .value.kind = AMQP_FIELD_KIND_UTF8};

	e.value.value.bytes = TEXT(value);
	return e;
}

static amqp_table_t table(amqp_table_entry_t *entries, int count)
{
	return (amqp_table_t){.num_entries = count, .entries = entries};
}

/* Without this capability a consumer whose queue is deleted is never told. */
static enum err login(struct mq_link *l)
{
	amqp_table_entry_t able = {
		.key = TEXT("consumer_cancel_notify"), .value.kind = AMQP_FIELD_KIND_BOOLEAN};
	amqp_table_entry_t about[] = {
		entry("connection_name", l->program), entry("capabilities", "")};
	amqp_table_t words = table(about, COUNT_OF(about));

	able.value.value.boolean = 1;
	about[1].value.kind = AMQP_FIELD_KIND_TABLE;
	about[1].value.value.table = table(&able, 1);
	return mq_link_reply(l,
		amqp_login_with_properties(l->conn, settings.mq_vhost, 0, FRAME_MAX_BYTES,
			(int)settings.mq_heartbeat_s, &words, AMQP_SASL_METHOD_PLAIN,
			settings.mq_user, password),
		"login");
}

static enum err greet(struct mq_link *l)
{
	struct timeval connect = {.tv_sec = CONNECT_S}, answer = {.tv_sec = ANSWER_S};

	l->conn = amqp_new_connection();
	amqp_socket_t *socket = l->conn ? amqp_tcp_socket_new(l->conn) : NULL;
	if (!socket)
		return mq_link_fail(l, "connect", "out of memory");
	TRY(mq_link_status(l,
		amqp_socket_open_noblock(
			socket, settings.mq_host, (int)settings.mq_port, &connect),
		"connect"));
	amqp_set_handshake_timeout(l->conn, &answer);
	amqp_set_rpc_timeout(l->conn, &answer);
	TRY(login(l));
	amqp_channel_open(l->conn, MQ_CHANNEL);
	TRY(said(l, "open a channel"));
	amqp_confirm_select(l->conn, MQ_CHANNEL);
	return said(l, "ask for confirms");
}

static enum err declare_exchange(struct mq_link *l, const char *name, const char *type)
{
	amqp_exchange_declare(
		l->conn, MQ_CHANNEL, TEXT(name), TEXT(type), 0, 1, 0, 0, amqp_empty_table);
	return said(l, name);
}

static enum err declare_queue(
	struct mq_link *l, const struct mq_queue *q, const char *exchange, amqp_table_t args)
{
	amqp_queue_declare(l->conn, MQ_CHANNEL, TEXT(q->name), 0, 1, 0, 0, args);
	TRY(said(l, q->name));
	for (const char *const *key = q->keys; *key; key++) {
		amqp_queue_bind(l->conn, MQ_CHANNEL, TEXT(q->name), TEXT(exchange), TEXT(*key),
			amqp_empty_table);
		TRY(said(l, q->name));
	}
	return E_OK;
}

/* at-least-once wants x-overflow=reject-publish; its default would drop what it
 * moves. */
static enum err declare_wanted(struct mq_link *l, const struct mq_queue *q)
{
	amqp_table_entry_t args[] = {
		entry("x-queue-type", "quorum"),
		entry("x-dead-letter-strategy", "at-least-once"),
		entry("x-overflow", "reject-publish"),
		entry("x-dead-letter-exchange", q->wait_ms ? MQ_DUE : MQ_DEAD),
		entry("x-dead-letter-routing-key", q->due_key ? q->due_key : ""),
		{.key = TEXT("x-message-ttl"), .value.kind = AMQP_FIELD_KIND_I64},
	};
	int count = COUNT_OF(args);

	args[count - 1].value.value.i64 = q->wait_ms;
	return declare_queue(l, q, q->of_due ? MQ_DUE : MQ_EVENTS,
		table(args, q->wait_ms ? count : count - 2));
}

/* Declaring what exists, as it exists, changes nothing. */
static enum err declare_all(struct mq_link *l)
{
	static const struct mq_queue dead = {.name = MQ_DEAD, .keys = {""}};
	amqp_table_entry_t quorum = entry("x-queue-type", "quorum");

	TRY(declare_exchange(l, MQ_DEAD, "fanout"));
	TRY(declare_queue(l, &dead, MQ_DEAD, table(&quorum, 1)));
	TRY(declare_exchange(l, MQ_EVENTS, "topic"));
	TRY(declare_exchange(l, MQ_DUE, "topic"));
	for (size_t i = 0; i < l->queue_count; i++)
		TRY(declare_wanted(l, &l->queues[i]));
	return E_OK;
}

enum err mq_link_open(struct mq_link *l)
{
	if (l->conn)
		return E_OK;
	TRY(greet(l));
	TRY(declare_all(l));
	log_info(
		"mq_up", "connected to %s:%lld", settings.mq_host, (long long)settings.mq_port);
	l->down = false;
	l->failures = 0;
	return E_OK;
}
