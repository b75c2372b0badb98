#include "web/method.h"

#include "base/err.h"

#include <string.h>

static const char *const names[] = {"",
#define X(id) #id,
	METHOD_TABLE(X)
#undef X
};

const char *method_name(enum method method)
{
	return names[method];
}

enum method method_find(const char *name)
{
	if (name && strcmp(name, "HEAD") == 0)
		return GET;
	for (size_t i = GET; name && i < COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum method)i;
	return METHOD_NONE;
}
