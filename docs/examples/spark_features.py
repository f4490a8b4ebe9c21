"""Features of behaviour worked out by a Spark cluster, from a partitioned Parquet set of orders.

    python spark_features.py --master spark://HOST:7077 --orders ORDERS --statement FILE.sql --out FOLDER

ORDERS is a CSV file or a folder of Parquet. A CSV file is first written as Parquet, its customers in parts by hash.
FILE.sql is what `regulars train … --print-sql --dialect spark` prints: one statement for each cut-off day, behind a
line `-- 2026-06-30`. The rows of all days are written to FOLDER/features as Parquet, with the day beside them.
What it took is printed as one JSON object.
"""

import argparse
import json
import pathlib
import re
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, expr, hash as spark_hash, lit, pmod

arguments = argparse.ArgumentParser()
arguments.add_argument("--master", default="local[2]")
arguments.add_argument("--orders", required=True)
arguments.add_argument("--statement", required=True)
arguments.add_argument("--out", required=True)
arguments.add_argument("--view", default="orders", help="the name that the statement has for the orders")
arguments.add_argument("--customer", default="customer_id", help="the column that the parts are made by")
arguments.add_argument("--parts", type=int, default=8)
arguments.add_argument(
    "--set", action="append", default=[], metavar="COLUMN=EXPRESSION", help="what a CSV's column is, in SQL; text without"
)
asked = arguments.parse_args()

begun = time.time()
spark = (
    SparkSession.builder.master(asked.master)
    .appName("regulars features")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", asked.parts)
    .config("spark.executor.memory", "1500m")
    .config("spark.network.timeout", "600s")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
out = pathlib.Path(asked.out).resolve()
source = pathlib.Path(asked.orders).resolve()
told = {"spark": spark.version, "master": asked.master}

if source.is_file() and source.suffix in (".csv", ".gz"):
    # Every column is text until it is said what it is: a customer's number keeps its zeros.
    frame = spark.read.csv(str(source), header=True, quote='"', escape='"')
    for wish in asked.set:
        name, what = wish.split("=", 1)
        frame = frame.withColumn(name, expr(what))
    source = out / "orders"
    part = pmod(spark_hash(col(asked.customer)), lit(asked.parts))
    frame.withColumn("part", part).repartition(asked.parts, "part").write.mode("overwrite").partitionBy(
        "part"
    ).parquet(str(source))
    told["write_seconds"] = round(time.time() - begun, 1)

orders = spark.read.parquet(str(source))
orders.createOrReplaceTempView(asked.view)
# Each statement is one day; a line before it says which.
statements, day, lines = [], None, []
for line in pathlib.Path(asked.statement).read_text(encoding="utf-8").splitlines():
    if line.startswith("--"):
        found = re.search(r"\d{4}-\d{2}-\d{2}", line)
        day = found.group(0) if found else day
        continue
    lines.append(line)
    if line.rstrip().endswith(";"):
        statements.append((day, "\n".join(lines).rstrip().rstrip(";")))
        lines = []
if "".join(lines).strip():
    statements.append((day, "\n".join(lines)))
if not statements:
    sys.exit(f"{asked.statement} holds no statement")
begun = time.time()
features = None
for day, statement in statements:
    rows = spark.sql(statement)
    if day is not None:
        rows = rows.withColumn("cut_off", lit(day))
    features = rows if features is None else features.unionByName(rows)
features.repartition(1).write.mode("overwrite").parquet(str(out / "features"))
told["seconds"] = round(time.time() - begun, 1)
written = spark.read.parquet(str(out / "features"))
told["rows"] = written.count()
if "cut_off" in written.columns:
    days = written.groupBy("cut_off").count().orderBy("cut_off").collect()
    told["rows_by_day"] = {row["cut_off"]: row["count"] for row in days}
told["columns"] = features.columns
told["orders"] = orders.count()
told["parts"] = orders.rdd.getNumPartitions()
# One of those that the scheduler knows is the driver itself.
told["executors"] = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
print(json.dumps(told))
spark.stop()
