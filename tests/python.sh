#!/bin/sh
# Prints the Python of an environment in which some modules are; it is made outside the clone where it is not
# there yet. Prints why and ends with 1 where that cannot be.
#
#     tests/python.sh NAME MODULES REQUIREMENTS
set -eu
name=$1 modules=$2 requirements=$3
environment="${XDG_CACHE_HOME:-$HOME/.cache}/hushlog-$name"

fail() {
    echo "$1"
    exit 1
}

if ! "$environment/bin/python" -c "import $modules" 2>/dev/null; then
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail 'Python 3.11 or later is needed'
    python3 -m venv "$environment" >&2 || fail 'Python cannot make an environment'
    "$environment/bin/pip" install --quiet --requirement "$requirements" >&2 || fail "$modules cannot be installed"
fi
echo "$environment/bin/python"
