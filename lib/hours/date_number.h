#ifndef HOURS_DATE_NUMBER_H
#define HOURS_DATE_NUMBER_H

#include "base/shape.h"

/* A date as a number, 20261001: what paths and cursors name a dated thing by. */

/* In SQL. */
#define DATE_NUMBER(day) "to_char(" day ", 'YYYYMMDD')::bigint"

/* False for a number that is no date. */
bool date_of_number(int64_t number, date *);

#endif
