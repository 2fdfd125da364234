#!/usr/bin/env python3
"""Runs the programs in turn over one log, round by round; writes wall time and peak memory of every
run to raw.csv, and medians, ranges and the answers to results.md."""

import argparse
import csv
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import time

import answers

HERE = pathlib.Path(__file__).parent


def main():
    options = arguments()
    options.results.mkdir(parents=True, exist_ok=True)
    options.work.mkdir(parents=True, exist_ok=True)
    commands = commands_of(options)
    warm_up(options.log)
    runs = []
    for round_number in range(1, options.rounds + 1):
        for name, command in commands.items():
            if name == "hushlog":
                # A folder that holds the release already would make the run a no-op.
                shutil.rmtree(options.work / "hushlog", ignore_errors=True)
            seconds, kibibytes = measure(command, options.work / f"{name}.out")
            runs.append((round_number, name, seconds, kibibytes))
            print(f"{round_number} {name} {seconds:.2f} s {kibibytes / 1024:.0f} MiB", flush=True)
    write_raw(options.results / "raw.csv", runs)
    write_markdown(options, list(commands), runs)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hushlog", required=True)
    parser.add_argument("--log", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", help="names of programs, separated by commas")
    return parser.parse_args()


def commands_of(options):
    python = f"{os.environ['VENV']}/bin/python"
    os.environ["THREADS"] = str(options.threads)
    log = str(options.log)
    commands = {
        "wc": ["wc", "-l", log],
        "hushlog": [
            options.hushlog, "report", log, "-o", str(options.work / "hushlog"),
            "--threads", str(options.threads), "--no-progress",
        ],
        "duckdb": [python, str(HERE / "engine.py"), "duckdb", log],
        "chdb": [python, str(HERE / "engine.py"), "chdb", log],
        "duckdb-pages": [python, str(HERE / "engine.py"), "duckdb-pages", log],
        "chdb-pages": [python, str(HERE / "engine.py"), "chdb-pages", log],
        "goaccess": [
            "goaccess", log, "--log-format=COMBINED", "--no-global-config", "--no-progress",
            "-o", str(options.work / "goaccess.json"),
        ],
    }
    if options.only:
        commands = {name: commands[name] for name in options.only.split(",")}
    return commands


def warm_up(log):
    """Every program finds the log in the page cache."""
    with open(log, "rb", buffering=0) as source:
        while source.read(1 << 24):
            pass


def measure(command, output):
    """Wall time in seconds and peak resident memory in KiB of one run. GNU time starts the program:
    memory counted from here would begin with what Python itself takes."""
    memory = pathlib.Path(f"{output}.memory")
    timed = ["/usr/bin/time", "--quiet", "-f", "%M", "-o", str(memory), *command]
    with open(output, "wb") as out, open(f"{output}.err", "wb") as err:
        began = time.perf_counter()
        ended = subprocess.run(timed, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        seconds = time.perf_counter() - began
    if ended.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {ended.returncode}: see {output}.err")
    return seconds, int(memory.read_text())


def write_raw(path, runs):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["round", "program", "seconds", "peak_kib"])
        writer.writerows((number, name, f"{s:.3f}", kib) for number, name, s, kib in runs)


def write_markdown(options, names, runs):
    size = options.log.stat().st_size
    lines = [
        "# Comparison on one log",
        "",
        f"Log: {size / 1e9:.2f} GB, from `generate-log`, in the page cache. Machine: "
        f"{os.cpu_count()} cores, {processor()}, {platform.system()}. Rounds: {options.rounds}, the "
        f"programs in turn; {options.threads} threads for hushlog and the SQL engines.",
        "",
        "| program | version | median | range | peak memory |",
        "|---|---|---:|---:|---:|",
    ]
    for name in names:
        seconds = [run[2] for run in runs if run[1] == name]
        peak = max(run[3] for run in runs if run[1] == name)
        lines.append(
            f"| {name} | {version(name, options)} | {statistics.median(seconds):.2f} s "
            f"| {min(seconds):.2f}–{max(seconds):.2f} s | {peak / 1024:.0f} MiB |"
        )
    lines += ["", "## Answers", "", *answers.table(options.work, names), ""]
    (options.results / "results.md").write_text("\n".join(lines))


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def version(name, options):
    python = f"{os.environ['VENV']}/bin/python"
    module = "import {0}; print({0}.__version__)"
    commands = {
        "wc": ["wc", "--version"],
        "hushlog": [options.hushlog, "--version"],
        "goaccess": ["goaccess", "--version"],
        "duckdb": [python, "-c", module.format("duckdb")],
        "chdb": [python, "-c", module.format("chdb")],
    }
    program = name.partition("-")[0]
    first = subprocess.run(commands[program], capture_output=True, text=True).stdout.splitlines()[0]
    return first.split()[-1].rstrip(".")


if __name__ == "__main__":
    main()
