#include "base/settings.h"
#include "checkin/checkin.h"
#include "codec/crypto.h"
#include "order/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE_CHARS = 12, SHORT_DIGITS = 10, SIGNATURE_BYTES = 16, KEY_MIN = 32 };

static struct bytes code_key;

void checkin_init(void)
{
	size_t len = 0;
	const char *key = secret_read("ZX_CODE_KEY_FILE", settings.code_key_file, &len);

	if (len < KEY_MIN) {
		fprintf(stderr, "setting ZX_CODE_KEY_FILE: wants 32 bytes or more\n");
		exit(EXIT_CONFIG);
	}
	code_key = (struct bytes){(const unsigned char *)key, len};
}

static const char *signature(struct arena *mem, const char *text)
{
	unsigned char mac[SHA256_BYTES];

	hmac_sha256(code_key, text, strlen(text), mac);
	return base64url_write(mem, (struct bytes){mac, SIGNATURE_BYTES});
}

const char *checkin_qr_text(struct arena *mem, int64_t order_id, const char *nonce)
{
	const char *text = arena_printf(mem, "ZX1.%" PRId64 ".%s", order_id, nonce);

	return arena_printf(mem, "%s.%s", text, signature(mem, text));
}

#define BLANKS " \t\r\n" /* scanner guns end with Enter or tab */

/* As it would be typed in ASCII: Chinese keyboards write ０…９, － and a wide blank. */
static const char *narrow(struct arena *mem, const char *input)
{
	char *out = arena_alloc(mem, strlen(input) + 1, 1), *at = out;

	while (*input) {
		bool form = strncmp(input, "\xef\xbc", 2) == 0;
		unsigned char last = form ? (unsigned char)input[2] : 0;
		bool wide = (last >= 0x90 && last <= 0x99) || last == 0x8d;
		bool blank = strncmp(input, "\xe3\x80\x80", 3) == 0;

		*at++ = wide ? (char)(last - 0x60) : blank ? ' ' : *input;
		input += wide || blank ? 3 : 1;
	}
	return out;
}

/* Without blanks around. */
static const char *trimmed(struct arena *mem, const char *input)
{
	size_t n;

	input += strspn(input, BLANKS);
	for (n = strlen(input); n > 0 && strchr(BLANKS, input[n - 1]); n--)
		;
	return arena_printf(mem, "%.*s", (int)n, input);
}

/* Digits however they were grouped, "123 456-7890"; NULL if there is more. */
static const char *digits_only(struct arena *mem, const char *input)
{
	char *out = arena_alloc(mem, strlen(input) + 1, 1), *at = out;

	for (; *input; input++) {
		if (strchr(BLANKS "-", *input))
			continue;
		if (*input < '0' || *input > '9')
			return NULL;
		*at++ = *input;
	}
	return out;
}

static enum err read_qr(struct arena *mem, const char *input, struct scanned *out)
{
	char *text = arena_strdup(mem, input), *end;
	char *dot = strrchr(text, '.');

	*dot = '\0';
	const char *want = signature(mem, text);
	if (strlen(dot + 1) != strlen(want) || !bytes_equal(dot + 1, want, strlen(want)))
		return E_CODE_FORGED;
	out->order_id = strtoll(text + 4, &end, 10); /* ours: the signature says so */
	out->nonce = end + 1;
	return E_OK;
}

enum err checkin_read(struct arena *mem, const char *input, struct scanned *out)
{
	*out = (struct scanned){.method = "scan"};
	input = trimmed(mem, narrow(mem, input));
	if (strncmp(input, "ZX1.", 4) == 0)
		return read_qr(mem, input, out);
	const char *digits = digits_only(mem, input);
	size_t n = digits ? strlen(digits) : 0;
	if (n == SHORT_DIGITS)
		*out = (struct scanned){.method = "typed", .short_code = digits};
	else if (n >= ORDER_NO_MIN && n <= ORDER_NO_MAX)
		*out = (struct scanned){.method = "number", .order_no = digits};
	else
		return E_CODE_FORGED;
	return E_OK;
}

SQL(code_insert,
	"INSERT INTO checkin_code (order_id, short_code, nonce)"
	" SELECT o.id, $2, $3 FROM orders o WHERE o.id = $1 AND o.state = 'paid'"
	" ON CONFLICT (order_id) DO NOTHING");

/* A number that is taken already (one in 10^10 per code) comes back as a broken
 * rule; the message is delivered again and draws another. */
enum err checkin_code_make(struct tx *tx, int64_t order_id)
{
	char nonce[NONCE_CHARS + 1];
	unsigned char random[8];
	uint64_t number;

	random_text(nonce, NONCE_CHARS);
	random_bytes(random, sizeof(random));
	memcpy(&number, random, sizeof(number));
	const char *digits = arena_printf(tx->mem, "%010" PRIu64, number % 10000000000U);
	db_queue(tx, &code_insert, A(order_id), A(digits), A(arena_strdup(tx->mem, nonce)));
	return E_OK;
}

struct code_row {
	const char *state, *short_code, *nonce;
	bool used;
};
static const struct field code_row_fields[] = {
	FIELD(struct code_row, state),
	FIELD(struct code_row, short_code, .optional = true),
	FIELD(struct code_row, nonce, .optional = true),
	FIELD(struct code_row, used),
};
static const struct shape code_row_shape = SHAPE(struct code_row, code_row_fields);

SQL(code_of_order,
	"SELECT o.state, c.short_code, c.nonce,"
	" NOT EXISTS (SELECT 1 FROM order_item i WHERE i.order_id = o.id AND i.state = 'booked') AS used"
	" FROM orders o LEFT JOIN checkin_code c ON c.order_id = o.id"
	" WHERE o.id = $1 AND o.account_id = $2");

static const struct field code_fields[] = {
	FIELD(struct checkin_code, state),
	FIELD(struct checkin_code, short_code),
	FIELD(struct checkin_code, qr_text),
};
const struct shape checkin_code_shape = SHAPE(struct checkin_code, code_fields);

enum err checkin_code_load(
	struct tx *tx, int64_t order_id, int64_t account_id, struct checkin_code *out)
{
	struct code_row row;

	TRY(db_one(tx, &code_of_order, &code_row_shape, &row, A(order_id), A(account_id)));
	TRY(order_state_check_paid(row.state));
	if (!row.short_code)
		return E_CODE_NOT_READY;
	*out = (struct checkin_code){.state = row.used ? "used" : "active",
		.short_code = row.short_code,
		.qr_text = checkin_qr_text(tx->mem, order_id, row.nonce)};
	return E_OK;
}
