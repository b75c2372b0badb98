#ifndef LOGIN_PASSWORD_RULE_H
#define LOGIN_PASSWORD_RULE_H

#include <stdbool.h>

/* Which new passwords are taken, after NIST SP 800-63B and ASVS 5 V6.2: by length
 * (ZX_PASSWORD_MIN characters at least) and by how soon it would be guessed, never
 * by kinds of characters. The guess is zxcvbn's: its lists of common passwords,
 * names and words, keyboard runs, dates and repeats, and besides them the username,
 * our own name and what is common among Chinese passwords. libcrack's lists know
 * English words, refuse long phrases for their pattern, and lack the rest. */
bool password_good(const char *plain, const char *username);

#endif
