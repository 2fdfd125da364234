#!/usr/bin/env python3
"""Runs one engine's query over a log: engine.py duckdb|chdb LOG. Prints the answer as CSV, and the
seconds that the query alone took, without the start of Python, to the standard error."""

import os
import pathlib
import sys
import time

THREADS = int(os.environ.get("THREADS", "2"))
QUERIES = pathlib.Path(__file__).parent / "sql"
COLUMNS = [
    "requests", "pageviews", "visits", "visitors",
    "bounces", "visit_seconds", "dwell_count", "dwell_seconds",
]


def duckdb(query):
    import duckdb as engine

    connection = engine.connect(config={"threads": THREADS})
    began = time.perf_counter()
    row = connection.execute(query).fetchone()
    return row, time.perf_counter() - began


def chdb(query):
    import chdb as engine

    began = time.perf_counter()
    answer = engine.query(f"{query} SETTINGS max_threads = {THREADS} FORMAT TSV".replace(";", ""))
    seconds = time.perf_counter() - began
    return str(answer).split(), seconds


def main():
    name, log = sys.argv[1:]
    query = (QUERIES / f"{name}.sql").read_text().replace("{log}", os.path.abspath(log))
    row, seconds = {"duckdb": duckdb, "chdb": chdb}[name](query)
    print(",".join(COLUMNS))
    print(",".join(str(int(value or 0)) for value in row))
    print(f"query_seconds {seconds:.3f}", file=sys.stderr)


main()
