#!/usr/bin/env python3
"""Puts the programs' answers side by side: answers.py WORK, where WORK holds what measure.py wrote."""

import csv
import json
import pathlib
import sys

MEASURES = [
    "requests", "pageviews", "visits", "visitors",
    "bounces", "visit_seconds", "dwell_count", "dwell_seconds",
]


def table(work, names):
    """The lines of a markdown table; an empty cell is a number that is withheld or not offered."""
    readers = {
        "hushlog": hushlog, "goaccess": goaccess, "duckdb": engine, "chdb": engine,
        "duckdb-pages": pages, "chdb-pages": pages,
    }
    columns = [name for name in names if name in readers]
    found = {name: readers[name](work, name) for name in columns}
    yield "| | " + " | ".join(columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for measure in MEASURES:
        cells = [str(found[name].get(measure, "")) for name in columns]
        yield f"| {measure} | " + " | ".join(cells) + " |"
    yield ""
    yield verdict(found)


def verdict(found):
    """What the exact programs agree on, and in which measures."""
    exact = {name: answer for name, answer in found.items() if name != "goaccess"}
    given = {
        measure: [answer[measure] for answer in exact.values() if measure in answer]
        for measure in MEASURES
    }
    for measure, answers in given.items():
        if len(set(answers)) > 1:
            return f"**The answers differ in {measure}.**"
    shared = [measure for measure, answers in given.items() if len(answers) > 1]
    if not shared:
        return "**There is no measure that two of them give.**"
    return f"{', '.join(exact)} agree wherever they give the same of {', '.join(shared)}."


def engine(work, name):
    rows = list(csv.DictReader((work / f"{name}.out").read_text().splitlines()))
    return {measure: int(value) for measure, value in rows[0].items()}


def pages(work, name):
    """Sums over the pages: each visit has one entry."""
    with open(work / f"{name}.out", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {
        "pageviews": "pageviews", "visits": "entries", "bounces": "bounces",
        "dwell_count": "dwell_count", "dwell_seconds": "dwell_seconds",
    }
    return {measure: sum(int(row[column]) for row in rows) for measure, column in columns.items()}


def hushlog(work, _):
    """Sums over the released days; a withheld cell leaves the sum out."""
    answer = total(work, "summary.csv", MEASURES[:6])
    answer.update(total(work, "pages.csv", MEASURES[6:]))
    return answer


def total(work, name, measures):
    rows = []
    for path in sorted((work / "hushlog").glob(f"date=*/{name}")):
        with open(path, newline="", encoding="utf-8") as file:
            rows += csv.DictReader(file)
    columns = {measure: [row[measure] for row in rows] for measure in measures}
    whole = {measure: cells for measure, cells in columns.items() if cells and all(cells)}
    return {measure: sum(map(int, cells)) for measure, cells in whole.items()}


def goaccess(work, _):
    """It counts requests, crawlers among them, and visitors; it knows no visits."""
    general = json.loads((work / "goaccess.json").read_text())["general"]
    return {"requests": general["valid_requests"], "visitors": general["unique_visitors"]}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    print("\n".join(table(folder, ["hushlog", "duckdb", "chdb", "goaccess"])))
