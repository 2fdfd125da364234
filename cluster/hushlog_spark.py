#!/usr/bin/env python3
"""hushlog on Apache Spark: the same job as `hushlog report`, byte for byte, for logs of more than one machine.

    spark-submit cluster/hushlog_spark.py --binary hushlog --key-file keys/key --policy policy.txt \\
        --partitions 400 --output statistics 's3a://logs/2026/11/21/*.gz'

Spark reads the lines, shuffles and sorts their hits, and tries again what fails; every rule is in the
program, which runs as a child process of each task, with Arrow IPC streams on its standard input and output:

    lines --hushlog map--> hits --by visitor, sorted by all columns--> --hushlog reduce--> partials

The partials come to the driver, where `hushlog release` runs once. docs/cluster.md tells the rest.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
from pyspark import SparkFiles, TaskContext
from pyspark.sql import SparkSession
from pyspark.sql.functions import col
from pyspark.sql.types import LongType, StringType, StructField, StructType

LINES = pa.schema([pa.field("value", pa.binary())])
CHUNKS = "task long, sequence long, bytes binary"
CHUNK_BYTES = 4 << 20


def main():
    arguments = parsed()
    spark = SparkSession.builder.appName("hushlog").getOrCreate()
    spark.conf.set("spark.sql.files.minPartitionNum", str(arguments.map_partitions))
    binary = Shipped.of(spark, arguments.binary, arguments.executor_binary)
    key = Shipped.of(spark, arguments.key_file, arguments.executor_key_file)
    now = arguments.now or datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    policy = policy_of(arguments.policy)
    schema = schema_of_hits(arguments, policy, now)

    chunks = (
        lines(spark, arguments.inputs)
        .mapInArrow(mapping(binary, key, policy, now, schema), spark_schema(schema))
        .repartition(arguments.partitions, "visitor")
        .sortWithinPartitions(*schema.names)
        .mapInArrow(reducing(binary, policy, schema), CHUNKS)
    )
    work = f"{arguments.work.rstrip('/')}/hushlog-{spark.sparkContext.applicationId}"
    try:
        chunks.write.parquet(work)
        with tempfile.TemporaryDirectory(prefix="hushlog-") as folder:
            collect(spark, work, Path(folder))
            status = release(arguments, policy, folder)
    finally:
        remove(spark, work)
        spark.stop()
    sys.exit(status)


def parsed():
    parser = argparse.ArgumentParser(description="hushlog report on Apache Spark", allow_abbrev=False)
    parser.add_argument("inputs", nargs="+", help="logs: paths and patterns of any Hadoop file system")
    parser.add_argument("--output", required=True, help="folder on the driver's machine that receives the statistics")
    parser.add_argument("--partitions", required=True, type=int, help="tasks that reduce")
    parser.add_argument("--map-partitions", type=int, default=1, help="fewest tasks that map: small files are packed otherwise")
    parser.add_argument("--policy", help="file with the arguments of `hushlog report`, with # before comments")
    parser.add_argument("--key-file", required=True, help="key file on the driver's machine")
    parser.add_argument("--executor-key-file", help="where a secret with the key file is mounted on each executor; otherwise it is shipped as by --files")
    parser.add_argument("--binary", default=shutil.which("hushlog"), help="the program on the driver's machine, linked statically")
    parser.add_argument("--executor-binary", help="where the program is on each executor; otherwise it is shipped")
    parser.add_argument("--work", default="hushlog-work", help="folder for partials that all executors reach")
    parser.add_argument("--now", help="when the job began [default: now]")
    arguments = parser.parse_args()
    if not arguments.binary:
        parser.error("--binary: there is no hushlog in PATH")
    return arguments


def policy_of(path):
    """The arguments that all stages get."""
    return shlex.split(Path(path).read_text(encoding="utf-8"), comments=True) if path else []


def schema_of_hits(arguments, policy, now):
    """What every task that maps has to write, down to the fingerprint of the key: what one writes on the driver."""
    with private_copy(arguments.key_file) as key:
        command = [arguments.binary, "map", *policy, "--key-file", key, "--now", now]
        stream = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout
    return pa.ipc.open_stream(stream).schema


def spark_schema(schema):
    types = {pa.string(): StringType(), pa.int64(): LongType()}
    return StructType([StructField(field.name, types[field.type]) for field in schema])


def lines(spark, inputs):
    """Lines as bytes: only a line feed ends one, and what is no UTF-8 stays as it is."""
    text = spark.read.option("lineSep", "\n").text(inputs)
    return text.select(col("value").cast("binary").alias("value"))


class Shipped:
    """A file that each executor has: one that is there already, or one of the driver's, shipped."""

    def __init__(self, name, there):
        self.name, self.there = name, there

    @classmethod
    def of(cls, spark, path, there):
        if not there:
            spark.sparkContext.addFile(path)
        return cls(os.path.basename(path), there)

    def path(self):
        return self.there or SparkFiles.get(self.name)


@contextmanager
def private_copy(path):
    """The key file as the program wants it: nobody else's, in a folder of its own, whatever the engine made of it.
    In memory where there is a file system for that. What a killed task has left goes first."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
    for left in Path(base).glob("hushlog-key-*"):
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = tempfile.mkdtemp(prefix=f"hushlog-key-{os.getpid()}-", dir=base)
    copy = os.path.join(folder, "key")
    try:
        with open(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Path(path).read_bytes())
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def mapping(binary, key, policy, now, schema):
    def task(batches):
        with ExitStack() as copy:
            file = copy.enter_context(private_copy(key.path()))
            command = [program(binary), "map", *policy, "--key-file", file, "--now", now]
            with Child(command, LINES, batches) as child:
                stream = pa.ipc.open_stream(child.output)
                copy.close()  # The program has read it before it says what its columns are.
                if not stream.schema.equals(schema, check_metadata=True):
                    raise RuntimeError("this task has another program, key file or policy than the driver")
                yield from stream

    return task


def reducing(binary, policy, schema):
    def task(batches):
        number = TaskContext.get().partitionId()
        with Child([program(binary), "reduce", *policy], schema, batches) as child:
            sequence = 0
            while chunk := child.output.read(CHUNK_BYTES):
                columns = [pa.array([number]), pa.array([sequence]), pa.array([chunk], pa.binary())]
                yield pa.RecordBatch.from_arrays(columns, ["task", "sequence", "bytes"])
                sequence += 1

    return task


def program(binary):
    """The program; what Spark has shipped has lost its permission to be run."""
    path = binary.path()
    if not os.access(path, os.X_OK):
        os.chmod(path, 0o700)
    return path


class Child:
    """The program, fed from a thread, since two full pipes would wait for each other."""

    def __init__(self, command, schema, batches):
        self.schema, self.batches, self.failure = schema, batches, None
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.output = self.process.stdout
        self.feeder = threading.Thread(target=self.feed, daemon=True)

    def feed(self):
        try:
            with pa.ipc.new_stream(self.process.stdin, self.schema) as stream:
                for batch in self.batches:
                    stream.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=self.schema))
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # Its status says why.
        except BaseException as failure:  # Without all of its input it must not end as if it had it.
            self.failure = failure
            self.process.kill()

    def __enter__(self):
        self.feeder.start()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.process.kill()
            self.process.wait()
            return
        self.feeder.join()
        status = self.process.wait()
        if self.failure:
            raise self.failure
        if status:
            raise RuntimeError(f"hushlog ended with status {status}; what it said is in the executor's log")


def collect(spark, work, folder):
    """Brings the partials to the driver, a file for each task."""
    rows = spark.read.parquet(work).orderBy("task", "sequence")
    for row in rows.toLocalIterator(prefetchPartitions=True):
        with open(folder / f"{row.task:06}.arrow", "ab") as file:
            file.write(row.bytes)


def release(arguments, policy, folder):
    command = [arguments.binary, "release", folder, "-o", arguments.output, "--key-file", arguments.key_file]
    return subprocess.run([*command, *policy], check=False).returncode


def remove(spark, path):
    jvm = spark.sparkContext._jvm
    place = jvm.org.apache.hadoop.fs.Path(path)
    place.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).delete(place, True)


if __name__ == "__main__":
    main()
