#include "staff.h"

static const struct field reason_in_fields[] = {
	FIELD(struct reason_in, reason, .plain = PLAIN_LINE, .min = 1, .max = NOTE_LENGTH),
};
const struct shape reason_in_shape = SHAPE(struct reason_in, reason_in_fields);

static const struct field note_in_fields[] = {
	FIELD(struct note_in, note, .plain = PLAIN_LINES, .min = 1, .max = NOTE_LENGTH),
};
const struct shape note_in_shape = SHAPE(struct note_in, note_in_fields);
