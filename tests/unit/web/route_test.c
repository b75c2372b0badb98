/* Which route a request takes, and which tables a program refuses to start with. */
/* First: cmocka makes fail() a macro. */
#include "web/request.h"

#include "test.h"

#include <string.h>

static enum err nothing(struct req *r)
{
	(void)r;
	return E_OK;
}

/* clang-format off */
#define ROUTE(m, p) \
	{ .method = (m), .path = (p), .permission = USER, .fn = nothing, .says = "Does." }
static const struct route first[] = {
	ROUTE(GET, "/api/v1/orders"),
	ROUTE(POST, "/api/v1/orders"),
	ROUTE(GET, "/api/v1/orders/{order}"),
	ROUTE(POST, "/api/v1/orders/{order}/payments"),
	ROUTE(GET, "/api/v1/orders/{order}/checkin-code"),
	ROUTE(GET, "/api/v1/orders/{order}/checkin-code.png"),
	{ .path = NULL },
};
static const struct route none[] = { { .path = NULL } };
static const struct route second[] = {
	ROUTE(GET, "/pictures/{id}.png"),
	ROUTE(GET, "/pictures/{id}.svg"),
	ROUTE(DELETE, "/venues/{venue}/courts/{court}"),
	ROUTE(PUT, "/venues/{venue}/courts/{court}"),
	{ .path = NULL },
};
/* clang-format on */
static const struct route *const tables[] = {first, none, second, NULL};
static const struct web web = {.name = "test", .tables = tables};

static struct req request(enum method method, const char *path)
{
	return (struct req){.web = &web, .mem = mem, .method = method, .path = path};
}

/* clang-format off */
static const struct {
	const char *says, *path;
	enum method method;
	enum err err;
	const struct route *route;
	int64_t arg[ARG_COUNT];
} cases[] = {
	{ "a plain path", "/api/v1/orders", GET, E_OK, &first[0], { 0 } },
	{ "the same path, another method", "/api/v1/orders", POST, E_OK, &first[1], { 0 } },
	{ "a number", "/api/v1/orders/7", GET, E_OK, &first[2], { 7 } },
	{ "a number in the middle", "/api/v1/orders/7/payments", POST, E_OK, &first[3], { 7 } },
	{ "what follows decides",
	  "/api/v1/orders/7/checkin-code", GET, E_OK, &first[4], { 7 } },
	{ "to the last letter",
	  "/api/v1/orders/7/checkin-code.png", GET, E_OK, &first[5], { 7 } },
	{ "a point behind the number", "/pictures/12.svg", GET, E_OK, &second[1], { 12 } },
	{ "two numbers, behind an empty table",
	  "/venues/3/courts/45", PUT, E_OK, &second[3], { 3, 45 } },
	{ "fifteen digits",
	  "/api/v1/orders/999999999999999", GET, E_OK, &first[2], { 999999999999999 } },
	{ "sixteen digits", "/api/v1/orders/1000000000000000", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "more than 64 bits",
	  "/api/v1/orders/99999999999999999999", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "zero", "/api/v1/orders/0", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "a leading zero", "/api/v1/orders/07", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "a minus", "/api/v1/orders/-7", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "a plus", "/api/v1/orders/+7", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "an escape", "/api/v1/orders/%37", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "a word for the number", "/api/v1/orders/last", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "a letter behind the number", "/api/v1/orders/7a", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "hexadecimal", "/api/v1/orders/0x7", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "Arabic digits", "/api/v1/orders/٧", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "no number", "/api/v1/orders/", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "no number in the middle",
	  "/api/v1/orders//payments", POST, E_NOT_FOUND, NULL, { 0 } },
	{ "a slash behind", "/api/v1/orders/7/", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "a slash behind a plain path",
	  "/venues/3/courts/45/", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "two slashes", "/api/v1//orders", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "points", "/api/v1/../v1/orders", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "capitals", "/API/v1/orders", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "the beginning of a path", "/api/v1/order", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "more than a path", "/api/v1/ordersx", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "another ending", "/pictures/12.gif", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "no ending", "/pictures/12", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "no slash in front", "api/v1/orders", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "nothing", "", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "the pattern itself", "/api/v1/orders/{order}", GET, E_NOT_FOUND, NULL, { 0 } },
	{ "a method that the path lacks", "/api/v1/orders", DELETE, E_METHOD, NULL, { 0 } },
	{ "that another path has", "/api/v1/orders/7", PUT, E_METHOD, NULL, { 0 } },
	{ "a method of no name", "/api/v1/orders", 0, E_METHOD, NULL, { 0 } },
	{ "neither path nor method", "/nosuch", DELETE, E_NOT_FOUND, NULL, { 0 } },
};
/* clang-format on */

static void requests_find_their_route_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct req r = request(cases[i].method, cases[i].path);
		enum err err = route_find(&r);

		if (err != cases[i].err || r.route != cases[i].route)
			fail_msg("%s: %s", cases[i].says, err_info[err].code);
		for (size_t k = 0; cases[i].route && k < ARG_COUNT; k++)
			if (cases[i].arg[k] && r.arg[k] != cases[i].arg[k])
				fail_msg("%s: %lld", cases[i].says, (long long)r.arg[k]);
	}
}

static void a_refused_method_is_told_which_are_allowed(void **state)
{
	(void)state;
	struct req list = request(DELETE, "/api/v1/orders");
	assert_string_equal(routes_allowed(&list), "GET, HEAD, POST");
	struct req one = request(POST, "/api/v1/orders/7");
	assert_string_equal(routes_allowed(&one), "GET, HEAD");
	struct req court = request(GET, "/venues/3/courts/45");
	assert_string_equal(routes_allowed(&court), "DELETE, PUT");
	struct req nosuch = request(GET, "/nosuch");
	assert_string_equal(routes_allowed(&nosuch), "");
}

static void a_program_without_routes_finds_none(void **state)
{
	static const struct route *const nothing_at_all[] = {NULL};
	static const struct route *const empty[] = {none, none, NULL};
	struct web bare = {.name = "bare", .tables = nothing_at_all};
	struct req r = request(GET, "/");

	(void)state;
	r.web = &bare;
	assert_int_equal(route_find(&r), E_NOT_FOUND);
	assert_null(routes_fault(&bare));
	bare.tables = empty;
	assert_int_equal(route_find(&r), E_NOT_FOUND);
	assert_null(routes_fault(&bare));
}

/* clang-format off */
static const struct {
	const char *says, *why; /* NULL: it may start */
	struct route route;
} faults[] = {
	{ "a reading route for guests", NULL,
	  { .method = GET, .path = "/a", .permission = GUEST, .tx = TX_READ, .fn = nothing,
	  .says = "." } },
	{ "a writing route for users", NULL,
	  { .method = POST, .path = "/a", .permission = USER, .tx = TX_WRITE, .fn = nothing,
	  .says = "." } },
	{ "a writing route for everybody, said so", NULL,
	  { .method = POST, .path = "/a", .permission = PUBLIC, .tx = TX_WRITE, .fn = nothing,
	  .says = "." } },
	{ "no permission", "names no permission",
	  { .method = POST, .path = "/a", .tx = TX_WRITE, .fn = nothing, .says = "." } },
	{ "an empty permission", "names no permission",
	  { .method = GET, .path = "/a", .permission = "", .fn = nothing, .says = "." } },
	{ "a POST of guests", "writes for guests",
	  { .method = POST, .path = "/a", .permission = GUEST, .fn = nothing, .says = "." } },
	{ "a DELETE of guests", "writes for guests",
	  { .method = DELETE, .path = "/a", .permission = GUEST, .tx = TX_WRITE, .fn = nothing,
	  .says = "." } },
	{ "a GET that writes", "is a GET that writes",
	  { .method = GET, .path = "/a", .permission = USER, .tx = TX_WRITE, .fn = nothing,
	  .says = "." } },
	{ "a GET with an idempotency key", "is a GET that writes",
	  { .method = GET, .path = "/a", .permission = USER, .fn = nothing, .flags = IDEMPOTENT,
	  .says = "." } },
	{ "no handler", "lacks its handler or its sentence",
	  { .method = GET, .path = "/a", .permission = USER, .says = "." } },
	{ "no sentence", "lacks its handler or its sentence",
	  { .method = GET, .path = "/a", .permission = USER, .fn = nothing } },
};
/* clang-format on */

static void wrong_routes_are_refused_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct route table[] = {first[0], faults[i].route, {.path = NULL}};
		const struct route *const one[] = {none, table, NULL};
		struct web bad = {.name = "bad", .tables = one};
		const char *why = routes_fault(&bad);

		if (!why != !faults[i].why || (why && !strstr(why, faults[i].why)))
			fail_msg("%s: %s", faults[i].says, why ? why : "passed");
		if (why && !strstr(why, " /a "))
			fail_msg("%s: the path is not named in \"%s\"", faults[i].says, why);
	}
}

static const char *fault_of_two(struct route a, struct route b, bool apart)
{
	struct route together[] = {a, b, {.path = NULL}}, alone[] = {b, {.path = NULL}};
	const struct route *const one[] = {together, NULL};
	struct web w = {.name = "two", .tables = one};

	if (!apart)
		return routes_fault(&w);
	together[1].path = NULL;
	const struct route *const two[] = {together, none, alone, NULL};
	w.tables = two;
	return routes_fault(&w);
}

static void a_route_may_not_stand_twice(void **state)
{
	struct route get = ROUTE(GET, "/a/{b}"), post = ROUTE(POST, "/a/{b}");
	struct route other = ROUTE(GET, "/a/{b}/c");

	(void)state;
	assert_string_equal(fault_of_two(get, get, false), "route GET /a/{b} stands twice");
	assert_string_equal(fault_of_two(get, get, true), "route GET /a/{b} stands twice");
	assert_null(fault_of_two(get, post, false));
	assert_null(fault_of_two(get, post, true));
	assert_null(fault_of_two(get, other, true));
}

static void the_good_tables_are_accepted(void **state)
{
	(void)state;
	assert_null(routes_fault(&web));
}

/* The wire's codes are promises: one each, stable words, a fitting status. */
static void every_error_has_a_code_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(err_info[E_OK].http, 200);
	for (int a = 0; a < ERR_COUNT; a++) {
		const char *code = err_info[a].code;

		assert_true(
			strspn(code, "abcdefghijklmnopqrstuvwxyz_") == strlen(code) && *code);
		for (int b = 0; b < a; b++)
			if (strcmp(code, err_info[b].code) == 0)
				fail_msg("%s stands twice", code);
	}
}

static void every_error_is_a_4xx_or_5xx_with_a_chinese_sentence(void **state)
{
	(void)state;
	for (int e = E_OK + 1; e < ERR_COUNT; e++) {
		const struct err_info *info = &err_info[e];

		if (info->http < 400 || info->http > 599)
			fail_msg("%s: %d", info->code, info->http);
		if (!strpbrk(info->text, "\xe4\xe5\xe6\xe7\xe8\xe9")) /* U+4000 … U+9FFF */
			fail_msg("%s: \"%s\"", info->code, info->text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_find_their_route_by_the_table),
		cmocka_unit_test(a_refused_method_is_told_which_are_allowed),
		cmocka_unit_test(a_program_without_routes_finds_none),
		cmocka_unit_test(wrong_routes_are_refused_by_the_table),
		cmocka_unit_test(a_route_may_not_stand_twice),
		cmocka_unit_test(the_good_tables_are_accepted),
		cmocka_unit_test(every_error_has_a_code_of_its_own),
		cmocka_unit_test(every_error_is_a_4xx_or_5xx_with_a_chinese_sentence),
	};

	return RUN_TESTS(tests);
}
