#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include "base/arena.h"

#include <stdbool.h>

/* What people call themselves and things, and what they write to each other. */

enum plain {
	PLAIN_ANY,  /* no such text: a code, a password, an id */
	PLAIN_LINE, /* a name, a reason */
	PLAIN_LINES /* a note: may have line feeds */
};

/* Valid UTF-8 that shows something and hides nothing: not blank, no control
 * characters, no line ends (but PLAIN_LINES), nothing that turns the direction
 * of writing, no invisible characters but those inside of an emoji. */
bool text_plain(const char *, enum plain);

/* As it is stored: without blanks around it, composed (NFC). Cuts the given text in place. */
const char *text_tidy(struct arena *, char *, enum plain);

/* As it is compared where case, width (NFKC) and blanks around it don't count. NULL of NULL. */
const char *text_folded(struct arena *, const char *);

#endif
