#ifndef WEB_REPLAY_H
#define WEB_REPLAY_H

#include "web/web.h"

/* Idempotency-Key: the answer of an IDEMPOTENT request is stored under the account
 * and the key, with a digest of what was asked for. A repeat gets the same bytes; the
 * key with another request is refused. Of two equal requests at once the table's
 * primary key lets one store its answer; the other fails and is answered from there.
 * For a request without a key the first two do nothing. */

/* Queue: E_REPLAY if the key has an answer. */
void replay_check(struct req *, struct tx *);

/* Queue: store r's answer. */
void replay_store(struct req *, struct tx *);

/* Is this an error after which an equal request may have stored its answer? */
bool replay_possible(const struct req *, enum err);

/* Answer from what is stored, in a transaction of its own. E_KEY_REUSED: it belongs to
 * another request. Nothing stored: `err` stays, and E_REPLAY becomes E_RETRY. */
enum err replay(struct req *, enum err) CHECKED;

#endif
