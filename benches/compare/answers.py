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
    readers = {"hushlog": hushlog, "goaccess": goaccess, "duckdb": engine, "chdb": engine}
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
    exact = {name: found[name] for name in ("hushlog", "duckdb", "chdb") if name in found}
    shared = [one for one in MEASURES if all(one in answer for answer in exact.values())]
    for measure in shared:
        if len({answer[measure] for answer in exact.values()}) > 1:
            return f"**The answers differ in {measure}.**"
    if not shared:
        return "**There is no measure that all of them give.**"
    return f"{', '.join(exact)} give the same {', '.join(shared)}."


def engine(work, name):
    rows = list(csv.DictReader((work / f"{name}.out").read_text().splitlines()))
    return {measure: int(value) for measure, value in rows[0].items()}


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
