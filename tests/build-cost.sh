#!/usr/bin/env bash
# CPU seconds of a cold optimised build: hello-graph (ours) beside bare-reqwest, from nothing, in
# turn. Both use rustls with ring. Needs GNU time or bash's own; prints user + system seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-1}
cargo fetch --locked --quiet
TIMEFORMAT='%U %S'
for round in $(seq "$rounds"); do
  for package in bare-reqwest hello-graph; do
    target=$(mktemp -d)
    spent=$({ time CARGO_TARGET_DIR=$target cargo build --locked --profile bench --quiet --package "$package" >&2; } 2>&1 | tail -n 1)
    rm -rf "$target"
    echo "$round $package $(echo "$spent" | awk '{ printf "%.1f", $1 + $2 }') CPU s"
  done
done
