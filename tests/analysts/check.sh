#!/bin/sh
# Runs the examples of README.md for DuckDB and pandas as they are written there, and validates the description of
# the tables, where PyPI is reachable; says so and does nothing where not.
#
#     tests/analysts/check.sh PROGRAM
set -eu
program=$1
here=$(cd "$(dirname "$0")" && pwd)

if ! python=$("$here/../python.sh" analysts 'duckdb, frictionless, pandas, pyarrow' "$here/requirements.txt"); then
    echo "skipped: $python; the examples for DuckDB and pandas are not tested here"
    exit 0
fi
exec "$python" "$here/test_tables.py" "$program"
