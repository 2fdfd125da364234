#!/usr/bin/env bash
# The sample logs through each of the programs named: what they release is the same, byte for byte.
#
#     packaging/compare.sh PROGRAM PROGRAM...
#
# The private state is left out: its digests are under random keys.
set -euo pipefail

samples=$(dirname "$0")/../sample-logs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

number=0
for program in "$@"; do
    number=$((number + 1))
    "$program" report "$samples"/*.gz --output "$work/$number" --quiet --no-progress
    rm -r "$work/$number/.state"
    diff --recursive --brief "$work/1" "$work/$number"
    printf '%s: %s files like the first\n' "$program" "$(find "$work/$number" -type f | wc -l)"
done
