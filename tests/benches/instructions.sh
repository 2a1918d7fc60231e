#!/bin/sh
# Instructions per send, ours beside hand-written reqwest, over TLS, by valgrind (package `valgrind`).
#
#   tests/benches/instructions.sh [CONCURRENCY [API...]]
#   tests/benches/instructions.sh 1 acs-chat-list msgraph-chat-list
#
# The figure is the difference between a long and a short run, so that the start of the process and
# its TLS handshakes do not count. Unlike a time, it does not waver on a busy machine. Each run sends
# one text again and again to one destination; most senders have few.
#
# Both contenders read the same of each response: the id of the message, for Graph its time of
# creation too. `msgraph-chat-message` reads the whole message, `msgraph-chat` and
# `msgraph-chat-trait` what a receipt needs. The hand-written program (tests/bare-reqwest) sends a
# client request id, checks the status, and reads the body into a type of its own; it has no
# time-outs, does not bound the body, checks no input, does not encode the id in the path, never
# retries, and keeps nothing by which an unknown send could be settled.
# `acs-chat-list` and `msgraph-chat-list` are one listing of 10,000 messages in pages of 50 each; both
# contenders read the members of every message into types. What an upload and a list keep in memory is
# measured by `cargo test --profile suite -p msgraph-chat --test memory`.
# BENCH names a bench binary that is built already; PROFILES a folder for the profiles of the long
# runs, which callgrind_annotate reads.
set -eu
cd "$(dirname "$0")/../.."

concurrency=${1:-64}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- acs-messages acs-messages-notification acs-chat msgraph-chat msgraph-chat-trait

if [ -z "${BENCH:-}" ]; then
    BENCH=$(cargo bench --profile suite -p tests --bench send --no-run 2>&1 |
        tee /dev/stderr | sed -n 's/.*Executable.*(\(.*\)).*/\1/p')
fi
work=$(mktemp -d)
profiles=${PROFILES:-$work}
mkfifo "$work/stdin" "$work/ready"
"$BENCH" --server <"$work/stdin" >"$work/ready" &
exec 3>"$work/stdin"
trap 'exec 3>&-; wait; rm -rf "$work"' EXIT
read -r address root <"$work/ready"

# API KIND SENDS
instructions() {
    valgrind --tool=callgrind --callgrind-out-file="$profiles/$1.$2.$3" \
        "$BENCH" --client "$1" "$2" "$concurrency" "$3" "$address" "$root" \
        >"$work/out" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/log"
}

per_send() {
    case $1 in *-list) short=1 long=2 ;; *) short=1000 long=5000 ;; esac
    first=$(instructions "$1" "$2" $short)
    last=$(instructions "$1" "$2" $long)
    echo $(((last - first) / (long - short)))
}

printf '%-26s %12s %12s %6s\n' "API, $concurrency at once" hand-written ours ratio
for api in "$@"; do
    hand=$(per_send "$api" reqwest)
    ours=$(per_send "$api" ms-messenger)
    echo "$api $hand $ours" | awk '{ printf "%-26s %12d %12d %6.2f\n", $1, $2, $3, $3 / $2 }'
done
