#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stddef.h>
#include <string.h>

/* An enum whose members have a word each in the database or the API comes from one
 * X-macro table, as the errors do (err.h): the table makes the enum and the words. */

/* All words of such a table, "a|b|c": see one_of in shape.h. */
#define WORDS_OF(table) (&table(WORD_BEHIND_BAR)[1])
#define WORD_BEHIND_BAR(id, word, ...) "|" word

/* Which of `count` words this is; `count` if it is none of them, or NULL. */
static inline size_t word_find(const char *const *words, size_t count, const char *word)
{
	size_t i = 0;

	while (i < count && !(word && strcmp(words[i], word) == 0))
		i++;
	return i;
}

#endif
