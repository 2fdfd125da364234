#!/usr/bin/env python3
"""Prints the crates that the program is linked with: names, versions, licences and notices, each text once.

    packaging/third-party.py TARGET
"""

import json
import pathlib
import subprocess
import sys

TARGET = sys.argv[1]
NOTICES = ("licen", "copying", "notice", "copyright", "unlicense")
# Libraries in C that crates bring along and build.
BUNDLED = {
    "liblzma-sys": ["xz/COPYING", "xz/COPYING.0BSD"],
    "zstd-sys": ["zstd/LICENSE"],
}


def cargo(*arguments):
    output = subprocess.run(["cargo", *arguments, "--locked"], check=True, stdout=subprocess.PIPE, text=True)
    return output.stdout


def linked():
    """Names and versions, without what only builds or tests."""
    tree = cargo("tree", "--edges", "normal", "--target", TARGET, "--prefix", "none", "--format", "{p}")
    lines = {line.split(" (")[0] for line in tree.splitlines()}
    return {tuple(line.split(" v")) for line in lines if line} - {("hushlog", own_version())}


def own_version():
    return json.loads(cargo("metadata", "--format-version=1", "--no-deps"))["packages"][0]["version"]


def notices(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name.lower().startswith(NOTICES))
    return files + [folder / name for name in BUNDLED.get(package["name"], [])]


def main():
    wanted = linked()
    packages = json.loads(cargo("metadata", "--format-version=1", "--filter-platform", TARGET))["packages"]
    packages = [it for it in packages if (it["name"], it["version"]) in wanted]
    if len(packages) != len(wanted):
        sys.exit("cargo's tree and metadata do not agree")
    packages.sort(key=lambda it: (it["name"], it["version"]))
    users = {}
    print("Crates that hushlog is linked with, and what they are licensed under\n")
    for package in packages:
        print(f"{package['name']} {package['version']}: {package['license'] or 'see its notice'}")
        for file in notices(package):
            text = file.read_text(errors="replace").strip().replace("\r\n", "\n")
            users.setdefault(text, []).append(f"{package['name']} {package['version']}")
    for text, names in users.items():
        print(f"\n{'=' * 80}\n{', '.join(dict.fromkeys(names))}\n{'-' * 80}\n\n{text}")


main()
