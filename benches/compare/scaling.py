#!/usr/bin/env python3
"""How time and memory of `hushlog report` grow with the size of a log, its visitors and its files.

    scaling.py --hushlog target/release/hushlog --generate target/release/examples/generate-log \\
        --work FOLDER --results benches/compare/results

Logs are written to the work folder once, compressed by zstd: 4 GB for all of them. Each study's runs take turns;
scaling.csv holds every run, scaling.md medians."""

import argparse
import csv
import pathlib
import shutil
import statistics
import subprocess
import time

# One day of the log by size: 1.0 GB.
LINES_A_DAY = 4_200_000
GIGABYTES = [1, 3, 10, 30]

VISITOR_LINES = 20_000_000
VISITORS = [10_000, 100_000, 1_000_000, 5_000_000, 20_000_000]

FILE_LINES = 10_000_000
FILES = [1, 10, 100, 1000]


def main():
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    options.results.mkdir(parents=True, exist_ok=True)
    studies = {"size": by_size, "visitors": by_visitors, "files": by_files}
    runs = []
    for study in options.studies.split(","):
        runs += repeated(options, study, studies[study](options))
    write_raw(options.results / "scaling.csv", runs)
    (options.results / "scaling.md").write_text(markdown(runs, options))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hushlog", required=True)
    parser.add_argument("--generate", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--studies", default="size,visitors,files")
    return parser.parse_args()


def by_size(options):
    """Days of 1 GB each, of a site with as many visits on each."""
    days = options.work / "size"
    if not days.exists():
        generate = [options.generate, "--days", str(max(GIGABYTES)),
                    "--lines", str(LINES_A_DAY * max(GIGABYTES))]
        split(generate, days, LINES_A_DAY)
    files = sorted(days.iterdir())
    return [(gigabytes, LINES_A_DAY * gigabytes, files[:gigabytes]) for gigabytes in GIGABYTES]


def by_visitors(options):
    """As many lines of one day each time, sent by more and more visitors."""
    logs = []
    for visitors in VISITORS:
        log = options.work / f"visitors-{visitors}.zst"
        if not log.exists():
            with subprocess.Popen(["zstd", "-1", "-q", "-f", "-o", str(log)],
                                  stdin=subprocess.PIPE) as target:
                write_visitors(target.stdin, visitors)
                target.stdin.close()
        logs.append((visitors, VISITOR_LINES, [log]))
    return logs


def write_visitors(target, visitors):
    """Visitors take turns; each has one address, one agent, and asks for one of a thousand pages."""
    lines = []
    for number in range(VISITOR_LINES):
        visitor = number % visitors
        second = number * 86_000 // VISITOR_LINES
        lines.append(
            f"{visitor >> 16 & 255 | 64}.{visitor >> 8 & 255}.{visitor & 255}.{visitor >> 24 | 1} - - "
            f"[01/Oct/2026:{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} +0000] "
            f'"GET /page/{number * 7919 % 1000} HTTP/1.1" 200 5120 "-" "Mozilla/5.0 (X11; Linux '
            f'x86_64; rv:{100 + visitor % 40}.0) Gecko/20100101 Firefox/{100 + visitor % 40}.0"\n'
        )
        if len(lines) == 10_000:
            target.write("".join(lines).encode())
            lines.clear()
    target.write("".join(lines).encode())


def by_files(options):
    """The same lines in one file and in many."""
    studied = []
    for count in FILES:
        folder = options.work / f"files-{count}"
        if not folder.exists():
            generate = [options.generate, "--lines", str(FILE_LINES)]
            split(generate, folder, FILE_LINES // count)
        studied.append((count, FILE_LINES, sorted(folder.iterdir())))
    return studied


def split(generate, folder, lines):
    """Writes what is generated to files of so many lines."""
    folder.mkdir()
    command = ["split", "-a", "4", "-d", "-l", str(lines), "--filter", "zstd -1 -q > $FILE.zst",
               "-", str(folder / "part")]
    with subprocess.Popen(generate, stdout=subprocess.PIPE) as source:
        subprocess.run(command, stdin=source.stdout, check=True)


def repeated(options, study, cases):
    """Every case in turn, round by round."""
    runs = []
    for number in range(1, options.rounds + 1):
        for value, lines, files in cases:
            seconds, processor, kibibytes = measure(options, files)
            runs.append((study, value, lines, number, seconds, processor, kibibytes))
            print(f"{study} {value}: {seconds:.2f} s, {processor:.2f} s of processor, "
                  f"{kibibytes / 1024:.0f} MiB", flush=True)
    return runs


def measure(options, files):
    """Wall time, processor time and peak resident memory of one run."""
    released = options.work / "released"
    shutil.rmtree(released, ignore_errors=True)
    memory = options.work / "time"
    command = ["/usr/bin/time", "--quiet", "-f", "%U %S %M", "-o", str(memory),
               options.hushlog, "report", *map(str, files), "-o", str(released), "-q",
               "--threads", "2"]
    began = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - began
    user, system, kibibytes = memory.read_text().split()
    return seconds, float(user) + float(system), int(kibibytes)


def write_raw(path, runs):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["study", "value", "lines", "round", "seconds", "processor", "peak_kib"])
        writer.writerows((*run[:4], f"{run[4]:.2f}", f"{run[5]:.2f}", run[6]) for run in runs)


def markdown(runs, options):
    version = subprocess.run([options.hushlog, "--version"], capture_output=True, text=True)
    lines = [
        "# Time and memory against size, visitors and files",
        "",
        f"{version.stdout.strip()}, two threads, medians of {options.rounds} runs in turn, logs compressed "
        "by zstd. Processor time is that of both threads, decompression included.",
    ]
    titles = {
        "size": f"GB of log, {LINES_A_DAY:,} lines each, a day each",
        "visitors": f"visitors who send {VISITOR_LINES:,} lines of one day",
        "files": f"files that hold {FILE_LINES:,} lines of one day",
    }
    for study, title in titles.items():
        cases = {run[1]: [] for run in runs if run[0] == study}
        for run in runs:
            if run[0] == study:
                cases[run[1]].append(run)
        lines += ["", f"| {title} | wall | processor | a line | peak memory | a line |",
                  "|---:|---:|---:|---:|---:|---:|"]
        lines += [row(value, case) for value, case in cases.items()]
    return "\n".join(lines) + "\n"


def row(value, case):
    count = case[0][2]
    wall, processor, kibibytes = (statistics.median(run[it] for run in case) for it in (4, 5, 6))
    return (f"| {value:,} | {wall:.1f} s | {processor:.1f} s | {processor / count * 1e9:.0f} ns "
            f"| {kibibytes / 1024:,.0f} MiB | {kibibytes * 1024 / count:.0f} B |")


if __name__ == "__main__":
    main()
