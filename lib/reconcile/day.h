#ifndef RECONCILE_DAY_H
#define RECONCILE_DAY_H

#include "base/shape.h"

/* Channels count by days of China. */

date china_day(stamp);      /* that a moment is in */
stamp china_midnight(date); /* its first moment */
stamp china_next_midnight(date);

#endif
