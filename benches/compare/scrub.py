#!/usr/bin/env python3
"""Runs hushlog scrub, alog and Anonip in turn over one log, round by round; writes every run to scrub.csv,
and the medians of the ratios within each round to scrub.md."""

import argparse
import csv
import os
import pathlib
import platform
import resource
import shlex
import statistics
import subprocess
import time

# Anonip takes a hundred times as long as alog; it gets the first lines of the log only.
ANONIP_LINES = 20_000


def main():
    options = arguments()
    options.results.mkdir(parents=True, exist_ok=True)
    options.work.mkdir(parents=True, exist_ok=True)
    beginning = options.work / "beginning.log"
    lines = cut(options.log, beginning)
    commands = commands_of(options, beginning, lines)
    runs = []
    for round_number in range(1, options.rounds + 1):
        for name, (command, count) in commands.items():
            wall, processor = measure(command)
            runs.append((round_number, name, wall / count * 1e6, processor / count * 1e6))
            print(f"{round_number} {name} {processor / count * 1e6:.3f} µs a line", flush=True)
    write_raw(options.results / "scrub.csv", runs)
    (options.results / "scrub.md").write_text(markdown(options, commands, runs, lines))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hushlog", required=True)
    parser.add_argument("--alog", default="alog")
    parser.add_argument("--anonip", default="anonip")
    parser.add_argument("--log", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def cut(log, beginning):
    """Writes the first lines of a log, reads all of it into the page cache and counts its lines."""
    count = 0
    with open(log, "rb") as source, open(beginning, "wb") as target:
        for line in source:
            if count < ANONIP_LINES:
                target.write(line)
            count += 1
    return count


def commands_of(options, beginning, lines):
    """What runs, as the shell has it, and the lines that it reads. All write to nowhere."""
    log, beginning = shlex.quote(str(options.log)), shlex.quote(str(beginning))
    hushlog, alog, anonip = map(shlex.quote, (options.hushlog, options.alog, options.anonip))
    return {
        "alog": (f"{alog} < {log}", lines),
        "hushlog -j1": (f"{hushlog} scrub -q -f combined -j1 < {log}", lines),
        "hushlog -j1, a file": (f"{hushlog} scrub -q -f combined -j1 {log}", lines),
        "hushlog -j2, a file": (f"{hushlog} scrub -q -f combined -j2 {log}", lines),
        "anonip": (f"{anonip} < {beginning}", min(lines, ANONIP_LINES)),
    }


def measure(command):
    """Wall and processor time of a run, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(["sh", "-c", command], stdout=subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def write_raw(path, runs):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["round", "program", "wall_us_a_line", "processor_us_a_line"])
        writer.writerows((number, name, f"{w:.4f}", f"{p:.4f}") for number, name, w, p in runs)


def markdown(options, commands, runs, lines):
    processor = {name: [run[3] for run in runs if run[1] == name] for name in commands}
    wall = {name: [run[2] for run in runs if run[1] == name] for name in commands}
    rows = []
    for name, (command, _) in commands.items():
        to_alog = statistics.median(o / a for o, a in zip(processor[name], processor["alog"]))
        of_anonip = statistics.median(a / o for o, a in zip(processor[name], processor["anonip"]))
        rows.append(
            f"| {name} | {statistics.median(processor[name]):.3f} µs "
            f"| {min(processor[name]):.3f}–{max(processor[name]):.3f} µs "
            f"| {statistics.median(wall[name]):.3f} µs | {to_alog:.2f} | {of_anonip:.1f} |"
        )
    versions = ", ".join(version(program) for program in (options.hushlog, options.alog, options.anonip))
    return "\n".join([
        "# Scrubbing one log",
        "",
        f"Log: {lines:,} lines, {options.log.stat().st_size / 1e6:.0f} MB, from `generate-log`, in the page "
        f"cache; of it the first {ANONIP_LINES:,} lines for Anonip. {versions}. Machine: {os.cpu_count()} cores, "
        f"{platform.machine()}, {platform.system()}. Rounds: {options.rounds}, the programs in turn; medians "
        "over the rounds, ratios within a round.",
        "",
        "| program | processor time a line | range | wall time a line | times alog's | Anonip's, times this |",
        "|---|---:|---:|---:|---:|---:|",
        *rows,
        "",
    ])


def version(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True)
    first = (said.stdout or said.stderr).splitlines()[0]
    return f"{pathlib.Path(program).name} {first.split()[-1]}"


if __name__ == "__main__":
    main()
