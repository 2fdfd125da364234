#!/bin/sh
# Runs the integration suite of the cluster where Java and PyPI are reachable; says so and does nothing where not.
#
#     cluster/check.sh PROGRAM
set -eu
program=$1
here=$(cd "$(dirname "$0")" && pwd)
environment="${XDG_CACHE_HOME:-$HOME/.cache}/hushlog-spark"

skip() {
    echo "skipped: $1; hushlog on Spark is not tested here"
    exit 0
}

command -v java >/dev/null || skip 'there is no Java'
if ! "$environment/bin/python" -c 'import pandas, pyarrow, pyspark' 2>/dev/null; then
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip 'Python 3.11 or later is needed'
    python3 -m venv "$environment" || skip 'Python cannot make an environment'
    "$environment/bin/pip" install --quiet --requirement "$here/requirements.txt" ||
        skip 'pyspark, pyarrow and pandas cannot be installed'
fi
exec "$environment/bin/python" "$here/test_spark.py" "$program"
