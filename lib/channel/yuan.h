#ifndef CHANNEL_YUAN_H
#define CHANNEL_YUAN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/shape.h"

/* Sums of money as channels write them: in yuan, with two decimals. */

/* More than any channel can mean by one sum. */
#define FEN_MAX (1LL << 50)

/* "120.5" → 12050 fen. Digits, one point, one or two decimals, a minus in front;
 * false for anything else or more than an int64_t holds. */
bool yuan_parse(const char *, money *) CHECKED;

/* 12050 fen → "120.50" */
const char *yuan_write(struct arena *, money);

#endif
