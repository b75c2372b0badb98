/* WeChat Pay's answer with its certificates, the sealed boxes in it, and PEM. With p
 * in front: a certificate's or key's text; else the answer. */
#include "channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct wechatpay_keyring ring = {0};

	begin();
	if (n == 0)
		return 0;
	struct bytes rest = {at + 1, n - 1};
	if (*at == 'p') {
		for (enum key_kind kind = KEY_PUBLIC; kind <= KEY_CERTIFICATE; kind++) {
			struct key *key = key_parse(kind, rest);

			CLAIM(!key || !key_pem(key));
			CLAIM(!key || strlen(key_serial(key)) < 1024);
			key_free(key);
		}
		return 0;
	}
	enum err err = wechatpay_certificates_read(mem, bytes_of(APIV3), rest, &ring);
	CLAIM((err == E_OK) == (ring.count > 0) && ring.count <= WECHATPAY_KEYS_MAX);
	wechatpay_keyring_clear(&ring);
	return 0;
}
