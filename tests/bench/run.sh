#!/bin/bash
# make bench: install what is missing, build, measure. See bench.py --help.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -z "${SAN:-}" ] || { echo "bench: measures the release build, not SAN=1" >&2; exit 2; }
unset MAKEFLAGS MFLAGS MAKELEVEL
build=${BUILD:-build/release}

tests/stack/install.sh build run bench
make -s -j"$(nproc)" BUILD="$build" programs
# The helpers want all of the library: they take statements out of it by name.
# shellcheck disable=SC2016 # make is to expand them
make -s BUILD="$build" bench-tools --eval='bench-tools:
	@mkdir -p $(BUILD)/bench
	@for t in sqltext rush confirms tokens limiter; do $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
		tests/bench/$$t.c $(WHOLE) $(LDLIBS) -o $(BUILD)/bench/$$t || exit; done'
exec /usr/bin/python3 tests/bench/bench.py --build "$build" "$@"
