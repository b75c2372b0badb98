#ifndef ALIPAY_SIGN_H
#define ALIPAY_SIGN_H

#include "base/shape.h"
#include "codec/sign.h"

/* Alipay's signatures and its way of writing things, without clock, network or
 * settings (opendocs.alipay.com/common/02mse7). For the files of this folder
 * and its tests. */

enum { ALIPAY_PARAMS_MAX = 64 };

struct alipay_param {
	const char *name, *value;
};
struct alipay_params {
	struct alipay_param at[ALIPAY_PARAMS_MAX];
	size_t count;
};

/* False if there is no room, or the name is there already. */
bool alipay_param_add(struct alipay_params *, const char *name, const char *value) CHECKED;
/* NULL where absent or empty. */
const char *alipay_param_get(const struct alipay_params *, const char *name);

/* A form's body: names of 0-9a-z_, values in UTF-8, decoded. False for anything
 * that two readers might take differently: a name twice, a bad escape, a zero
 * byte, something without a name, more than ALIPAY_PARAMS_MAX. */
bool alipay_form_read(struct arena *, struct bytes body, struct alipay_params *) CHECKED;

/* What is signed: all parameters that aren't empty, by name, as they are before
 * they are escaped; never `sign`, of a notify not `sign_type` either. */
enum alipay_scope { ALIPAY_REQUEST, ALIPAY_NOTIFY };
struct bytes alipay_signed_text(
	struct arena *, const struct alipay_params *, enum alipay_scope);

/* Base64; NULL if our key can't sign. */
const char *alipay_sign(struct arena *, const struct key *, struct bytes text);
bool alipay_verify(
	struct arena *, const struct key *, struct bytes text, const char *signature) CHECKED;

/* The object under that name at the top of an answer, byte for byte: that is what
 * is signed. False if there is none, or the answer is no JSON of the strict kind. */
bool alipay_answer_part(struct bytes json, const char *name, struct bytes *) CHECKED;

/* The signature of such a part. Slashes may be escaped in it that were not when it
 * was signed; Alipay's own library tries both. */
bool alipay_verify_answer(
	struct arena *, const struct key *, struct bytes part, const char *signature) CHECKED;

/* "2026-11-23 18:00:00" in China; a fraction of a second may follow. */
const char *alipay_time(struct arena *, stamp);
bool alipay_time_parse(const char *, stamp *) CHECKED;

/* Not negative, at most FEN_MAX, with up to two decimals. */
bool alipay_yuan_parse(const char *, money *) CHECKED;

/* Words for the customer's bill, without what Alipay refuses or what would break a
 * line of its bill, cut at max bytes between two characters. */
const char *alipay_words(struct arena *, const char *, size_t max);

#endif
