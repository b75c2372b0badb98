/* Refresh tokens: what is read is what would be written. */
#include "fuzz.h"

#include "base/settings.h"
#include "login/refresh.h"

#include <endian.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char path[] = "/tmp/refresh_fuzz_XXXXXX";
	int fd = mkstemp(path);

	(void)argc;
	(void)argv;
	CLAIM(fd >= 0 && write(fd, "0123456789abcdef0123456789abcdef", 32) == 32);
	close(fd);
	settings.refresh_key_file = path;
	refresh_init();
	unlink(path);
	return 0;
}

static const char *token_of(const struct refresh_parts *p)
{
	unsigned char raw[16 + SHA256_BYTES];
	uint64_t id = htobe64((uint64_t)p->session_id);
	uint64_t generation = htobe64((uint64_t)p->generation);

	memcpy(raw, &id, 8);
	memcpy(raw + 8, &generation, 8);
	memcpy(raw + 16, p->mac, SHA256_BYTES);
	return arena_printf(
		mem, "zxr_%s", base64url_write(mem, (struct bytes){raw, sizeof(raw)}));
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct refresh_parts parts, again;

	begin();
	const char *token = text_of(at, n);
	if (!refresh_read(mem, token, &parts))
		return 0;
	CLAIM(parts.session_id > 0 && parts.session_id <= ID_MAX);
	CLAIM(parts.generation > 0 && parts.generation <= ID_MAX);
	CLAIM(strcmp(token_of(&parts), token) == 0);
	/* The same numbers under our key have another MAC. */
	token = refresh_write(mem, parts.session_id, parts.generation, "salt");
	CLAIM(refresh_read(mem, token, &again) && again.session_id == parts.session_id);
	CLAIM(again.generation == parts.generation);
	return 0;
}
