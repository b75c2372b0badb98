#ifndef PAY_POOL_H
#define PAY_POOL_H

#include "web/web.h"

/* The pool that waits for the payment channel while the customer waits (payments.c). */
extern const struct route payment_routes[];

#endif
