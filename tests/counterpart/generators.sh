#!/bin/bash
# Clients in Go (oapi-codegen) and Java (openapi-generator) made of our description: both have to
# compile, and do the main job on a private stack if its folder is named. Wants go, java, mvn, npx,
# curl and jq, and fetches what these need; so it is no part of make test.
#   tests/counterpart/generators.sh build/release/openapi.yaml [RUN]
set -euo pipefail
description=$(readlink -f "$1")
run=${2:+$(readlink -f "$2")}
here=$(dirname "$(readlink -f "$0")")
oapi_codegen=github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2
openapi_generator=2.41.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for program in go java mvn npx curl jq; do
	command -v "$program" >/dev/null || { echo "generators: $program is missing" >&2; exit 1; }
done

setting() { sed -n "s/^$1=//p" "$run/zx.env"; }
post() { curl -sS --cacert "$run/tls/ca.pem" -H 'Content-Type: application/json' "$@"; }

# Of a new customer, an address, the simulator's, a code for wx.login, and a date.
main_job() { # COMMAND…
	local simulator user code
	[ -n "$run" ] || return 0
	simulator=$(setting ZX_WX_API_BASE)
	user=$(post "$simulator/sim/users" -d '{"nickname":"小王"}' | jq -r .user)
	code=$(post "$simulator/sim/login-code" -d "{\"user\":\"$user\"}" | jq -r .code)
	SSL_CERT_FILE=$run/tls/ca.pem "$@" "$(setting ZX_ISSUER)" "$simulator" "$code" \
		"$(TZ=Asia/Shanghai date +%F -d '+3 days')"
}

mkdir "$work/go"
cd "$work/go"
go mod init clients 2>/dev/null
go run "$oapi_codegen" -generate types,client -package main "$description" >api.go
cp "$here/main_job.go" main.go
go mod tidy 2>/dev/null
go build -o client .
echo "go: $(wc -l <api.go) lines compile"
main_job ./client

cd "$work"
npx --yes "@openapitools/openapi-generator-cli@$openapi_generator" generate -i "$description" \
	-g java --library native -o java >java.log 2>&1 || { cat java.log; exit 1; }
cp "$here/MainJob.java" java/src/main/java/
cd java
mvn -q -B -Dmaven.test.skip=true compile dependency:build-classpath -Dmdep.outputFile=classpath
echo "java: $(find src/main -name '*.java' | wc -l) classes compile"
if [ -n "$run" ]; then
	keytool -importcert -noprompt -alias run -file "$run/tls/ca.pem" -keystore trust.p12 \
		-storepass changeit >/dev/null 2>&1
	main_job java -cp "target/classes:$(cat classpath)" -Djavax.net.ssl.trustStore=trust.p12 \
		-Djavax.net.ssl.trustStorePassword=changeit MainJob
fi
