#!/bin/sh
# Runs the integration suite of the cluster where Java and PyPI are reachable; says so and does nothing where not.
#
#     cluster/check.sh PROGRAM
set -eu
program=$1
here=$(cd "$(dirname "$0")" && pwd)

skip() {
    echo "skipped: $1; hushlog on Spark is not tested here"
    exit 0
}

command -v java >/dev/null || skip 'there is no Java'
python=$("$here/../tests/python.sh" spark 'pandas, pyarrow, pyspark' "$here/requirements.txt") || skip "$python"
exec "$python" "$here/test_spark.py" "$program"
