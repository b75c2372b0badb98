/* WeChat Pay's notifies. First the kind: s signed by it, anything else as it came;
 * then timestamp, nonce, signature and serial, a line each; then the body. */
#include "channel.h"

#include "base/settings.h"

static const stamp then = {1700000000LL * 1000000};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	settings.log_level = "error";
	wechatpay_merchant = (struct wechatpay_merchant){
		.mchid = "1900", .pubkey_id = SERIAL, .apiv3 = bytes_of(APIV3)};
	wechatpay_keys_init(channel_begin());
	return 0;
}

static void sign(struct wechatpay_signed *s)
{
	struct buf text = buf_in(mem, 1 << 21);
	struct bytes signature;

	s->timestamp = "1700000000";
	s->serial = SERIAL;
	buf_printf(&text, "%s\n%s\n", s->timestamp, s->nonce);
	buf_add(&text, s->body.at, s->body.len);
	buf_puts(&text, "\n");
	CLAIM(rsa_sign(mem, channel_key, (struct bytes){(unsigned char *)text.at, text.len},
		&signature));
	s->signature = base64_write(mem, signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct wechatpay_refund refund;
	struct wechatpay_payment notice;
	struct wechatpay_signed s;

	begin();
	if (n == 0)
		return 0;
	bool genuine = *at++ == 's';
	n--;
	s.timestamp = line_of(&at, &n);
	s.nonce = line_of(&at, &n);
	s.signature = line_of(&at, &n);
	s.serial = arena_printf(mem, "PUB_KEY_ID_%s", line_of(&at, &n)); /* fetches nothing */
	s.body = (struct bytes){at, n};
	if (genuine)
		sign(&s);
	enum err err = wechatpay_notice_read(mem, &s, then, &notice);
	CLAIM(err == E_OK || err == E_NOTIFY_REFUSED);
	CLAIM(err != E_OK || (genuine && notice.id && notice.event_type && notice.plaintext));
	CLAIM(err != E_OK || !wechatpay_is_paid(&notice) || notice.total.fen >= 0);
	err = wechatpay_refund_notice_read(mem, &s, then, &refund);
	CLAIM(err != E_OK || genuine);
	return 0;
}
