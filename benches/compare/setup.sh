#!/usr/bin/env bash
# Installs what hushlog is compared with: goaccess (and GNU time) from Debian, DuckDB, chdb and Anonip from PyPI.
# VENV says where the virtual environment goes; it lies outside the repository.
set -euo pipefail
venv="${VENV:-${TMPDIR:-/tmp}/hushlog-compare}"

sudo=$([ "$(id -u)" -eq 0 ] || echo sudo)
if ! command -v goaccess >/dev/null || ! [ -x /usr/bin/time ]; then
    $sudo apt-get update
    $sudo apt-get install -y goaccess time python3-venv
fi
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet duckdb==2.0.0 chdb==4.4.0 anonip==1.1.0
goaccess --version | head -n 1
"$venv/bin/pip" list 2>/dev/null | grep -E '^(duckdb|chdb)'
