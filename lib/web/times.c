#include "web/times.h"

#include "base/log.h"
#include "net/shared.h"
#include "web/request.h"

#include <stdio.h>

/* Where each route of the pool is counted; the last is for what fits none. */
static struct {
	const struct route *route;
	struct timing *timing;
} places[ROUTES_MAX];
static size_t place_count;

static void add(const struct route *route, const char *name)
{
	struct timing *timing = shared_route(shared(), name);

	if (!timing || place_count == ROUTES_MAX) {
		log_error("times", "%s is not timed", name);
		return;
	}
	places[place_count].route = route;
	places[place_count++].timing = timing;
}

void times_begin(const struct web *web)
{
	const struct route *const *table = web->tables;
	char name[ROUTE_NAME];

	for (const struct route *r = route_next(&table, NULL); r; r = route_next(&table, r)) {
		snprintf(name, sizeof(name), "%s %s", method_name(r->method), r->path);
		add(r, name);
	}
	add(NULL, "- none");
}

void times_count(const struct route *route, int64_t us)
{
	for (size_t i = 0; i < place_count; i++)
		if (places[i].route == route) {
			timing_count(places[i].timing, us);
			return;
		}
}
