#!/bin/bash
# Every harness under libFuzzer, with address and undefined-behaviour sanitizers:
#   tests/fuzz/run.sh [name…]     names as of tests/fuzz/<name>_fuzz.c; none: all
# FUZZ_S: seconds of each (60), two at a time. What is new goes to build/fuzz/new, for the next
# run; what breaks something to build/fuzz/found, and the run fails. Cure it, make the input small
# (`build/fuzz/fuzz/<name>_fuzz -minimize_crash=1 -runs=100000 <file>`) and put it into
# tests/fuzz/corpus/<name>, which `make test` replays.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

build=${ZX_FUZZ_BUILD:-build/fuzz}
export build seconds=${FUZZ_S:-60}
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-14
unset MAKEFLAGS MFLAGS MAKELEVEL

one() { # a name
	local name=$1 log=$build/log/$1 program=$build/fuzz/${1}_fuzz code words=()
	mkdir -p "$build/new/$name"
	[ -f "tests/fuzz/words/$name" ] && words=("-dict=tests/fuzz/words/$name")
	"$program" "${words[@]}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-max_len=16384 -close_fd_mask=2 -print_final_stats=1 \
		-artifact_prefix="$build/found/$name-" "$build/new/$name" "tests/fuzz/corpus/$name" \
		>"$log" 2>&1
	code=$?
	awk -v name="$name" '/cov: [0-9]/ { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1)
			if ($i == "ft:") ft = $(i + 1) } }
		/number_of_executed_units/ { runs = $2 } /average_exec_per_sec/ { rate = $2 }
		/peak_rss_mb/ { rss = $2 }
		END { printf "%-16s %9d runs %7d /s  %5d edges %6d features %5d MB\n",
			name, runs, rate, cov, ft, rss }' "$log"
	[ "$code" = 0 ] && return
	echo "$name: exit code $code; inputs: $(echo "$build/found/$name-"*)"
	for file in "$build/found/$name-"*; do # once more, this time it may speak
		[ -f "$file" ] && timeout 60 "$program" "$file" 2>&1 | tail -n 40
	done
	return 1
}
export -f one

tests/stack/install.sh build fuzz || exit 1
make --no-print-directory -j"$(nproc)" SAN=1 CC=clang-14 LIBFUZZER=1 BUILD="$build" fuzzers ||
	exit 1
mkdir -p "$build/log" "$build/found"
names=("$@")
[ $# -gt 0 ] || { names=(tests/fuzz/*_fuzz.c) && names=("${names[@]##*/}") && names=("${names[@]%_fuzz.c}"); }
printf '%s\n' "${names[@]}" | xargs -P "${FUZZ_JOBS:-2}" -I{} bash -c 'one {}'
code=$?
left=$(find "$build/found" -type f | wc -l)
echo "${#names[@]} harnesses, $left inputs that break something"
[ "$code" = 0 ] && [ "$left" = 0 ]
