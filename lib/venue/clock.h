#ifndef VENUE_CLOCK_H
#define VENUE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Minutes of a play day as people write them: "08:00", and "25:30" for half
 * past one of the next morning. SQL has the same as clock_text(). */

enum { CLOCK_LENGTH = 5, CLOCK_TEXT = 24 };

const char *clock_write(char out[CLOCK_TEXT], int64_t minutes);
/* False for anything but two digits, a colon, and 00 or 30; up to "30:00". */
bool clock_parse(const char *text, int64_t *minutes);

#endif
