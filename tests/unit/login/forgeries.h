/* Tokens that somebody might send us. For H and P see below: the header and the
 * payload of a good one. */
#include "base/err.h"

enum signer { BY_A, BY_B, BY_C, BY_STRANGER, HS256_PEM, HS256_POINT, DER, ZEROS, EMPTY };

#define H "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"a\"}"
#define H_ALG(alg) "{\"alg\":" alg ",\"typ\":\"JWT\",\"kid\":\"a\"}"
#define H_KID(kid) "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":" kid "}"
#define H_TYP(typ) "{\"alg\":\"ES256\",\"typ\":" typ ",\"kid\":\"a\"}"
#define H_AND(more) "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"a\"," more "}"
#define ISS "\"iss\":\"https://play.example.com\""
#define WHO "\"sub\":\"7\",\"sid\":\"9\""
#define WHEN "\"iat\":@n,\"exp\":@e"
#define P "{" ISS ",\"aud\":\"zhixing\"," WHO "," WHEN "}"
#define P_ISS(iss) "{" iss "\"aud\":\"zhixing\"," WHO "," WHEN "}"
#define P_AUD(aud) "{" ISS "," aud WHO "," WHEN "}"
#define P_WHO(who) "{" ISS ",\"aud\":\"zhixing\"," who WHEN "}"
#define P_WHEN(when) "{" ISS ",\"aud\":\"zhixing\"," WHO when "}"

enum { YES = E_OK, NO = E_TOKEN_INVALID, OVER = E_TOKEN_EXPIRED };

struct forgery {
	const char *says, *header, *payload;
	enum signer by;
	int want;
};

/* clang-format off */
static const struct forgery headers[] = {
	{"nothing wrong", H, P, BY_A, YES},
	{"another of our keys", H_KID("\"b\""), P, BY_B, YES},
	{"a key of which we have the public half", H_KID("\"c\""), P, BY_C, YES},
	{"members in another order",
		"{\"kid\":\"a\",\"typ\":\"JWT\",\"alg\":\"ES256\"}", P, BY_A, YES},
	{"a stranger's signature", H, P, BY_STRANGER, NO},
	{"b's signature under a's name", H, P, BY_B, NO},
	{"a's signature under b's name", H_KID("\"b\""), P, BY_A, NO},
	{"no signature", H, P, EMPTY, NO},
	{"r and s zero", H, P, ZEROS, NO},
	{"a DER signature", H, P, DER, NO},
	{"none, unsigned", H_ALG("\"none\""), P, EMPTY, NO},
	{"none, signed", H_ALG("\"none\""), P, BY_A, NO},
	{"None", H_ALG("\"None\""), P, EMPTY, NO},
	{"NONE", H_ALG("\"NONE\""), P, EMPTY, NO},
	{"HS256 with our public PEM as the secret", H_ALG("\"HS256\""), P, HS256_PEM, NO},
	{"the same, called ES256", H, P, HS256_PEM, NO},
	{"HS256 with our public point as the secret", H_ALG("\"HS256\""), P, HS256_POINT, NO},
	{"es256", H_ALG("\"es256\""), P, BY_A, NO},
	{"Es256", H_ALG("\"Es256\""), P, BY_A, NO},
	{"a blank behind the algorithm", H_ALG("\"ES256 \""), P, BY_A, NO},
	{"ES384", H_ALG("\"ES384\""), P, BY_A, NO},
	{"ES256K", H_ALG("\"ES256K\""), P, BY_A, NO},
	{"RS256", H_ALG("\"RS256\""), P, BY_A, NO},
	{"two algorithms in one", H_ALG("\"ES256|none\""), P, BY_A, NO},
	{"an empty algorithm", H_ALG("\"\""), P, BY_A, NO},
	{"an algorithm of null", H_ALG("null"), P, BY_A, NO},
	{"a list of algorithms", H_ALG("[\"ES256\"]"), P, BY_A, NO},
	{"no algorithm", "{\"typ\":\"JWT\",\"kid\":\"a\"}", P, BY_A, NO},
	{"a name twice, the good one first", H_AND("\"alg\":\"none\""), P, BY_A, NO},
	{"a name twice, the good one last",
		"{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"a\"}",
		P, BY_A, NO},
	{"a name twice, once escaped", H_AND("\"\\u0061lg\":\"none\""), P, BY_A, NO},
	{"a name in other case", H_AND("\"ALG\":\"none\""), P, BY_A, NO},
	{"an unknown kid", H_KID("\"z\""), P, BY_A, NO},
	{"a kid in other case", H_KID("\"A\""), P, BY_A, NO},
	{"a kid that is a path", H_KID("\"../a\""), P, BY_A, NO},
	{"a kid that is a file", H_KID("\"a.pem\""), P, BY_A, NO},
	{"a kid for a database", H_KID("\"a' OR '1'='1\""), P, BY_A, NO},
	{"an empty kid", H_KID("\"\""), P, BY_A, NO},
	{"a number for kid", H_KID("0"), P, BY_A, NO},
	{"no kid", "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", P, BY_A, NO},
	{"jwt", H_TYP("\"jwt\""), P, BY_A, NO},
	{"at+jwt", H_TYP("\"at+jwt\""), P, BY_A, NO},
	{"no typ", "{\"alg\":\"ES256\",\"kid\":\"a\"}", P, BY_A, NO},
	{"a key brought along", H_AND("\"jwk\":{\"kty\":\"EC\"}"), P, BY_STRANGER, NO},
	{"an address for the key",
		H_AND("\"jku\":\"https://evil.example.com\""), P, BY_STRANGER, NO},
	{"critical extensions", H_AND("\"crit\":[\"b64\"],\"b64\":false"), P, BY_A, NO},
	{"an unknown header", H_AND("\"cty\":\"JWT\""), P, BY_A, NO},
	{"a header that is a list", "[\"ES256\"]", P, BY_A, NO},
	{"a header that is no JSON", "ES256", P, BY_A, NO},
	{"something behind the header", H "x", P, BY_A, NO},
	{"a byte order mark", "\xef\xbb\xbf" H, P, BY_A, NO},
	{"bad UTF-8", H_KID("\"a\xff\""), P, BY_A, NO},
	{"a zero in the kid", H_KID("\"a\\u0000\""), P, BY_A, NO},
};

static const struct forgery payloads[] = {
	{"another issuer", H, P_ISS("\"iss\":\"https://evil.example.com\","), BY_A, NO},
	{"an issuer that begins like us",
		H, P_ISS("\"iss\":\"https://play.example.com/x\","), BY_A, NO},
	{"no issuer", H, P_ISS(""), BY_A, NO},
	{"another audience", H, P_AUD("\"aud\":\"other\","), BY_A, NO},
	{"a list of audiences", H, P_AUD("\"aud\":[\"zhixing\"],"), BY_A, NO},
	{"no audience", H, P_AUD(""), BY_A, NO},
	{"an unknown claim", H, P_AUD("\"aud\":\"zhixing\",\"acr\":\"1\","), BY_A, YES},
	{"nobody", H, P_WHO("\"sid\":\"9\","), BY_A, NO},
	{"nobody's session", H, P_WHO("\"sub\":\"7\","), BY_A, NO},
	{"account 0", H, P_WHO("\"sub\":\"0\",\"sid\":\"9\","), BY_A, NO},
	{"account -1", H, P_WHO("\"sub\":\"-1\",\"sid\":\"9\","), BY_A, NO},
	{"account 07", H, P_WHO("\"sub\":\"07\",\"sid\":\"9\","), BY_A, NO},
	{"account 7a", H, P_WHO("\"sub\":\"7a\",\"sid\":\"9\","), BY_A, NO},
	{"account +7", H, P_WHO("\"sub\":\"+7\",\"sid\":\"9\","), BY_A, NO},
	{"account 2^53", H, P_WHO("\"sub\":\"9007199254740992\",\"sid\":\"9\","), BY_A, NO},
	{"an account of 20 digits",
		H, P_WHO("\"sub\":\"18446744073709551623\",\"sid\":\"9\","), BY_A, NO},
	{"a number for account", H, P_WHO("\"sub\":7,\"sid\":\"9\","), BY_A, NO},
	{"two accounts", H, P_WHO("\"sub\":\"7\",\"sub\":\"8\",\"sid\":\"9\","), BY_A, NO},
	{"over", H, P_WHEN(",\"iat\":1,\"exp\":@p"), BY_A, OVER},
	{"over this very second", H, P_WHEN(",\"iat\":@p,\"exp\":@n"), BY_A, OVER},
	{"over and forged", H, P_WHEN(",\"iat\":1,\"exp\":@p"), BY_STRANGER, NO},
	{"endless", H, P_WHEN(",\"iat\":@n"), BY_A, NO},
	{"ends beyond all time", H, P_WHEN(",\"iat\":@n,\"exp\":99999999999999"), BY_A, NO},
	{"ends at 1e999", H, P_WHEN(",\"iat\":@n,\"exp\":1e999"), BY_A, NO},
	{"ends before it began", H, P_WHEN(",\"iat\":@s,\"exp\":@n"), BY_A, NO},
	{"ends on a half second", H, P_WHEN(",\"iat\":@n,\"exp\":@e.5"), BY_A, NO},
	{"ends in a text", H, P_WHEN(",\"iat\":@n,\"exp\":\"@e\""), BY_A, NO},
	{"without a beginning", H, P_WHEN(",\"exp\":@e"), BY_A, NO},
	{"made in 20 seconds", H, P_WHEN(",\"iat\":@s,\"exp\":@e"), BY_A, YES},
	{"made in a minute", H, P_WHEN(",\"iat\":@f,\"exp\":@e"), BY_A, NO},
	{"good in 20 seconds", H, P_WHEN("," WHEN ",\"nbf\":@s"), BY_A, YES},
	{"good in a minute", H, P_WHEN("," WHEN ",\"nbf\":@f"), BY_A, NO},
	{"a scope", H, P_WHEN("," WHEN ",\"scope\":\"user\""), BY_A, YES},
	{"a scope of 64 bytes",
		H, P_WHEN("," WHEN ",\"scope\":\"0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef\""),
		BY_A, NO},
	{"a scope of 22 characters, 66 bytes",
		H, P_WHEN("," WHEN ",\"scope\":\"一二三四五六七八九十一二三四五六七八九十一二\""), BY_A, NO},
	{"a payload that is a list", H, "[]", BY_A, NO},
	{"a payload that is no JSON", H, "sub=7", BY_A, NO},
	{"something behind the payload", H, P "{}", BY_A, NO},
};
/* clang-format on */
