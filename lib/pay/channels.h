#ifndef PAY_CHANNELS_H
#define PAY_CHANNELS_H

#include "channel/channel.h"

/* Which payment channels there are (the table is in channels.c). */

extern const struct channel *const channels[]; /* ends with NULL */

/* Their names for a field's one_of: "a|b|c". */
#define CHANNEL_NAMES (&channel_names[1])
extern const char channel_names[]; /* "|a|b|c" */

/* NULL: there is no such channel; for channel_find also: the settings don't name a
 * merchant for it. */
const struct channel *channel_named(const char *name);
const struct channel *channel_find(const char *name);

bool channel_is_on(const struct channel *);

/* Read the settings and keys of all channels; ends the program with EXIT_CONFIG and
 * the reason if something is wrong. */
void channels_init(void);

#endif
