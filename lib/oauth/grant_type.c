#include "oauth/grant_type.h"

#include "login/sms.h"
#include "wechat/web.h"

#include <string.h>

static bool always(void)
{
	return true;
}

const struct grant_type grant_types[GRANT_COUNT] = {
#define X(id, name, pool, on) [GRANT_##id] = {name, pool, on},
	GRANT_TYPE_TABLE(X)
#undef X
};

enum grant_id grant_named(const char *name)
{
	for (int i = GRANT_NONE + 1; i < GRANT_COUNT; i++)
		if (strcmp(name, grant_types[i].name) == 0)
			return (enum grant_id)i;
	return GRANT_NONE;
}

enum grant_id grant_find(const char *name)
{
	enum grant_id grant = grant_named(name);

	return grant && grant_types[grant].on() ? grant : GRANT_NONE;
}
