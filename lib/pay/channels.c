#include "channel/channel.h"

#include "alipay/alipay.h"
#include "base/settings.h"
#include "wechatpay/wechatpay.h"

#include <string.h>

const struct channel *channel_find(const char *name)
{
	if (strcmp(name, wechatpay_channel.name) == 0)
		return &wechatpay_channel;
	if (*settings.alipay_appid && strcmp(name, alipay_channel.name) == 0)
		return &alipay_channel;
	return NULL;
}

void channels_init(void)
{
	wechatpay_init();
	alipay_init();
}
