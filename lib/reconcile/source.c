#include "reconcile/source.h"

#include "pay/settle.h"

struct bill_source bill_source_of(const struct channel *channel)
{
	return (struct bill_source){.channel = channel->name,
		.has_flow = channel->has_fundflow,
		.fetch = channel->bill,
		.query = settle_attempt};
}
