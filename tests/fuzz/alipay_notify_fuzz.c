/* Alipay's notifies. With s in front the form is signed by it; else it is as it came. */
#include "channel.h"

#include "base/settings.h"
#include "base/time.h"
#include "net/http.h"

static stamp now;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	settings.log_level = "error";
	settings.alipay_appid = "2021001234567890";
	alipay_merchant = (struct alipay_merchant){.appid = settings.alipay_appid,
		.seller_id = "2088001234567890",
		.alipay = channel_begin()};
	CLAIM(alipay_time_parse("2026-11-23 18:00:00", &now));
	return 0;
}

static const char *form_of(const struct alipay_params *p)
{
	struct buf b = buf_in(mem, 1 << 20);

	for (size_t i = 0; i < p->count; i++)
		buf_printf(&b, "%s%s=%s", i ? "&" : "", p->at[i].name,
			url_escape(mem, p->at[i].value));
	return buf_text(&b);
}

/* Written and read again it says the same. */
static void there_and_back(const struct alipay_params *p)
{
	struct alipay_params again;

	CLAIM(alipay_form_read(mem, bytes_of(form_of(p)), &again) && again.count == p->count);
	for (size_t i = 0; i < p->count; i++)
		CLAIM(strcmp(p->at[i].name, again.at[i].name) == 0 &&
			strcmp(p->at[i].value, again.at[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct channel_payment out;
	struct alipay_params p;

	begin();
	bool genuine = n > 0 && *at == 's';
	struct bytes body = {at + genuine, n - genuine};
	if (!alipay_form_read(mem, body, &p))
		genuine = false;
	else
		there_and_back(&p);
	if (genuine && alipay_param_add(&p, "sign_type", "RSA2") &&
		alipay_param_add(&p, "sign",
			alipay_sign(
				mem, channel_key, alipay_signed_text(mem, &p, ALIPAY_NOTIFY))))
		body = bytes_of(form_of(&p));
	enum err err = alipay_notice_read(mem, body, now, &out);
	CLAIM(err == E_OK || err == E_NOTIFY_REFUSED);
	CLAIM(err != E_OK || (genuine && out.id && out.event && out.plaintext));
	CLAIM(err != E_OK || out.state != PAYMENT_PAID ||
		(out.total.fen > 0 && out.out_trade_no && out.transaction_id));
	return 0;
}
