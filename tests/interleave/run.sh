#!/bin/bash
# Every pair of operations in every order, on a running stack's PostgreSQL:
#   ZX_TEST_RUN=<stack> ZX_BUILD=<build> tests/interleave/run.sh [OPTION…]
# The options go to the program interleave (interleave.c). Without any: some interleavings of each
# pair, or all with INTERLEAVE=all; and that it finds what it should when a wall is taken away.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
run=$ZX_TEST_RUN
build=$ZX_BUILD
sock="host=$run/pg/sock"
name=${ZX_INTERLEAVE:-zx_interleave} # of the database
claims=(tests/race/invariants.sql tests/chaos/invariants.sql)
set -a
# shellcheck disable=SC1091
. "$run/zx.env"
set +a
# Nobody waits for a clock here: a step may be held for as long as it takes. Nothing is counted
# against anybody, and only the last that was said in the log is of interest.
export ZX_REDIS='' ZX_SHARED='' ZX_DB_TIMEOUT_MS=60000 ZX_LOG_LEVEL=${ZX_LOG_LEVEL:-error}
# Each pool's main() reads its keys, some of them once more than the pool before.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
code=0

as_admin() { psql -qX "$sock user=postgres dbname=postgres" -c 'SET client_min_messages = error' "$@"; }

# Migrated, and then changed by SQL; the program plays on copies of it.
template() { # NAME [SQL]
	as_admin -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1 OWNER zx_owner" || exit 1
	ZX_DB="$sock user=zx_owner dbname=$1" "$build/bin/migrate" migrations || exit 1
	[ -z "${2:-}" ] || psql -qX "$sock user=zx_owner dbname=$1" -v ON_ERROR_STOP=1 -c "$2" || exit 1
}

interleave() { # TEMPLATE OPTION…
	ZX_INTERLEAVE_TEMPLATE=$1 ZX_INTERLEAVE=$name ZX_DB_ADMIN="$sock user=postgres dbname=postgres" \
		ZX_DB="$sock user=zx dbname=$name" ZX_DB_STAFF="$sock user=zx_staff dbname=$name" \
		ZX_DB_OWNER="$sock user=zx_owner dbname=$name" \
		"$build/interleave" "${@:2}" "${claims[@]}" 2>>"$run/log/interleave.log"
}

# What the driver finds when a wall is taken away: this claim is broken, and no other.
without() { # WHAT SQL CLAIM OPTION…
	echo "without $1:"
	template "${name}_bare" "$2"
	interleave "${name}_bare" --most 40 --blows 0 --expect "$3" "${@:4}" || code=1
}

some=(--some --most 6 --blows 1)
[ "${INTERLEAVE:-}" = all ] && some=()
template "${name}_new"
if [ $# -gt 0 ]; then
	interleave "${name}_new" "$@"
	exit
fi
interleave "${name}_new" "${some[@]}" || code=1

without 'the floor' "DROP TRIGGER order_item_has_floor ON order_item;
	DROP TRIGGER order_item_has_floor_again ON order_item; DROP TRIGGER court_unit_unused ON court_unit" \
	a_live_item_has_a_floor --stage free --acts order,units
without 'the frame' 'DROP TRIGGER orders_frame ON orders' \
	'the hours were changed, and somebody who has them was not named' --stage free --acts order,hours
without 'the wall against banned people' 'DROP TRIGGER orders_person ON orders' \
	'somebody who was banned has ordered' --stage third --acts order_one,close
exit "$code"
