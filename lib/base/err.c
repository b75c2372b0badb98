#include "base/err.h"

const struct err_info err_info[ERR_COUNT] = {
#define X(id, http, code, text) [E_##id] = {http, code, text},
	ERR_TABLE(X)
#undef X
};
