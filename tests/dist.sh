#!/usr/bin/env bash
# Builds msm as it is shipped: dist.sh [OPTION OF CARGO]... Prints the path of the program.
# Without unwind tables, because a panic ends it, and without the paths of this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
home=${CARGO_HOME:-$HOME/.cargo}
host=$(rustc -vV | sed -n 's/^host: //p')
sysroot=$(rustc --print sysroot)
flags=(-Cforce-unwind-tables=no "--remap-path-prefix=$PWD/=" "--remap-path-prefix=$sysroot/=")
for registry in "$home"/registry/src/*/; do
  flags+=("--remap-path-prefix=$registry=")
done
# Those of the standard library, and those that its debug information asks for.
link=()
case $host in *-linux-*)
  link=(-Clink-arg=-Wl,--no-eh-frame-hdr "-Clink-arg=-Wl,-T,$PWD/tests/no-unwind-tables.ld") ;;
esac
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS
# With a target, the flags are not those of procedural macros, which unwind.
cargo rustc --locked --profile dist --target "$host" -p ms-messenger-cli --bin msm "$@" -- "${link[@]}" >&2
echo "${CARGO_TARGET_DIR:-target}/$host/dist/msm"
