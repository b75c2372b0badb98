#ifndef TELL_TELL_H
#define TELL_TELL_H

#include "message/message.h"

/* What customers are told of their orders: entries of the inbox (inbox.h), written by the
 * consumer `tell`, one a message. The words (text.h) are fixed when it is written. */

/* The effect of a message that the consumer hears. */
enum err tell_message(struct tx *, const struct message *) CHECKED;

#endif
