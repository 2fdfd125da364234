#!/usr/bin/env bash
# Checks both queries against the hand case and against each other.
# Needs the virtual environment that setup.sh makes; takes an optional larger log.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${VENV:-${TMPDIR:-/tmp}/hushlog-compare}/bin/python"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

automated() {
    for second in $(seq 0 300); do
        printf '203.0.113.9 - - [01/Oct/2026:15:%02d:%02d +0000] "GET /a HTTP/1.1" 200 1 "-" "Opera"\n' \
            $((second / 60)) $((second % 60))
    done
}

{ cat check/hand.log; automated; } >"$work/hand.log"
for engine in duckdb chdb; do
    "$python" engine.py "$engine" "$work/hand.log" 2>/dev/null | diff - check/hand.csv
    echo "$engine agrees with the hand case"
done

if [ $# -gt 0 ]; then
    for query in duckdb chdb duckdb-pages chdb-pages; do
        "$python" engine.py "$query" "$1" 2>/dev/null >"$work/$query.csv"
    done
    diff "$work/duckdb.csv" "$work/chdb.csv"
    diff "$work/duckdb-pages.csv" "$work/chdb-pages.csv"
    echo "duckdb and chdb agree with each other, in totals and by page:"
    cat "$work/duckdb.csv"
fi
