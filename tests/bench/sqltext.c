/* Prints "name<TAB>SQL" for each named statement, from the library itself: the
 * bench must not measure a copy that has aged. Wants all of the library. */
#include "db/db.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct sql *sql = sql_find(argv[i]);

		if (!sql) {
			fprintf(stderr, "there is no statement %s\n", argv[i]);
			return 1;
		}
		printf("%s\t%s\n", sql->name, sql->text);
	}
	return 0;
}
