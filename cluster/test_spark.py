#!/usr/bin/env python3
"""Runs hushlog on a real Spark cluster of a master and two workers, and compares every released file with that of
`hushlog report`: with several numbers of reducers, with files in another order, and with a worker and its executor
killed. Searches what Spark has left behind for anything of a line.

    cluster/test_spark.py PROGRAM        in an environment of requirements.txt; cluster/check.sh makes one
"""

import base64
import gzip
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyspark

SPARK = Path(pyspark.__file__).parent
SCRIPT = Path(__file__).with_name("hushlog_spark.py")
PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else shutil.which("hushlog")

# What no file that Spark leaves behind may hold, as each stands in the log.
ADDRESSES = ["203.0.113.77", "198.51.100.213", "2001:db8:ca:7e::1"]
AGENT = "ZqCanaryAgent/9.7 (zq-device-4711)"
QUERY = "zqmail=canary.person@zq.example"
REFERRER = "https://zq-referrer.example/secret-path?token=zqtoken12345"
# And what its shuffle files hold, so that the search is known to find something.
PAGE = "/positive-control"


def hostile_logs(folder):
    """Files of two days as no server should write them, plain and compressed, days running over their ends."""
    chance = random.Random(7)
    start = datetime(2025, 6, 3, tzinfo=timezone.utc)
    lines = []
    for number in range(30_000):
        time = (start + timedelta(seconds=number * 172_000 // 30_000)).strftime("%d/%b/%Y:%H:%M:%S +0000")
        visitor = chance.randrange(2_000)
        address = f"81.{visitor % 97}.{visitor % 11}.{visitor % 251}"
        page = chance.choice(["/", "/about", "/blog/", f"/blog/{chance.randrange(60)}", "/shop", PAGE])
        referrer = chance.choice(["-", "-", "https://www.google.com/", "https://news.example/x"])
        agent = chance.choice([
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        ])
        if number % 20 == 0:
            address, agent = ADDRESSES[0], AGENT
        elif number % 501 == 0:
            address, agent, page, referrer = ADDRESSES[number % 3], AGENT, f"{page}?{QUERY}", REFERRER
        line = f'{address} - - [{time}] "GET {page} HTTP/1.1" {chance.choice([200, 200, 200, 404])} {number} "{referrer}" "{agent}"'
        lines.append(line.encode())
        lines.extend(odd(number, line.encode()))
    names = []
    for part in range(6):
        own = lines[part * len(lines) // 6 : (part + 1) * len(lines) // 6]
        content = b"\n".join(own) + (b"\n" if part % 2 else b"")
        path = folder / f"access.log.{part}"
        if part % 3 == 0:
            path.write_bytes(b"\xef\xbb\xbf" + content)
        else:
            path = path.with_name(path.name + ".gz")
            middle = len(content) // 2
            path.write_bytes(gzip.compress(content[:middle]) + gzip.compress(content[middle:]))
        names.append(str(path))
    return names


def odd(number, line):
    odd = {
        1: line.replace(b"GET /", b"GET /\xff\xfe\x80"),
        2: line.replace(b"GET /", b"GET /a\rb"),
        3: line.replace(b"GET /", b"GET /a\0b"),
        4: line + b"\r",
        5: b"",
        6: b"\r",
        7: b"\x16\x03\x01 garbage \x00\x1b[2J",
        8: b"\xef\xbb\xbf" + line,
        9: line.replace(b"GET /", b"GET /" + b"x" * 70_000),
        10: line[: len(line) // 2],
        11: line.replace(b"HTTP/1.1", b"HTTP/1.1\\\" \\x00"),
    }
    return [odd[number % 97]] if number % 97 in odd else []


class Cluster:
    """A master and two workers on this machine, and all that they write below one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.master_port, self.ui_port = free_port(), free_port()
        secret = os.urandom(16).hex()
        (folder / "conf").mkdir()
        defaults = {
            "spark.authenticate": "true",
            "spark.authenticate.secret": secret,
            "spark.network.crypto.enabled": "true",
            "spark.io.encryption.enabled": "true",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": f"file://{folder}/events",
            "spark.eventLog.compress": "false",
            "spark.executor.memory": "1g",
            "spark.driver.memory": "1g",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.port": str(self.ui_port),
            "spark.sql.files.maxPartitionBytes": "1m",
            # As if on machines of their own: what a killed executor had is gone.
            "spark.shuffle.readHostLocalDisk": "false",
            "spark.shuffle.io.retryWait": "1s",
        }
        text = "".join(f"{name} {value}\n" for name, value in defaults.items())
        (folder / "conf/spark-defaults.conf").write_text(text)
        for name in ["events", "local", "work", "tmp"]:
            (folder / name).mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HUSHLOG_", "SPARK_"))},
            "SPARK_HOME": str(SPARK),
            "SPARK_CONF_DIR": str(folder / "conf"),
            "SPARK_LOCAL_DIRS": str(folder / "local"),
            "SPARK_WORKER_DIR": str(folder / "work"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "512m",
            "PYSPARK_PYTHON": sys.executable,
            "TMPDIR": str(folder / "tmp"),
        }
        self.master = self.daemon("Master", "--port", str(self.master_port), "--webui-port", str(free_port()))
        wait("the master", lambda: is_open(self.master_port))
        self.workers = [self.worker(), self.worker()]

    @property
    def url(self):
        return f"spark://127.0.0.1:{self.master_port}"

    def daemon(self, name, *arguments):
        command = [SPARK / "bin/spark-class", f"org.apache.spark.deploy.{name.lower()}.{name}"]
        log = open(self.folder / f"{name}-{time.monotonic_ns()}.log", "wb")
        with log:
            return subprocess.Popen(
                [*command, "--host", "127.0.0.1", *arguments], env=self.environment, stdout=log, stderr=log
            )

    def worker(self):
        return self.daemon("Worker", "--cores", "1", "--memory", "2g", "--webui-port", str(free_port()), self.url)

    def kill_worker(self):
        """Kills a worker and its executor at once, and starts another worker in its place."""
        worker = self.workers.pop(0)
        executors = children(worker.pid)
        for process in [worker.pid, *executors]:
            os.kill(process, signal.SIGKILL)
        worker.wait()
        self.workers.append(self.worker())
        return len(executors)

    def stop(self):
        for process in [*self.workers, self.master]:
            process.terminate()
        for process in [*self.workers, self.master]:
            process.wait()


class Job:
    """One run of the script, with stages that can be held."""

    def __init__(self, cluster, folder, inputs, reducers, key, conf=(), arguments=(), hold=()):
        self.cluster, self.folder, self.hold, self.stages = cluster, folder, hold, {}
        folder.mkdir()
        self.output = folder / "out"
        (folder / "policy.txt").write_text("-f combined  # the format of all files\n--goal blog='/blog/*'\n")
        self.key = key
        options = [f"--conf={name}={value}" for name, value in conf]
        command = [
            SPARK / "bin/spark-submit", "--master", cluster.url, *options, SCRIPT,
            "--binary", PROGRAM, "--executor-binary", self.gate(), "--key-file", key,
            "--policy", folder / "policy.txt", "--partitions", str(reducers), "--map-partitions", "8",
            "--work", f"file://{folder}/partials", "--output", self.output, *arguments, *inputs,
        ]
        self.log = open(folder / "driver.log", "wb")
        self.process = subprocess.Popen(
            list(map(str, command)), env=cluster.environment, stdout=self.log, stderr=self.log, cwd=folder
        )
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def gate(self):
        """The program, whose tasks of some stages wait until they are let go."""
        path = self.folder / "hushlog"
        path.write_text(
            f'#!/bin/sh\ncase " {" ".join(self.hold)} " in *" $1 "*)\n  touch "{self.folder}/held.$1.$$"\n'
            f'  while [ ! -e "{self.folder}/go.$1" ]; do sleep 0.1; done\nesac\nexec "{PROGRAM}" "$@"\n'
        )
        path.chmod(0o700)
        return path

    def wait_for_both(self, stage):
        """Waits until both executors, of one core each, have a task of the stage."""
        wait(f"both executors to {stage}", lambda: len(list(self.folder.glob(f"held.{stage}.*"))) >= 2, self)

    def let_go(self, stage):
        (self.folder / f"go.{stage}").touch()

    def watch(self):
        """Asks Spark, again and again, which attempts of stages and tasks there were."""
        api = f"http://127.0.0.1:{self.cluster.ui_port}/api/v1/applications"
        while self.process.poll() is None:
            try:
                application = ask(api)[0]["id"]
                for stage in ask(f"{api}/{application}/stages?details=true"):
                    attempts = [task["attempt"] for task in (stage.get("tasks") or {}).values()]
                    self.stages[stage["stageId"], stage["attemptId"]] = max(attempts, default=0)
            except (OSError, ValueError, LookupError):
                pass
            time.sleep(0.3)

    def finish(self):
        status = self.process.wait(timeout=600)
        self.watcher.join()
        self.log.close()
        return status

    def said(self):
        return (self.folder / "driver.log").read_text(errors="replace")


class OnSpark(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="hushlog-cluster-")
        cls.addClassCleanup(cls.place.cleanup)
        cls.folder = Path(cls.place.name)
        (cls.folder / "logs").mkdir()
        cls.logs = hostile_logs(cls.folder / "logs")
        cls.first_key = cls.new_key("first")
        (cls.folder / "spark").mkdir()
        cls.cluster = Cluster(cls.folder / "spark")
        cls.addClassCleanup(cls.cluster.stop)
        cls.reported = cls.folder / "reported"
        command = [PROGRAM, "report", "-o", cls.reported, "-q", "-f", "combined", "--goal", "blog=/blog/*"]
        key = cls.key("reported")
        subprocess.run([*command, "--allow-overlap", "--key-file", key, *cls.logs], check=True)

    @classmethod
    def new_key(cls, name):
        folder = cls.folder / f"key-{name}"
        folder.mkdir(mode=0o700)
        subprocess.run([PROGRAM, "key", "new", folder / "key", "--from", "2025-06-01"], check=True, stdout=subprocess.DEVNULL)
        return folder / "key"

    @classmethod
    def key(cls, name):
        """The first key file again, in a folder of its own: a release advances it."""
        folder = cls.folder / f"key-{name}"
        folder.mkdir(mode=0o700)
        shutil.copy(cls.first_key, folder / "key")
        return folder / "key"

    def job(self, reducers, inputs=None, **options):
        name = self._testMethodName
        return Job(self.cluster, self.folder / name, inputs or self.logs, reducers, self.key(name), **options)

    def check(self, job):
        """Every file is that of the report, those that are private too."""
        self.assertEqual(job.finish(), 0, job.said())
        expected, found = files(self.reported), files(job.output)
        self.assertEqual(sorted(found), sorted(expected))
        self.assertGreater(len(expected), 20)
        for name in expected:
            self.assertEqual(found[name], expected[name], name)

    def check_nothing_left(self, *places):
        found = [f"{needle!r} in {path}" for path, needle in traces(places, self.needles())]
        self.assertEqual(found, [])

    def needles(self):
        key = self.first_key.read_bytes()
        secret = key[5:37]
        texts = [*ADDRESSES, AGENT, QUERY, REFERRER, "zq-device", "zqtoken", secret.hex()]
        return [secret, base64.b64encode(key)[8:40], *(text.encode() for text in texts)]

    def test_reducers_1_and_files_in_reverse(self):
        self.check(self.job(1, inputs=self.logs[::-1]))

    def test_reducers_6(self):
        self.check(self.job(6))
        # All that is left when a job has ended, with the encryption and compression that it is to have.
        self.check_nothing_left(self.cluster.folder, self.folder / self._testMethodName)

    def test_reducers_17_with_the_key_mounted(self):
        mounted = self.key("mounted")
        job = self.job(17, arguments=["--executor-key-file", mounted])
        self.check(job)
        self.check_nothing_left(self.cluster.folder, job.folder)

    def test_a_worker_killed_while_it_maps(self):
        # What Spark ships lies on the disk of a machine that dies; a mounted key does not.
        job = self.job(6, hold=["map"], arguments=["--executor-key-file", self.key("of-the-mapping")])
        job.wait_for_both("map")
        self.assertGreater(self.cluster.kill_worker(), 0)
        job.let_go("map")
        self.check(job)
        self.assertTrue(any(attempt or task for (_, attempt), task in job.stages.items()), job.stages)
        # Copies of the key that the killed tasks had made are gone too.
        self.assertEqual(list(Path("/dev/shm").glob("hushlog-key-*")), [])

    def test_a_worker_killed_after_shuffle_files_exist(self):
        plain = [("spark.io.encryption.enabled", "false"), ("spark.shuffle.compress", "false"), ("spark.shuffle.spill.compress", "false")]
        arguments = ["--executor-key-file", self.key("of-the-killed")]
        job = self.job(6, hold=["map", "reduce"], conf=plain, arguments=arguments)
        job.wait_for_both("map")  # So that both have shuffle files to lose.
        job.let_go("map")
        job.wait_for_both("reduce")
        shuffled = self.cluster.folder / "local"
        self.assertTrue(any(traces([shuffled], [PAGE.encode()])), "the search finds nothing")
        self.check_nothing_left(self.cluster.folder, job.folder)
        self.assertGreater(self.cluster.kill_worker(), 0)
        job.let_go("reduce")
        self.check(job)
        self.assertTrue(any(attempt for _, attempt in job.stages), job.stages)

    def test_what_a_task_finds_wrong_ends_the_job(self):
        other = self.new_key("other")
        job = self.job(2, arguments=["--executor-key-file", other])
        self.assertNotEqual(job.finish(), 0)
        self.assertIn("another program, key file or policy", job.said())
        self.assertFalse(job.output.exists() and any(job.output.glob("date=*")))


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def traces(places, needles):
    """Where any of the needles is, in whatever case; the key that Spark ships is where it ships it to."""
    for place in places:
        for path in Path(place).rglob("*"):
            if not path.is_file() or path.name == "key":
                continue
            try:
                content = path.read_bytes().lower()
            except FileNotFoundError:
                continue
            for needle in needles:
                if needle.lower() in content:
                    yield path, needle


def children(process):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], stdout=subprocess.PIPE, check=False).stdout
    return [int(pid) for pid in found.split()]


def ask(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def wait(what, condition, job=None):
    end = time.monotonic() + 300
    while not condition():
        if time.monotonic() > end or (job and job.process.poll() is not None):
            raise RuntimeError(f"waited in vain for {what}\n{job.said() if job else ''}")
        time.sleep(0.2)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_open(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    unittest.main(verbosity=2)
