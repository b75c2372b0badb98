#include "pay/channels.h"

#include "base/words.h"

/* A new channel is a folder of its own in lib/, and a line here. What SQL, nginx and the
 * API's description say of channels does not follow from it: tests/store/channels_test.c
 * and `make api` fail where one is forgotten. */
/* clang-format off */
#define CHANNEL_TABLE(X) \
	X(wechatpay_channel, "wechat") \
	X(alipay_channel, "alipay")

#define X(channel_, name) extern const struct channel channel_;
CHANNEL_TABLE(X)
#undef X

#define X(channel_, name) &channel_,
const struct channel *const channels[] = {CHANNEL_TABLE(X) NULL};
#undef X
const char channel_names[] = CHANNEL_TABLE(WORD_BEHIND_BAR);
/* clang-format on */

const struct channel *channel_named(const char *name)
{
	for (size_t i = 0; channels[i]; i++)
		if (strcmp(channels[i]->name, name) == 0)
			return channels[i];
	return NULL;
}

bool channel_is_on(const struct channel *channel)
{
	return !channel->is_on || channel->is_on();
}

const struct channel *channel_find(const char *name)
{
	const struct channel *channel = channel_named(name);

	return channel && channel_is_on(channel) ? channel : NULL;
}

void channels_init(void)
{
	for (size_t i = 0; channels[i]; i++)
		channels[i]->init();
}
