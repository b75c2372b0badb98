#!/bin/bash
# Install the Debian 12 packages that a part of the work needs, if they are missing.
#   tests/stack/install.sh GROUP...      groups: build run test bench fuzz lint web counterpart
# Starts no service and creates no database cluster; changes nothing when all is there.
set -euo pipefail

declare -A why=(
	[build]="the compiler and the libraries that the programs are linked with"
	[run]="the servers that make run starts privately"
	[test]="the test runners, their clients and a browser"
	[bench]="the load generator"
	[fuzz]="the compiler whose library makes inputs, for make fuzz alone"
	[lint]="the programs that read the code"
	[web]="Node.js, which builds pages (not needed to run anything)"
	[counterpart]="Node.js and Authlib, for tests where packages of others are our other side"
)
declare -A packages=(
	[build]="gcc make python3 python3-yaml libc6-dev pkg-config libfcgi-dev libcjson-dev libhiredis-dev librabbitmq-dev
		libcurl4-openssl-dev libssl-dev libjwt-dev libqrencode-dev libpng-dev libpq-dev zlib1g-dev libzxcvbn-dev
		libutf8proc-dev node-qrcode-generator"
	[run]="nginx-light postgresql-15 redis-server rabbitmq-server spawn-fcgi multiwatch python3
		python3-cryptography openssl curl jq procps"
	[test]="libcmocka-dev python3-pytest python3-requests python3-psycopg2 python3-pika
		python3-selenium python3-yaml python3-jsonschema chromium chromium-driver
		fonts-noto-cjk zbar-tools nftables iproute2"
	[bench]="wrk postgresql-15"
	[fuzz]="clang-14 libclang-rt-14-dev llvm-14"
	[lint]="clang-format-14 clang-tidy-14 clang-14 shellcheck"
	[web]="nodejs npm"
	[counterpart]="nodejs npm python3-authlib"
)
policy=/usr/sbin/policy-rc.d
policy_text=$'#!/bin/sh\nexit 101\n'
cluster=/etc/postgresql-common/createcluster.d/zhixing.conf
wrote_policy='' wrote_cluster=''

say() { printf 'install: %s\n' "$*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Names of the given packages that are not installed, one a line.
missing_of() {
	comm -23 <(printf '%s\n' "$@" | sort -u) \
		<(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
			sed -n 's/^installed //p' | sort -u)
}

wanted_of() {
	local group names
	for group in "$@"; do
		names=${packages[$group]:-}
		[ -n "$names" ] || { say "unknown group $group" >&2; exit 2; }
		if command -v node >/dev/null && command -v npm >/dev/null; then
			names=${names/nodejs npm/} # from elsewhere will do
		fi
		xargs -rn 1 <<<"$names"
	done
}

can_install() {
	command -v apt-get >/dev/null ||
		{ say "this system has no apt-get; Debian 12 is expected"; return 1; }
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		{ say "neither root nor sudo: ask an administrator to install them"; return 1; }
	grep -q '^VERSION_ID="12"' /etc/os-release || say "this is not Debian 12; trying all the same"
}

# Packages start their services and PostgreSQL makes a cluster unless told not to.
hold_services() {
	if [ ! -e "$policy" ]; then
		printf '%s' "$policy_text" | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
		wrote_policy=1
	fi
	if grep -qx postgresql-15 <<<"$1" && [ ! -e "$cluster" ]; then
		as_root mkdir -p "${cluster%/*}"
		echo 'create_main_cluster = false' | as_root tee "$cluster" >/dev/null
		wrote_cluster=1
	fi
}

release_services() {
	[ -z "$wrote_policy" ] || as_root rm -f "$policy"
	[ -z "$wrote_cluster" ] || as_root rm -f "$cluster"
	[ -z "$wrote_cluster" ] || as_root rmdir --ignore-fail-on-non-empty "${cluster%/*}"
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }

update_lists() {
	apt update -o APT::Update::Error-Mode=any && return
	say "the package lists could not be read; once more in 5 s"
	sleep 5
	apt update || say "still not; going on with the lists that are here"
}

main() {
	local groups=("$@") group missing names
	[ $# -gt 0 ] || { say "which group? ${!packages[*]}" >&2; exit 2; }
	names=$(wanted_of "${groups[@]}")
	[ -n "$names" ] || return 0
	mapfile -t names <<<"$names"
	missing=$(missing_of "${names[@]}")
	[ -n "$missing" ] || return 0

	for group in "${groups[@]}"; do say "$group: ${why[$group]}"; done
	say "missing: ${missing//$'\n'/ }"
	can_install || exit 1
	trap release_services EXIT
	hold_services "$missing"
	update_lists
	mapfile -t names <<<"$missing"
	apt install -y --no-install-recommends "${names[@]}"
	say "done in $SECONDS s"
}

main "$@"
