#!/bin/sh
# Runs the examples of README.md for DuckDB and pandas as they are written there, and validates the description of
# the tables, where PyPI is reachable; says so and does nothing where not.
#
#     tests/analysts/check.sh PROGRAM
set -eu
program=$1
here=$(cd "$(dirname "$0")" && pwd)
environment="${XDG_CACHE_HOME:-$HOME/.cache}/hushlog-analysts"

skip() {
    echo "skipped: $1; the examples for DuckDB and pandas are not tested here"
    exit 0
}

if ! "$environment/bin/python" -c 'import duckdb, frictionless, pandas, pyarrow' 2>/dev/null; then
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip 'Python 3.11 or later is needed'
    python3 -m venv "$environment" || skip 'Python cannot make an environment'
    "$environment/bin/pip" install --quiet --requirement "$here/requirements.txt" ||
        skip 'duckdb, frictionless, pandas and pyarrow cannot be installed'
fi
exec "$environment/bin/python" "$here/test_tables.py" "$program"
