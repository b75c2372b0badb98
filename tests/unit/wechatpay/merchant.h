/* A merchant as a worker has it: settings and files in a folder of their own.
 * What WeChat Pay would send is made with the published test key of its Java
 * library. */
#include "base/settings.h"
#include "base/time.h"
#include "vectors.h"
#include "wechatpay/bill.h"
#include "wechatpay/call.h"
#include "wechatpay/certs.h"
#include "wechatpay/notify.h"
#include "wechatpay/wechatpay.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/wechatpay_test_XXXXXX";

static inline const char *file_with(const char *name, const char *text)
{
	char *path = arena_printf(mem, "%s/%s", folder, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

static inline void good_settings(void)
{
	settings = (struct settings){
		.issuer = "https://play.example.com",
		.wx_appid = "wxd678efh567hg6787",
		.wxpay_base = "https://127.0.0.1:1",
		.wxpay_mchid = "1234567891",
		.wxpay_serial = "5F1C72E2A8931B72A2E13AF8DEE92471EB397115",
		.wxpay_key_file =
			file_with("key", key_text("java-merchant", "private_key_pem")),
		.wxpay_apiv3_key_file = file_with("apiv3", "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"),
		/* Any name will do for the public key, so it gets the vectors' one. */
		.wxpay_pubkey_id = "440024045C4A427599D09BB4E3DE0279F2E813FD",
		.wxpay_pubkey_file =
			file_with("pub", key_text("java-wechatpay", "public_key_pem")),
		.ca_file = "",
		.out_timeout_ms = 500,
		.out_connect_ms = 500,
		.request_limit_s = 2,
		.breakers = "off",
	};
}

static inline void merchant_begin(void)
{
	assert_non_null(mkdtemp(folder));
	good_settings();
}

static inline void merchant_end(void)
{
	DIR *d = opendir(folder);

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (*e->d_name != '.')
			unlink(arena_printf(mem, "%s/%s", folder, e->d_name));
	closedir(d);
	rmdir(folder);
}
