#include "login/password_rule.h"

#include "base/json.h"
#include "base/settings.h"

#include <stddef.h>
#include <stdio.h>
#include <zxcvbn.h>

/* 10^8 guesses: what zxcvbn calls safe behind an online login. It looks at the
 * beginning only: its time grows with the square of the length. */
static const double BITS_MIN = 26.6;
enum { LOOKED_AT = 100 };

bool password_good(const char *plain, const char *username)
{
	const char *words[] = {username, "zhixing", "zhixingheyi", "智形合一", "智形", "woaini",
		"woaini1314", "5201314", "1314520", "520520", "1314", "admin", "qiuguan",
		"mima", "球馆", "密码", "我爱你", NULL};
	char head[LOOKED_AT + 1];

	snprintf(head, sizeof(head), "%s", plain);
	return utf8_characters(plain) >= settings.password_min &&
	       ZxcvbnMatch(head, words, NULL) >= BITS_MIN;
}
