#include "message/bindings.h"

#include "base/settings.h"

#include <inttypes.h>
#include <stdio.h>

#define TO(consumer) (1U << CONSUMER_##consumer)
#define QUEUE_NAME(id, word) "zx." word,
#define BINDING(id, word, when, to) {when, to},

static const char *const consumer_words[] = {MESSAGE_CONSUMERS(WORD_TEXT)};
static const char *const consumer_queues[] = {MESSAGE_CONSUMERS(QUEUE_NAME)};
static const char *const kind_words[] = {MESSAGE_KINDS(WORD_TEXT)};
static const struct {
	enum message_when when;
	unsigned to;
} kinds[] = {MESSAGE_KINDS(BINDING)};

/* There is one queue for what waits, it hands on under one key, and who hears that
 * hears nothing else: a queue is bound to one exchange. */
#define IS_WAITING(id, word, when, to) +((when) == WHEN_UNPAID)
#define HEARS_WAITING(id, word, when, to) | ((when) == WHEN_UNPAID ? (to) : 0)
#define HEARS_OTHERS(id, word, when, to) | ((when) == WHEN_UNPAID ? 0 : (to))
_Static_assert((0 MESSAGE_KINDS(IS_WAITING)) == 1, "one kind waits");
_Static_assert(((0 MESSAGE_KINDS(HEARS_WAITING)) & (0 MESSAGE_KINDS(HEARS_OTHERS))) == 0,
	"a consumer hears what waits or what doesn't");
_Static_assert((int)MESSAGE_KIND_COUNT <= (int)MQ_KEYS_MAX, "one consumer may hear all kinds");

enum message_kind message_kind_of(const char *word)
{
	return (enum message_kind)word_find(kind_words, MESSAGE_KIND_COUNT, word);
}

const char *message_word(enum message_kind kind)
{
	return kind_words[kind];
}

enum message_when message_when(enum message_kind kind)
{
	return kinds[kind].when;
}

int64_t message_hearers(enum message_kind kind)
{
	return __builtin_popcount(kinds[kind].to);
}

bool message_is_for(enum message_kind kind, enum message_consumer consumer)
{
	return kind != MESSAGE_KIND_COUNT && (kinds[kind].to >> consumer & 1);
}

enum message_consumer consumer_of(const char *word)
{
	return (enum message_consumer)word_find(consumer_words, CONSUMER_COUNT, word);
}

const char *consumer_word(enum message_consumer consumer)
{
	return consumer_words[consumer];
}

const char *consumer_queue(enum message_consumer consumer)
{
	return consumer_queues[consumer];
}

/* A second more than the life itself, so that no clock finds it too early. */
static int64_t wait_s(void)
{
	return settings.order_ttl_s + 1;
}

const char *message_key(const char *word)
{
	static char key[64];
	enum message_kind kind = message_kind_of(word);

	if (kind == MESSAGE_KIND_COUNT || kinds[kind].when != WHEN_UNPAID)
		return word;
	snprintf(key, sizeof(key), "%s.%" PRId64, word, wait_s());
	return key;
}

bool message_must_route(const char *word)
{
	enum message_kind kind = message_kind_of(word);

	return kind == MESSAGE_KIND_COUNT || message_hearers(kind) > 0;
}

/* A kind that waits reaches its consumer through waiting_queue(). */
static struct mq_queue queue_of(enum message_consumer consumer)
{
	struct mq_queue q = {.name = consumer_queues[consumer]};
	size_t n = 0;

	for (enum message_kind k = 0; k < MESSAGE_KIND_COUNT; k++)
		if (message_is_for(k, consumer)) {
			q.keys[n++] = kind_words[k];
			q.of_due = kinds[k].when == WHEN_UNPAID;
		}
	return q;
}

static struct mq_queue waiting_queue(void)
{
	static char name[64], key[64];
	enum message_kind k = 0;

	while (kinds[k].when != WHEN_UNPAID)
		k++;
	snprintf(name, sizeof(name), "zx.delay.%" PRId64, wait_s());
	snprintf(key, sizeof(key), "%s", message_key(kind_words[k]));
	return (struct mq_queue){.name = name,
		.keys = {key},
		.wait_ms = wait_s() * 1000,
		.due_key = kind_words[k]};
}

const struct mq_queue *message_queues(size_t *count)
{
	static struct mq_queue queues[CONSUMER_COUNT + 1];

	for (enum message_consumer c = 0; c < CONSUMER_COUNT; c++)
		queues[c] = queue_of(c);
	queues[CONSUMER_COUNT] = waiting_queue();
	*count = CONSUMER_COUNT + 1;
	return queues;
}
