#!/bin/bash
# Clients in Go (oapi-codegen) and Java (openapi-generator) made of our description: both have to
# compile. Wants go, java, mvn and npx, and fetches what these need; so it is no part of make test.
#   tests/counterpart/generators.sh build/release/openapi.yaml
set -euo pipefail
description=$(readlink -f "$1")
oapi_codegen=github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2
openapi_generator=2.41.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for program in go java mvn npx; do
	command -v "$program" >/dev/null || { echo "generators: $program is missing" >&2; exit 1; }
done

mkdir "$work/go"
cd "$work/go"
go mod init clients 2>/dev/null
go run "$oapi_codegen" -generate types,client -package main "$description" >api.go
printf 'package main\n\nfunc main() { _, _ = NewClientWithResponses("https://localhost") }\n' >main.go
go mod tidy 2>/dev/null
go build -o client .
echo "go: $(wc -l <api.go) lines compile"

cd "$work"
npx --yes "@openapitools/openapi-generator-cli@$openapi_generator" generate -i "$description" \
	-g java --library native -o java >java.log 2>&1 || { cat java.log; exit 1; }
mvn -q -B -f java/pom.xml -Dmaven.test.skip=true compile
echo "java: $(find java/src/main -name '*.java' | wc -l) classes compile"
