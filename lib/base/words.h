#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stddef.h>
#include <string.h>

/* Enums whose members have a word each, in the database or the API. As with errors
 * (err.h), one table says both, a line each, X(ID, "word", …), and the rest is made of it:
 *
 *	enum fruit { FRUITS(WORD_ID) FRUIT_COUNT };
 *	static const char *const words[] = {FRUITS(WORD_TEXT)};
 */
#define WORD_ID(id, word, ...) id,
#define WORD_TEXT(id, word, ...) word,

/* All words of a table, "a|b|c": see one_of in shape.h. */
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
