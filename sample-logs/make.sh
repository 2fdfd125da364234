#!/usr/bin/env bash
# Makes shop.log.1.gz and shop.log.2.gz again, byte for byte: the week from Monday 9 to Sunday
# 15 November 2026 of a shop with 1,500 visits a day, rotated after the Thursday.
# Pass --check to compare with the shipped files instead of replacing them.
#
# What `zcat` of them gives is the same everywhere; the compressed bytes are those of GNU gzip 1.12.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$root" && cargo build --release --quiet --example generate-log)
generate="${CARGO_TARGET_DIR:-$root/target}/release/examples/generate-log"
"$generate" --seed 7 --visits-per-day 1500 --start 2026-11-09 --days 7 -o "$work/week.log"

# The newest part has the lowest number, as logrotate leaves it.
friday=$(grep -n -m 1 -F '[13/Nov/2026:' "$work/week.log" | cut -d: -f1)
head -n $((friday - 1)) "$work/week.log" | gzip -9n >"$work/shop.log.2.gz"
tail -n +"$friday" "$work/week.log" | gzip -9n >"$work/shop.log.1.gz"

for part in shop.log.1.gz shop.log.2.gz; do
    if [ "${1:-}" = --check ]; then
        cmp "$work/$part" "$here/$part"
    else
        cp "$work/$part" "$here/$part"
    fi
done
