#!/usr/bin/env bash
# Compares hushlog with goaccess, DuckDB, chdb and `wc -l` on one log of five million lines.
#
#   BENCH    where the log and the answers go (default: a folder that is removed at the end)
#   VENV     the virtual environment of setup.sh
#   ROUNDS   how often each program runs, in turn (default 5)
#   LINES    lines of the log (default 5000000)
#   THREADS  threads of hushlog and the engines (default 2)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target="${CARGO_TARGET_DIR:-$root/target}"

if [ -z "${BENCH:-}" ]; then
    BENCH=$(mktemp -d)
    trap 'rm -rf "$BENCH"' EXIT
fi
mkdir -p "$BENCH"
export VENV="${VENV:-${TMPDIR:-/tmp}/hushlog-compare}"
log="$BENCH/5m.log"

(cd "$root" && cargo build --release --quiet --bin hushlog --example generate-log)
if [ ! -s "$log" ]; then
    "$target/release/examples/generate-log" --lines "${LINES:-5000000}" -o "$log"
fi
python3 "$here/measure.py" --hushlog "$target/release/hushlog" --log "$log" --work "$BENCH" \
    --rounds "${ROUNDS:-5}" --threads "${THREADS:-2}" --results "$here/results"
