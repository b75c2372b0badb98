#include "reconcile/day.h"

#include "base/time.h"

enum { CHINA_HOURS = 8 };

date china_day(stamp t)
{
	int64_t us = t.us + CHINA_HOURS * HOUR, day = 24 * HOUR;

	return (date){(int32_t)(us / day - (us % day < 0))};
}

stamp china_midnight(date d)
{
	return (stamp){((int64_t)d.days * 24 - CHINA_HOURS) * HOUR};
}

stamp china_next_midnight(date d)
{
	return china_midnight((date){d.days + 1});
}
