"""Released tables in the programs of those who analyse them: the examples of README.md as they are written there,
every table in every encoding, and the description of the tables by frictionless.

    test_tables.py PROGRAM
"""

import csv
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import duckdb
import frictionless
import pandas

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.argv.pop(1)).resolve()

# The section of README.md whose examples are run.
SECTION = "## Tables in DuckDB and pandas"


def released(folder, *arguments):
    """The sample logs' statistics, in a folder."""
    logs = sorted(glob.glob(str(ROOT / "sample-logs" / "*.gz")))
    command = [PROGRAM, "report", "--quiet", *arguments, "--output", folder, *logs]
    subprocess.run(command, check=True)


def rows(table):
    """The cells of a CSV table of all periods, as this file reads them: None where one is empty."""
    found = []
    for path in sorted(glob.glob(f"statistics/date=*/{table}.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                found.append({name: cell or None for name, cell in row.items()})
    return found


def total(cells):
    """The sum of cells, if none of them is withheld."""
    return None if None in cells else sum(map(int, cells))


def by(table, key, measure):
    """The totals of a measure by a key."""
    groups = {}
    for row in rows(table):
        groups.setdefault(row[key], []).append(row[measure])
    return {name: total(cells) for name, cells in groups.items()}


def examples(language):
    """The examples of a language in the section, as they are written."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split(SECTION + "\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def plain(cell):
    """A cell as this file has it."""
    if pandas.isna(cell):
        return None
    return cell.strftime("%Y-%m-%d") if hasattr(cell, "strftime") else str(cell)


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        os.chdir(cls.folder.name)
        released("statistics", "--output-format", "parquet")
        released("lines", "--output-format", "jsonl")
        tables = {Path(path).stem for path in glob.glob("statistics/date=*/*.csv")}
        cls.tables = sorted(tables)

    @classmethod
    def tearDownClass(cls):
        os.chdir(ROOT)
        cls.folder.cleanup()

    def test_duckdb_example(self):
        (example,) = examples("sql")
        expected = by("pages", "page", "pageviews")
        days = {}
        for row in rows("pages"):
            days[row["page"]] = days.get(row["page"], 0) + 1
        named = [(page, count, days[page]) for page, count in expected.items()]
        named.sort(key=lambda it: (it[1] is None, -(it[1] or 0), it[0]))
        self.assertEqual(duckdb.sql(example).fetchall(), named[:5])

    def test_pandas_example(self):
        (example,) = examples("python")
        namespace = {}
        exec(compile(example, "README.md", "exec"), namespace)
        found = {name: plain(cell) for name, cell in namespace["visits"].items()}
        expected = by("regions", "country", "visits")
        self.assertEqual(found, {name: plain(cell) for name, cell in expected.items()})

    def test_every_encoding_is_the_same_table(self):
        self.assertGreater(len(self.tables), 12)
        for table in self.tables:
            expected = rows(table)
            for read, pattern in [
                (duckdb.read_parquet, f"statistics/date=*/{table}.parquet"),
                (duckdb.read_json, f"lines/date=*/{table}.jsonl"),
            ]:
                found = read(pattern)
                cells = [dict(zip(found.columns, map(plain, row))) for row in found.fetchall()]
                self.assertEqual(found.columns, list(expected[0]), pattern)
                self.assertCountEqual(map(str, cells), map(str, expected), pattern)
            paths = sorted(glob.glob(f"statistics/date=*/{table}.parquet"))
            frame = pandas.concat(pandas.read_parquet(path, dtype_backend="pyarrow") for path in paths)
            cells = [dict(zip(frame.columns, map(plain, row))) for row in frame.itertuples(index=False)]
            self.assertEqual(cells, expected, table)

    def test_types_are_those_that_are_described(self):
        kinds = {"date": "DATE", "string": "VARCHAR", "integer": "BIGINT"}
        package = frictionless.Package("statistics/datapackage.json")
        for resource in package.resources:
            table = duckdb.read_parquet(f"statistics/date=*/{resource.name}.parquet")
            found = [str(kind) for kind in table.types]
            described = [kinds[field.type] for field in resource.schema.fields]
            self.assertEqual(found, described, resource.name)

    def test_frictionless_validates_the_description(self):
        for folder in ["statistics", "lines"]:
            report = frictionless.validate(f"{folder}/datapackage.json")
            self.assertTrue(report.valid, report.to_summary())
            self.assertEqual(report.stats["tasks"], len(self.tables))


if __name__ == "__main__":
    unittest.main()
