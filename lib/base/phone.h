#ifndef BASE_PHONE_H
#define BASE_PHONE_H

#include <stdbool.h>

/* Phone numbers: eleven digits of mainland China, without +86. */

enum { PHONE_DIGITS = 11 }; /* no more, no fewer */
bool phone_valid(const char *);

/* Numbers as people type and paste them. */
enum digits {
	DIGITS_NONE,   /* a text of another kind */
	DIGITS_NUMBER, /* an order's number, a code */
	DIGITS_PHONE   /* may begin with +86, 0086 or 86 */
};

/* In place: the digits alone, in ASCII, without blanks, line ends, dashes, brackets and marks
 * that can't be seen. A text with anything else in it stays as it is. Valid UTF-8. */
void digits_tidy(char *, enum digits);

#endif
