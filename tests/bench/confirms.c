/* The broker without a table: how fast it confirms messages like the relay's.
 *
 *   confirms COUNT BATCH
 *
 * Publishes COUNT messages order.paid, persistent and to be routed, in batches
 * of BATCH, each when the one before is confirmed. Then empties the queues that
 * got them. With COUNT 0 it only does that. The broker's address comes from the
 * environment (ZX_MQ_…); exchange and queues must exist. Prints one line of
 * JSON. */
#include "base/settings.h"
#include "message/bindings.h"

#include <amqp_tcp_socket.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHANNEL = 1, FRAME_MAX_BYTES = 131072, BATCH_MAX = 1000 };

static const char KEY[] = "order.paid";
static const char BODY[] = "{\"order_id\": 1125899906842624, \"venue_id\": 101}";

static amqp_connection_state_t conn;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "confirms: %s: %s\n", what, why);
	exit(1);
}

static void must(int status, const char *what)
{
	if (status != AMQP_STATUS_OK)
		die(what, amqp_error_string2(status));
}

static void must_reply(amqp_rpc_reply_t r, const char *what)
{
	if (r.reply_type != AMQP_RESPONSE_NORMAL)
		die(what, "the broker refused it");
}

static void connect_broker(void)
{
	conn = amqp_new_connection();
	amqp_socket_t *socket = amqp_tcp_socket_new(conn);
	const char *password =
		secret_read("ZX_MQ_PASSWORD_FILE", settings.mq_password_file, NULL);

	if (!socket)
		die("connect", "out of memory");
	must(amqp_socket_open(socket, settings.mq_host, (int)settings.mq_port), "connect");
	must_reply(amqp_login(conn, settings.mq_vhost, 0, FRAME_MAX_BYTES, 0,
			   AMQP_SASL_METHOD_PLAIN, settings.mq_user, password),
		"login");
	amqp_channel_open(conn, CHANNEL);
	must_reply(amqp_get_rpc_reply(conn), "channel");
	amqp_confirm_select(conn, CHANNEL);
	must_reply(amqp_get_rpc_reply(conn), "confirms");
}

static void publish(uint64_t number)
{
	char id[24];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)number);
	amqp_basic_properties_t props = {
		._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
			  AMQP_BASIC_MESSAGE_ID_FLAG,
		.content_type = amqp_cstring_bytes("application/json"),
		.delivery_mode = AMQP_DELIVERY_PERSISTENT,
		.message_id = amqp_cstring_bytes(id),
	};
	must(amqp_basic_publish(conn, CHANNEL, amqp_cstring_bytes(MQ_EVENTS),
		     amqp_cstring_bytes(KEY), 1, 0, &props, amqp_cstring_bytes(BODY)),
		"publish");
}

/* Of the messages `first` to `last`, in whatever order confirms come. */
static void wait_confirms(uint64_t first, uint64_t last)
{
	bool confirmed[BATCH_MAX] = {false};

	for (uint64_t left = last - first + 1; left > 0;) {
		amqp_frame_t f;

		amqp_maybe_release_buffers(conn);
		must(amqp_simple_wait_frame(conn, &f), "wait");
		if (f.frame_type != AMQP_FRAME_METHOD ||
			f.payload.method.id != AMQP_BASIC_ACK_METHOD)
			die("publish", "not confirmed");
		const amqp_basic_ack_t *ack = f.payload.method.decoded;
		if (ack->delivery_tag < first || ack->delivery_tag > last)
			die("publish", "a confirm of something else");
		for (uint64_t t = ack->multiple ? first : ack->delivery_tag;
			t <= ack->delivery_tag; t++) {
			left -= !confirmed[t - first];
			confirmed[t - first] = true;
		}
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double run(uint64_t count, uint64_t batch)
{
	double began = now();

	for (uint64_t sent = 0; sent < count;) {
		uint64_t first = sent + 1;
		while (sent < count && sent + 1 - first < batch)
			publish(++sent);
		wait_confirms(first, sent);
	}
	return now() - began;
}

static unsigned purge(const char *queue)
{
	const amqp_queue_purge_ok_t *ok =
		amqp_queue_purge(conn, CHANNEL, amqp_cstring_bytes(queue));

	must_reply(amqp_get_rpc_reply(conn), queue);
	return ok->message_count;
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? atol(argv[1]) : -1, batch = argc == 3 ? atol(argv[2]) : 0;

	if (count < 0 || batch < 1 || batch > BATCH_MAX)
		die("wants", "COUNT BATCH");
	settings_load(1, argv);
	connect_broker();
	double seconds = run((uint64_t)count, (uint64_t)batch);
	unsigned fulfil = purge(consumer_queue(CONSUMER_FULFIL)),
		 tell = purge(consumer_queue(CONSUMER_TELL));
	printf("{\"seconds\":%.6f,\"fulfil\":%u,\"tell\":%u}\n", seconds, fulfil, tell);
	must_reply(amqp_connection_close(conn, AMQP_REPLY_SUCCESS), "close");
	must(amqp_destroy_connection(conn), "close");
	return 0;
}
