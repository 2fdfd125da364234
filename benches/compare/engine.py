#!/usr/bin/env python3
"""Runs one engine's query over a log: engine.py duckdb|chdb[-pages] LOG. Prints the answer as CSV, and
the seconds that the query alone took, without the start of Python, to the standard error."""

import csv
import os
import pathlib
import sys
import time

THREADS = int(os.environ.get("THREADS", "2"))
QUERIES = pathlib.Path(__file__).parent / "sql"
TOTALS = [
    "requests", "pageviews", "visits", "visitors",
    "bounces", "visit_seconds", "dwell_count", "dwell_seconds",
]
PAGES = [
    "path", "pageviews", "visitors", "entries", "exits",
    "bounces", "dwell_count", "dwell_seconds", "dwell_median",
]


def duckdb(query):
    import duckdb as engine

    connection = engine.connect(config={"threads": THREADS})
    began = time.perf_counter()
    rows = connection.execute(query).fetchall()
    return rows, time.perf_counter() - began


def chdb(query):
    import chdb as engine

    began = time.perf_counter()
    answer = engine.query(f"{query} SETTINGS max_threads = {THREADS} FORMAT TSV".replace(";", ""))
    rows = [line.split("\t") for line in str(answer).splitlines()]
    return rows, time.perf_counter() - began


def main():
    name, log = sys.argv[1:]
    engine, _, pages = name.partition("-")
    query = (QUERIES / f"{name}.sql").read_text().replace("{log}", os.path.abspath(log))
    rows, seconds = {"duckdb": duckdb, "chdb": chdb}[engine](query)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(PAGES if pages else TOTALS)
    writer.writerows([[0 if cell is None else cell for cell in row] for row in rows])
    print(f"query_seconds {seconds:.3f}", file=sys.stderr)


main()
