#!/bin/bash
# All tests, or the named parts of the table below:
#   tests/run.sh [PART…]
# ZX_TEST_LANES   how many parts run side by side: one more than there are processors
# CHAOS_S         seconds of chaos: 25
# INTERLEAVE      all: every interleaving, and not only some of each pair
# Every program under test is the build with address and undefined-behaviour sanitizers. A part
# that needs servers has a private stack of them, in a folder of its own.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

# A part, the kind of its stack, whether others may run beside it, and what it calls. Most wait for
# servers more than they compute; after the quick ones, the longest begin first. What kills
# servers or measures them runs alone.
table='
lint         -        beside  make --no-print-directory layers format
security     -        beside  pytests tests/security
fuzz         -        beside  replays
stack        -        beside  pytests tests/stack
api          calm     beside  pytests tests/api
contract     calm     beside  pytests tests/contract
browser      calm     beside  pytests tests/browser
store        calm     beside  store_tests
unit         -        beside  unit_tests
interleave   calm     beside  interleave_tests
counterpart  calm     beside  counterpart_tests
sim          -        beside  pytests tests/sim
race         calm     alone   pytests tests/race
fault        durable  alone   pytests tests/fault
chaos        chaos    alone   chaos_tests
'
all=$(awk '{print $1}' <<<"$table" | xargs)
parts=${*:-$all}
for part in $parts; do
	[[ " $all " == *" $part "* ]] || { echo "no part $part; there are: $all" >&2; exit 2; }
done
build=${ZX_TEST_BUILD:-build/san} # in a folder of this name all is built with sanitizers
work=$(mktemp -d /tmp/zx-test.XXXXXX)
chmod 755 "$work"
touch "$work/results"
py="/usr/bin/python3"
lanes=() # process groups
export ASAN_OPTIONS=abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1
unset MAKEFLAGS MFLAGS MAKELEVEL ZX_DB ZX_REDIS CURL_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_FILE

finish() {
	local code=$? run
	trap - EXIT
	end_lanes
	for run in "$work"/stack-*; do
		[ -d "$run" ] && stack down >/dev/null 2>&1
	done
	[ "$code" = 0 ] && rm -rf "$work"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# With all that they have started, what a part has forgotten to end included.
end_lanes() {
	local lane
	for lane in "${lanes[@]}"; do
		kill -TERM -- "-$lane" 2>/dev/null && timeout 3 tail --pid="$lane" -f /dev/null
		kill -KILL -- "-$lane" 2>/dev/null
	done
	lanes=()
}

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }
wanted() { [[ " $parts " == *" $1 "* ]]; }
# Lanes share the queue and the terminal.
locked() { (flock 9 && "$@") 9>"$work/lock"; }
stack() { "$py" tests/stack/stack.py "$@" --run "$run"; }

# ---- What parts call

# A program works out dates more than once: no midnight of China may fall in between.
wait_out_midnight() {
	local left=$((86400 - ($(date +%s) + 8 * 3600) % 86400))
	[ "$left" -gt 60 ] || sleep "$((left + 1))"
}

# In the foreground: whoever ends a lane ends its tests.
limited() { timeout --foreground "$@"; }

# How long it took is told as pytest does.
c_test() { # SOURCE
	local code=0 began
	wait_out_midnight
	echo "-- $1"
	began=$(date +%s.%N)
	limited 600 "$build/${1%.c}" 2>&1 || { echo "exit code $?"; code=1; }
	awk -v now="$(date +%s.%N)" '{printf "%.2fs call     %s\n", now - $1, $2}' <<<"$began $1"
	return "$code"
}

unit_tests() {
	local code=0 t
	for t in tests/unit/*/*_test.c; do
		c_test "$t" || code=1
	done
	return "$code"
}

# The inputs that make fuzz has found worth keeping, each once.
replays() {
	local code=0 t
	for t in tests/fuzz/*_fuzz.c; do
		t=$(basename "$t" _fuzz.c)
		limited 600 "$build/fuzz/${t}_fuzz" "tests/fuzz/corpus/$t" 2>&1 || { echo "exit code $?"; code=1; }
	done
	return $code
}

pytests() {
	limited "${limit_s:-2400}" "$py" -m pytest -q -p no:cacheprovider --tb=short \
		--durations=5 --durations-min=1 "$@"
}

# Each program has a database to itself: no relay or worker looks at it, and no other test.
store_tests() (
	export ZX_REDIS=$run/redis/redis.sock
	export ZX_DB="host=$run/pg/sock user=zx dbname=zx_store"
	export ZX_DB_OWNER="host=$run/pg/sock user=zx_owner dbname=zx_store"
	eval "export $(grep ^ZX_MQ_ "$run/zx.env" | tr '\n' ' ')"
	export ZX_DB_ADMIN="host=$run/pg/sock user=postgres dbname=postgres"
	migrated="host=$run/pg/sock user=zx_owner dbname=zx_migrated"
	psql -q "$ZX_DB_ADMIN" -c 'CREATE DATABASE zx_migrated OWNER zx_owner' || exit 1
	ZX_DB=$migrated "$build/bin/migrate" migrations || exit 1
	hash=$(echo secret | "$build/bin/hashpw")
	psql -q "$migrated" -v "staff_hash=$hash" -f tests/demo/demo.sql || exit 1
	code=0
	for t in tests/store/*_test.c; do
		{ fresh_database && c_test "$t"; } || code=1
	done
	{ fresh_database && pytests tests/store; } || code=1
	exit "$code"
)

fresh_database() {
	psql -q "host=$run/pg/sock user=postgres dbname=postgres" -c "SET client_min_messages = error" \
		-c 'DROP DATABASE IF EXISTS zx_store WITH (FORCE)' \
		-c 'CREATE DATABASE zx_store OWNER zx_owner TEMPLATE zx_migrated'
}

counterpart_tests() {
	local here=tests/counterpart
	if ! cmp -s "$here/package-lock.json" "$here/node_modules/.installed"; then
		npm ci --prefix "$here" || npm ci --prefix "$here" || return 1
		cp "$here/package-lock.json" "$here/node_modules/.installed"
	fi
	pytests "$here"
}

# The limits, and not a clock, decide how much it does; all of it: make interleave.
interleave_tests() { limited 14400 tests/interleave/run.sh; }

chaos_tests() { limit_s=7200 pytests tests/chaos; }

# ---- Stacks

# Time passes only where a test says so: nothing expires and no payment is asked
# about by itself while others are looked at. Whoever asks often is meant to, and
# upstreams fail because a test wants it: what defends us is tried where it is tested.
stack_up() { # KIND
	local more=()
	case $1 in
	calm) more=(--fast) ;;
	# These tests pull the plug, so PostgreSQL has to write down what it promises.
	durable) more=(--durable --set ZX_BREAKERS=on) ;;
	# Everything is killed at random, and the clocks are short.
	chaos) more=(--durable --daemons 2 --set ZX_BREAKERS=on --set ZX_ORDER_TTL_S=60
		--set ZX_ASK_FIRST_S=3 --set ZX_REFUND_GAP_S=1 --set ZX_REFUND_TRIES=2) ;;
	esac
	stack up --build "$build" --port-base "$((${ZX_TEST_PORT_BASE:-23000} + 100 * lane))" \
		--set rate_api=1000000 --set rate_login=1000000 --set connections=10000 \
		--set ZX_LOGIN_PER_MINUTE=100000 --set ZX_TOKEN_TTL_S=3600 \
		--set ZX_READS_PER_MINUTE=1000000 --set ZX_WRITES_PER_MINUTE=1000000 \
		--set ZX_PHONE_SEARCHES_PER_MINUTE=1000000 --set ZX_PHONE_SEARCHES_PER_DAY=1000000 \
		--set ZX_BREAKERS=off \
		--set ZX_HOLDS_AT_ONCE=1000000 --set ZX_HOLDS_ENDED_PER_DAY=1000000 \
		--set ZX_ORDER_TTL_S=7200 --set ZX_ASK_FIRST_S=3600 --set ZX_REFUND_GAP_S=0 "${more[@]}"
}

# A sanitizer's word in any log is a failure; what leaks is told when a program ends.
on_stack() { # KIND CALL…
	local code=1
	if stack_up "$1"; then
		export ZX_TEST_RUN=$run ZX_BUILD=$build
		ZX_TEST_URL=$(sed -n 's/^ZX_ISSUER=//p' "$run/zx.env")
		export ZX_TEST_URL
		"${@:2}"
		code=$?
	fi
	stack down
	grep -E 'Sanitizer|runtime error:' "$run"/log/*.log && code=1
	return "$code"
}

# ---- Lanes

# Adds up what the closing lines of pytest and cmocka say: passed, failed.
count() {
	awk '/^\[  PASSED  \] [0-9]/ { passed += $4 }
		/^\[  FAILED  \] [0-9]/ { failed += $4 }
		/^\[  FAILED  \] GROUP/ { failed++ }
		/ in [0-9.]+s( \(|$| =)/ { for (i = 2; i <= NF; i++) {
			if ($i ~ /^passed/) passed += $(i - 1)
			if ($i ~ /^(failed|errors?)/) failed += $(i - 1) } }
		END { print passed + 0, failed + 0 }' "$1"
}

# The output is shown if it fails; results: seconds, name, exit code, passed, failed.
run_part() { # NAME KIND CALL…
	local name=$1 kind=$2 run=$work/stack-$1 log=$work/$1.log began=$SECONDS code counts
	shift 2
	[ "$kind" = - ] || set -- on_stack "$kind" "$@"
	locked say "$name begins"
	"$@" >"$log" 2>&1
	code=$?
	counts=$(count "$log")
	[ "$name" = lint ] && [ "$code" = 0 ] && counts="1 0" # it reads, and counts nothing
	[ "$counts" = "0 0" ] && [ "$code" = 0 ] && { echo "no test ran" >>"$log"; code=1; }
	echo "$((SECONDS - began)) $name $code $counts" >>"$work/results"
	locked tell_result "$name" "$code" "${counts/ / passed, } failed in $((SECONDS - began)) s"
}

tell_result() { # NAME CODE WORDS
	if [ "$2" != 0 ]; then
		cat "$work/$1.log"
		say "$1 FAILED: $3"
	else
		say "$1: $3"
	fi
	[ "$1" = chaos ] && [ -f "$run/story" ] && cat "$run/story"
	[ "$1" = interleave ] && grep ' casts, ' "$work/$1.log"
}

next_part() { head -n 1 "$work/queue" && sed -i 1d "$work/queue"; }

# Takes parts off the queue until it is empty.
lane() { # NUMBER
	local lane=$1 name kind call
	while read -r name kind _ call < <(locked next_part); do
		# shellcheck disable=SC2086 # words of the table
		run_part "$name" "$kind" $call
	done
}

run_lanes() { # COUNT beside|alone
	local n
	while read -r name kind how call; do
		[ "$how" = "$2" ] && wanted "$name" && echo "$name $kind $how $call"
	done <<<"$table" >"$work/queue"
	set -m # process groups
	for ((n = 0; n < $1; n++)); do
		lane "$n" </dev/null &
		lanes+=($!)
	done
	set +m
	wait "${lanes[@]}"
	end_lanes
}

tests/stack/install.sh build run test || exit 1
wanted lint && tests/stack/install.sh lint
if wanted counterpart; then tests/stack/install.sh counterpart || exit 1; fi
say "build with sanitizers"
make --no-print-directory -j"$(nproc)" SAN=1 BUILD="$build" programs api tests \
	>"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
run_lanes "${ZX_TEST_LANES:-$(($(nproc) + 1))}" beside
run_lanes 1 alone

echo "slowest parts: $(sort -rn "$work/results" | awk 'NR <= 5 {printf "%s%s %d s", s, $2, $1; s = ", "}')"
grep -hE '^[0-9.]+s (call|setup|teardown) ' "$work"/*.log | sort -rn | head -n 5
for part in $parts; do # a lane that was killed tells nothing
	grep -q " $part " "$work/results" || echo "0 $part 1 0 0" >>"$work/results"
done
read -r passed failed bad < <(awk '{ p += $4; f += $5; if ($3 != 0) bad = bad " " $2 }
	END { print p + 0, f + 0, bad }' "$work/results")
if [ -n "$bad" ]; then
	echo "failing: $bad; logs are kept in $work"
	failed=$((failed > 0 ? failed : 1))
fi
say "end"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
