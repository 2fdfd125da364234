#!/usr/bin/env python3
"""How much keeps its name under the threshold: for sites of several sizes and each release period,
the named rows a table has on average and the share of pageviews, visits and transitions in them.

    keep.py --hushlog target/release/hushlog --generate target/release/examples/generate-log

The month is October 2026; weeks are the three ISO weeks that lie in it whole."""

import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile

SIZES = [500, 5_000, 50_000]
WHOLE_WEEKS = {"2026-10-05", "2026-10-12", "2026-10-19"}
UNNAMED = {"(other)", "(unknown)"}

# table, first measure, key columns, total in the summary
TABLES = [
    ("pages", "pageviews", ["page"], lambda day: day["pageviews"]),
    ("referrers", "visits", ["channel", "referrer"], lambda day: day["visits"]),
    ("transitions", "transitions", ["from_page", "to_page"],
     lambda day: day["pageviews"] - day["visits"]),
]


def main():
    options = arguments()
    print("| visits a day | period | periods "
          "| pages | pageviews named | referrers | visits named | transitions | transitions named |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for visits in options.sizes:
        for period in ["day", "week", "month"]:
            with tempfile.TemporaryDirectory(dir=options.work) as folder:
                released = pathlib.Path(folder) / "out"
                release(options, visits, period, released)
                print(row(visits, period, folders(released, period)), flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hushlog", required=True)
    parser.add_argument("--generate", required=True)
    parser.add_argument("--work", help="where temporary folders go")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="visits a day")
    return parser.parse_args()


def release(options, visits, period, folder):
    """The log goes through a pipe: the largest would fill 5 GB of disk."""
    generate = [options.generate, "--visits-per-day", str(visits), "--days", "31"]
    report = [options.hushlog, "report", "-", "-o", str(folder), "--period", period, "-q"]
    with subprocess.Popen(generate, stdout=subprocess.PIPE) as source:
        ended = subprocess.run(report, stdin=source.stdout, stdout=subprocess.DEVNULL)
        source.stdout.close()
    if ended.returncode != 0 or source.returncode != 0:
        sys.exit(f"{visits} visits a day by {period}: hushlog ended with {ended.returncode}")


def folders(released, period):
    found = sorted(released.glob("date=*"))
    if period == "week":
        return [folder for folder in found if folder.name.removeprefix("date=") in WHOLE_WEEKS]
    return found


def row(visits, period, periods):
    cells = [f"{visits:,}", period, str(len(periods))]
    for name, measure, keys, total in TABLES:
        kept = [keep(folder, name, measure, keys, total) for folder in periods]
        cells += summarise([one for one in kept if one is not None])
    return "| " + " | ".join(cells) + " |"


def keep(folder, name, measure, keys, total):
    """Named rows, what they hold, and the period's total; None where that total is withheld."""
    (summary,) = rows(folder / "summary.csv")
    if not summary["pageviews"] or not summary["visits"]:
        return None
    summary = {key: int(summary[key]) for key in ("pageviews", "visits")}
    named = [one for one in rows(folder / f"{name}.csv") if not UNNAMED & {one[key] for key in keys}]
    return len(named), sum(int(one[measure] or 0) for one in named), total(summary)


def summarise(kept):
    if not kept:
        return ["–", "–"]
    named = sum(one[0] for one in kept) / len(kept)
    share = sum(one[1] for one in kept) / max(sum(one[2] for one in kept), 1)
    return [f"{named:.0f}", f"{100 * share:.0f} %"]


def rows(path):
    """A table with no rows has no file."""
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
