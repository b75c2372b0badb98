#ifndef RECONCILE_DAY_H
#define RECONCILE_DAY_H

#include "base/shape.h"

/* Channels count by days of China. */

date china_day(stamp);      /* that a moment is in */
stamp china_midnight(date); /* its first moment */
stamp china_next_midnight(date);

/* The day in whose bill a refund stands, in SQL: we send it moments before the channel takes
 * it, so what we sent in the last minutes of a day may be in the next one's. */
#define REFUND_DAY(refund) \
	"((" refund ".sent_at + interval '10 minutes') AT TIME ZONE 'Asia/Shanghai')::date"

#endif
