#ifndef ALIPAY_CELL_H
#define ALIPAY_CELL_H

#include <stddef.h>

/* A line of Alipay's bill into its cells, in place, for csv.c: cut at commas outside of
 * quotes, without the quotes and the blanks around them. How many; 0 for more than max,
 * or a quote that doesn't fit. */
size_t alipay_cells_split(char *line, char *cells[], size_t max);

#endif
