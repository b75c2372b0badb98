#ifndef STAFF_FRAME_H
#define STAFF_FRAME_H

#include "base/json.h"
#include "hours/outside.h"
#include "setup/edit.h"
#include "staff.h"

/* For the routes that change a venue's frame. */

enum { FRAME_PAGE = 50 };

/* The error's own words go with it; our own trouble, and the other desk's save,
 * are no field's fault. */
static inline enum err told(struct req *r, enum err err, const struct refusal *why)
{
	if (err == E_VERSION_CHANGED || err_info[err].http >= 500)
		return err;
	r->field = why->field;
	r->detail = why->detail;
	return err;
}

/* A document with what its change has left outside of the opening hours:
 * {<name>: …, "outside": […]}. */
static inline enum err reply_outside(struct req *r, int64_t version, const struct list *outside)
{
	r->version = version;
	json_list(&r->out, "outside", &outside_shape, outside);
	json_close(&r->out, '}');
	return reply_end(r);
}

#endif
