#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stdbool.h>

/* What people call themselves and things, and what they write to each other. */

enum plain {
	PLAIN_ANY,  /* no such text: a code, a password, an id */
	PLAIN_LINE, /* a name, a reason */
	PLAIN_LINES /* a note: may have line feeds */
};

/* Valid UTF-8 that shows something and hides nothing: not blank, no control
 * characters, no line ends (but PLAIN_LINES), nothing that turns the direction
 * of writing, no invisible characters but those that emoji are joined with. */
bool text_plain(const char *, enum plain);

#endif
