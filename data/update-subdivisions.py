#!/usr/bin/env python3
"""Writes subdivisions/cldr.tsv: the English names of each first-level subdivision of ISO 3166-2.

Usage: update-subdivisions.py CLDR-SUBDIVISIONS-FULL CLDR-CORE

The arguments are the unpacked folders of the npm packages cldr-subdivisions-full and cldr-core. A line
is a code and its names, separated by tabs: its own name first, then those of the subdivisions within
it, so that the name of a second level finds the first. Codes out of use are left out, and so are
countries whose names in CLDR belong to other codes; own.tsv has those.
"""

import json
import sys
from pathlib import Path

# Iran's codes were assigned anew in 2020; CLDR names the old assignment.
OUTDATED = {"IR"}
# CLDR marks names that several subdivisions bear.
FOOTNOTES = str.maketrans("", "", "¹²³⁴⁵⁶⁷⁸⁹")


def main() -> None:
    names_folder, core = map(Path, sys.argv[1:])
    names = read(names_folder / "subdivisions/en/en.json", "subdivisions")
    names = names["localeDisplayNames"]["subdivisions"]
    names = {code: name.translate(FOOTNOTES).strip() for code, name in names.items()}
    containment = read(core / "supplemental/subdivisionContainment.json", "supplemental")
    containment = containment["subdivisionContainment"]
    lines = []
    for country in sorted(code for code in containment if len(code) == 2 and code not in OUTDATED):
        first_level = [code for code in containment[country]["_contains"] if code in names]
        taken = {names[code] for code in first_level}
        for code in sorted(first_level):
            within = {names[inner] for inner in below(code, containment) if inner in names}
            fields = [f"{country}-{code[2:].upper()}", names[code], *sorted(within - taken)]
            lines.append("\t".join(fields) + "\n")
    output = Path(__file__).parent / "subdivisions/cldr.tsv"
    output.write_text("".join(lines), encoding="utf-8")


def read(path: Path, key: str) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))[key]


def below(code: str, containment: dict) -> list[str]:
    inner = containment.get(code, {}).get("_contains", [])
    return [*inner, *(deeper for one in inner for deeper in below(one, containment))]


if __name__ == "__main__":
    main()
