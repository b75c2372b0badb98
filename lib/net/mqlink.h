#ifndef NET_MQLINK_H
#define NET_MQLINK_H

#include "net/mq.h"

#include <amqp.h>

/* The connection to RabbitMQ and its declarations. Only mq.c includes this. */

enum { MQ_CHANNEL = 1 };

struct mq_link {
	amqp_connection_state_t conn; /* NULL: closed */
	const char *program;
	const struct mq_queue *queues;
	size_t queue_count;
	unsigned failures; /* to connect, one after the other */
	bool down;         /* said so in the log */
};

void mq_link_init(void); /* reads the password; ends the program without one */
enum err mq_link_open(struct mq_link *) CHECKED;
void mq_link_drop(struct mq_link *);
int mq_link_pause_ms(const struct mq_link *);

/* E_OK, or the connection is dropped and E_UPSTREAM. */
enum err mq_link_fail(struct mq_link *, const char *doing, const char *why);
enum err mq_link_status(struct mq_link *, int status, const char *doing) CHECKED;
enum err mq_link_reply(struct mq_link *, amqp_rpc_reply_t, const char *doing) CHECKED;

#endif
