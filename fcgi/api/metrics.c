#include "api.h"
#include "base/time.h"
#include "net/shared.h"

#include <inttypes.h>
#include <string.h>

/* What the programs of this machine have counted, as Prometheus reads it (text format
 * 0.0.4). It lies in the files that the processes of each program share, so any worker
 * of this pool can tell all of it. Only upstreams that a program has ever asked. */

struct metric {
	const char *name, *type, *help;
};

/* clang-format off */
static const struct metric of_program[] = {
	{"zhixing_workers", "gauge", "Living processes"},
	{"zhixing_limit_refused_total", "counter", "Requests refused by a limit per caller"},
	{"zhixing_limit_alone_total", "counter", "Limits that a worker counted for itself, without Redis"},
	{"zhixing_request_seconds_total", "counter", "Time spent on requests"},
};
static const struct metric refunds_delayed = {"zhixing_refunds_delayed_total", "counter",
	"Refunds that didn't arrive in time or after many tries"};
static const struct metric requests = {
	"zhixing_requests_total", "counter", "Requests answered, by class of status"};
static const struct metric of_upstream[] = {
	{"zhixing_breaker_state", "gauge", "0 closed, 1 half-open, 2 open"},
	{"zhixing_breaker_opened_total", "counter", "How often it has opened"},
	{"zhixing_party_calls_total", "counter", "Calls made"},
	{"zhixing_party_errors_total", "counter", "Calls that failed"},
	{"zhixing_party_slow_total", "counter", "Calls that were slow"},
	{"zhixing_party_refused_total", "counter", "Calls not made: the breaker was open"},
	{"zhixing_party_full_total", "counter", "Calls not made: enough others were waiting"},
	{"zhixing_party_in_flight", "gauge", "Calls under way"},
};
/* clang-format on */
enum { OF_PROGRAM = COUNT_OF(of_program), OF_UPSTREAM = COUNT_OF(of_upstream) };
enum { WORKERS = 0, TIME = 3 }; /* places in of_program */

static int64_t counted(const shared_counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void values_of_program(const struct shared_view *v, int64_t out[OF_PROGRAM])
{
	const int64_t values[OF_PROGRAM] = {v->workers, counted(&v->all.limit_refused),
		counted(&v->all.limit_alone), counted(&v->all.request_us)};

	memcpy(out, values, sizeof(values));
}

static void values_of_upstream(const struct shared_upstream *p, int64_t out[OF_UPSTREAM])
{
	const struct breaker *b = &p->breaker;
	const int64_t values[OF_UPSTREAM] = {b->state, b->total.opened, b->total.calls,
		b->total.errors, b->total.slow, counted(&p->refused), counted(&p->full),
		breaker_in_flight(b)};

	memcpy(out, values, sizeof(values));
}

static void begin(struct buf *b, const struct metric *m)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
}

static void write_seconds(struct buf *b, int64_t us)
{
	int64_t whole = us / SECOND, rest = us % SECOND;

	buf_printf(b, "%" PRId64 ".%06" PRId64 "\n", whole, rest);
}

static void write_programs(struct buf *b, const struct shared_view *views, size_t n)
{
	int64_t values[OF_PROGRAM];

	for (size_t i = 0; i < OF_PROGRAM; i++) {
		begin(b, &of_program[i]);
		for (const struct shared_view *v = views; v < views + n; v++) {
			if (i > WORKERS && !v->all.pool)
				continue;
			values_of_program(v, values);
			buf_printf(b, "%s{pool=\"%s\"} ", of_program[i].name, v->program);
			if (i == TIME)
				write_seconds(b, values[i]);
			else
				buf_printf(b, "%" PRId64 "\n", values[i]);
		}
	}
}

static void write_requests(struct buf *b, const struct shared_view *views, size_t n)
{
	begin(b, &requests);
	for (const struct shared_view *v = views; v < views + n; v++)
		for (int i = 0; i < STATUS_CLASSES && v->all.pool; i++)
			buf_printf(b, "%s{pool=\"%s\",class=\"%dxx\"} %" PRId64 "\n",
				requests.name, v->program, i + 1, counted(&v->all.requests[i]));
}

/* Of programs that refund: any that has counted one, and the daemon before it does. */
static void write_refunds(struct buf *b, const struct shared_view *views, size_t n)
{
	begin(b, &refunds_delayed);
	for (const struct shared_view *v = views; v < views + n; v++)
		if (strcmp(v->program, "settle") == 0 || counted(&v->all.refunds_delayed))
			buf_printf(b, "%s{pool=\"%s\"} %" PRId64 "\n", refunds_delayed.name,
				v->program, counted(&v->all.refunds_delayed));
}

static void write_upstreams(struct buf *b, const struct shared_view *views, size_t n)
{
	int64_t values[OF_UPSTREAM];

	for (size_t i = 0; i < OF_UPSTREAM; i++) {
		begin(b, &of_upstream[i]);
		for (size_t at = 0; at < n * UPSTREAM_COUNT; at++) {
			const struct shared_view *v = &views[at / UPSTREAM_COUNT];
			const struct shared_upstream *p = &v->all.upstream[at % UPSTREAM_COUNT];

			if (p->breaker.tickets == 0)
				continue;
			values_of_upstream(p, values);
			buf_printf(b, "%s{pool=\"%s\",party=\"%s\"} %" PRId64 "\n",
				of_upstream[i].name, v->program,
				upstream_info[at % UPSTREAM_COUNT].name, values[i]);
		}
	}
}

static const struct metric request_times = {
	"zhixing_request_duration_seconds", "histogram", "Requests, by route"};
static const struct metric party_times = {"zhixing_party_duration_seconds", "histogram",
	"Calls to those we wait for, PostgreSQL and RabbitMQ among them"};

/* One histogram; `labels` are all of its labels but le, with a comma behind. */
static void write_times(
	struct buf *b, const char *name, const char *labels, const struct timing *t)
{
	int64_t n[TIMING_BUCKETS], all;

	timing_cumulate(t, n);
	all = n[TIMING_BUCKETS - 1];
	if (all == 0)
		return;
	for (int i = 0; i < TIMING_BUCKETS - 1; i++)
		buf_printf(b, "%s_bucket{%sle=\"%g\"} %" PRId64 "\n", name, labels,
			(double)timing_bound_us[i] / SECOND, n[i]);
	buf_printf(b, "%s_bucket{%sle=\"+Inf\"} %" PRId64 "\n", name, labels, all);
	buf_printf(b, "%s_sum{%.*s} ", name, (int)strlen(labels) - 1, labels);
	write_seconds(b, counted(&t->us));
	buf_printf(
		b, "%s_count{%.*s} %" PRId64 "\n", name, (int)strlen(labels) - 1, labels, all);
}

/* A name is a method, a blank and a path. */
static void write_routes(struct req *r, struct buf *b, const struct shared_view *v)
{
	for (size_t i = 0; i < ROUTES_MAX && *v->all.routes[i].name; i++) {
		const char *name = v->all.routes[i].name;
		int method = (int)strcspn(name, " ");

		write_times(b, request_times.name,
			arena_printf(r->mem, "pool=\"%s\",method=\"%.*s\",route=\"%s\",",
				v->program, method, name, name + method + 1),
			&v->all.routes[i].timing);
	}
}

static void write_parties(struct req *r, struct buf *b, const struct shared_view *v)
{
#define PARTY(name) arena_printf(r->mem, "pool=\"%s\",party=\"%s\",", v->program, name)
	for (int i = UPSTREAM_NONE + 1; i < UPSTREAM_COUNT; i++)
		write_times(b, party_times.name, PARTY(upstream_info[i].name),
			&v->all.upstream[i].timing);
	write_times(b, party_times.name, PARTY("postgresql"), &v->all.database);
	write_times(b, party_times.name, PARTY("rabbitmq"), &v->all.broker);
#undef PARTY
}

static enum err metrics(struct req *r)
{
	const struct shared_view *views;
	size_t n = shared_list(r->mem, &views);
	struct buf *b = reply_begin(r, 200);

	write_programs(b, views, n);
	write_requests(b, views, n);
	write_refunds(b, views, n);
	write_upstreams(b, views, n);
	begin(b, &request_times);
	for (size_t i = 0; i < n; i++)
		write_routes(r, b, &views[i]);
	begin(b, &party_times);
	for (size_t i = 0; i < n; i++)
		write_parties(r, b, &views[i]);
	r->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return reply_end(r);
}

const struct route metrics_routes[] = {
	{GET, "/metrics", GUEST, TX_NONE, metrics,
		.says = "Breakers, limits and requests, for Prometheus"},
	{0},
};
