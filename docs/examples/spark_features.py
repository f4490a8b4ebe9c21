"""Features of behaviour worked out by a Spark cluster, from a partitioned Parquet set of orders.

    python spark_features.py --master spark://HOST:7077 --orders ORDERS --statement FILE.sql --out FOLDER

ORDERS is a CSV file or a folder of Parquet. A CSV file is first written as Parquet, its customers in parts by hash.
FILE.sql is what `regulars train … --print-sql --dialect spark` prints; lines with -- are comments, and statements
end with a semicolon: all but the last are run for what they define, the last one's rows are the features. They are
written to FOLDER/features as Parquet, which `regulars train FOLDER/features --target …` reads like any file.
What it took is printed as one JSON object.
"""

import argparse
import json
import pathlib
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
arguments.add_argument("--cast", action="append", default=[], metavar="COLUMN=TYPE", help="the type of a CSV's column")
asked = arguments.parse_args()

begun = time.time()
spark = (
    SparkSession.builder.master(asked.master)
    .appName("regulars features")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", asked.parts)
    .config("spark.executor.memory", "1500m")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
out = pathlib.Path(asked.out).resolve()
source = pathlib.Path(asked.orders).resolve()
told = {"spark": spark.version, "master": asked.master}

if source.is_file() and source.suffix == ".csv":
    frame = spark.read.csv(str(source), header=True, inferSchema=True)
    for wish in asked.cast:
        name, kind = wish.split("=", 1)
        frame = frame.withColumn(name, expr(f"CAST(`{name}` AS {kind})"))
    source = out / "orders"
    part = pmod(spark_hash(col(asked.customer)), lit(asked.parts))
    frame.withColumn("part", part).repartition(asked.parts, "part").write.mode("overwrite").partitionBy(
        "part"
    ).parquet(str(source))
    told["write_seconds"] = round(time.time() - begun, 1)

orders = spark.read.parquet(str(source))
orders.createOrReplaceTempView(asked.view)
text = "\n".join(
    line for line in pathlib.Path(asked.statement).read_text(encoding="utf-8").splitlines()
    if not line.lstrip().startswith("--")
)
statements = [one.strip() for one in text.split(";") if one.strip()]
if not statements:
    sys.exit(f"{asked.statement} holds no statement")
begun = time.time()
for one in statements[:-1]:
    spark.sql(one)
features = spark.sql(statements[-1])
features.write.mode("overwrite").parquet(str(out / "features"))
told["seconds"] = round(time.time() - begun, 1)
told["rows"] = spark.read.parquet(str(out / "features")).count()
told["columns"] = features.columns
told["orders"] = orders.count()
told["parts"] = orders.rdd.getNumPartitions()
# One of those that the scheduler knows is the driver itself.
told["executors"] = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
print(json.dumps(told))
spark.stop()
