#!/bin/bash
# All tests, or the named parts:
#   tests/run.sh [lint] [unit] [fuzz] [security] [sim] [store] [api] [race] [fault] [browser] [contract] [counterpart]
#     [chaos]   CHAOS_S: seconds of it, 25
# Every program under test is the build with address and undefined-behaviour
# sanitizers. Starts a private stack in a folder of its own and ends it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

all="lint unit fuzz security sim store api race fault browser contract counterpart chaos"
parts=${*:-$all}
for part in $parts; do
	[[ " $all " == *" $part "* ]] || { echo "no part $part; there are: $all" >&2; exit 2; }
done
build=${ZX_TEST_BUILD:-build/san} # in a folder of this name all is built with sanitizers
work=$(mktemp -d /tmp/zx-test.XXXXXX)
chmod 755 "$work"
run=$work/run
passed=0 failed=0 bad=()
py="/usr/bin/python3"
export ASAN_OPTIONS=abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1
unset MAKEFLAGS MFLAGS MAKELEVEL ZX_DB ZX_REDIS CURL_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_FILE

finish() {
	local code=$?
	trap - EXIT
	[ -d "$run" ] && "$py" tests/stack/stack.py down --run "$run" >/dev/null 2>&1
	[ "$code" = 0 ] && rm -rf "$work"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say() { printf '\n== %s  (%d s)\n' "$*" "$SECONDS"; }
wanted() { [[ " $parts " == *" $1 "* ]]; }

# Adds up what the closing lines of pytest and cmocka say.
count() {
	local log=$1 closing n
	closing=$(grep -E ' in [0-9.]+s( \(|$| =)' "$log")
	n=$(grep -oE '[0-9]+ passed' <<<"$closing" | awk '{s+=$1} END{print s+0}')
	passed=$((passed + n))
	n=$(grep -oE '[0-9]+ (failed|errors?)' <<<"$closing" | awk '{s+=$1} END{print s+0}')
	failed=$((failed + n))
	n=$(grep -oE '^\[  PASSED  \] [0-9]+' "$log" | awk '{s+=$4} END{print s+0}')
	passed=$((passed + n))
	n=$(grep -oE '^\[  FAILED  \] [0-9]+' "$log" | awk '{s+=$4} END{print s+0}')
	failed=$((failed + n))
}

# part NAME COMMAND…: its output shown and counted; a failure is remembered.
part() {
	local name=$1 log=$work/${1// /-}.log code began=$SECONDS was=$passed
	shift
	say "$name"
	"$@" >"$log" 2>&1
	code=$?
	count "$log"
	if [ "$code" = 0 ]; then
		echo "$((passed - was)) passed in $((SECONDS - began)) s"
	else
		cat "$log"
		bad+=("$name")
	fi
}

# A program works out dates more than once: no midnight of China may fall in between.
wait_out_midnight() {
	local left=$((86400 - ($(date +%s) + 8 * 3600) % 86400))
	[ "$left" -gt 60 ] || sleep "$((left + 1))"
}

c_tests() {
	local code=0 t
	for t; do
		wait_out_midnight
		echo "-- $t"
		timeout 600 "$build/${t%.c}" 2>&1 || { echo "exit code $?"; code=1; }
	done
	return $code
}

# The inputs that make fuzz has found worth keeping, each once.
replays() {
	local code=0 t
	for t in tests/fuzz/*_fuzz.c; do
		t=$(basename "$t" _fuzz.c)
		timeout 600 "$build/fuzz/${t}_fuzz" "tests/fuzz/corpus/$t" 2>&1 || { echo "exit code $?"; code=1; }
	done
	return $code
}

pytests() { timeout "${limit_s:-2400}" "$py" -m pytest -q -p no:cacheprovider --tb=short "$@"; }

store_tests() {
	local code=0
	c_tests tests/store/*_test.c || code=1
	pytests tests/store || code=1
	return $code
}

# A sanitizer's word in any log fails the run; what leaks is told when a program ends.
no_reports() {
	stack down
	! grep -E 'Sanitizer|runtime error:' "$run"/log/*.log
}

stack() { "$py" tests/stack/stack.py "$@" --run "$run"; }

# Time passes only where a test says so: nothing expires and no payment is asked
# about by itself while others are looked at. Whoever asks often is meant to, and
# parties fail because a test wants it: what defends us is tried where it is tested.
stack_up() {
	stack up --build "$build" --port-base "${ZX_TEST_PORT_BASE:-23000}" \
		--set rate_api=1000000 --set rate_login=1000000 --set connections=10000 \
		--set ZX_LOGIN_PER_MINUTE=100000 --set ZX_TOKEN_TTL_S=3600 \
		--set ZX_READS_PER_MINUTE=1000000 --set ZX_WRITES_PER_MINUTE=1000000 \
		--set ZX_PHONE_SEARCHES_PER_MINUTE=1000000 --set ZX_BREAKERS=off \
		--set ZX_ORDER_TTL_S=7200 --set ZX_ASK_FIRST_S=3600 --set ZX_REFUND_GAP_S=0 "$@"
}

# These tests pull the plug, so PostgreSQL has to write down what it promises.
fault_tests() { stack_up --durable --set ZX_BREAKERS=on && pytests tests/fault; }

# Packages of others play WeChat Pay and Alipay. They would know nothing of what
# other tests have begun to pay, so this stack is a new one.
counterpart_tests() {
	local here=tests/counterpart
	if ! cmp -s "$here/package-lock.json" "$here/node_modules/.installed"; then
		npm ci --prefix "$here" || npm ci --prefix "$here" || return 1
		cp "$here/package-lock.json" "$here/node_modules/.installed"
	fi
	stack_up --fast && ZX_TEST_RUN=$run pytests "$here"
}

# Everything is killed at random, and the clocks are short.
chaos_tests() {
	stack_up --durable --daemons 2 --set ZX_BREAKERS=on --set ZX_ORDER_TTL_S=60 --set ZX_ASK_FIRST_S=3 \
		--set ZX_REFUND_GAP_S=1 &&
		ZX_TEST_RUN=$run limit_s=7200 pytests tests/chaos
}

start_stack() {
	stack_up --fast || exit 1
	export ZX_TEST_RUN=$run
	ZX_TEST_URL=$(sed -n 's/^ZX_ISSUER=//p' "$run/zx.env")
	export ZX_TEST_URL ZX_BUILD=$build
	export ZX_REDIS=$run/redis/redis.sock
	export ZX_DB="host=$run/pg/sock user=zx dbname=zx_store"
	export ZX_DB_OWNER="host=$run/pg/sock user=zx_owner dbname=zx_store"
	eval "export $(grep ^ZX_MQ_ "$run/zx.env" | tr '\n' ' ')"
	export ZX_DB_ADMIN="host=$run/pg/sock user=postgres dbname=postgres"
}

# Store tests have a database to themselves: no relay or worker looks at it.
store_database() {
	local hash
	psql -q "$ZX_DB_ADMIN" -c 'CREATE DATABASE zx_store OWNER zx_owner' || exit 1
	ZX_DB=$ZX_DB_OWNER "$build/bin/migrate" migrations || exit 1
	hash=$(echo secret | "$build/bin/hashpw")
	psql -q "$ZX_DB_OWNER" -v "staff_hash=$hash" -f tests/demo/demo.sql || exit 1
}

tests/stack/install.sh build run test || exit 1
wanted lint && tests/stack/install.sh lint
if wanted counterpart; then tests/stack/install.sh counterpart || exit 1; fi
say "build with sanitizers"
make --no-print-directory -j"$(nproc)" SAN=1 BUILD="$build" programs tests \
	>"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }

wanted lint && part lint make --no-print-directory layers format
wanted unit && part unit c_tests tests/unit/*/*_test.c
wanted fuzz && part fuzz replays
wanted security && part security pytests tests/security
wanted sim && part sim pytests tests/sim
if [[ " $parts " =~ \ (store|api|race|fault|browser|contract)\  ]]; then
	say "start the servers"
	start_stack
	if wanted store; then
		store_database
		part store store_tests
	fi
	wanted api && part api pytests tests/api
	wanted race && part race pytests tests/race
	wanted fault && part fault fault_tests
	wanted browser && part browser pytests tests/browser
	wanted contract && part contract pytests tests/contract
	part "sanitizer reports" no_reports
fi
if wanted counterpart; then
	run=$work/counterpart
	part counterpart counterpart_tests
	part "sanitizer reports of the counterpart's stack" no_reports
fi
if wanted chaos; then
	run=$work/chaos
	part chaos chaos_tests
	[ -f "$run/story" ] && cat "$run/story"
	part "sanitizer reports of the chaos" no_reports
fi
say "end"
if [ ${#bad[@]} != 0 ]; then
	echo "failing: ${bad[*]}; logs are kept in $work"
	failed=$((failed > 0 ? failed : 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
