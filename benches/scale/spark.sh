#!/bin/sh
# Features of behaviour on a Spark cluster: a master and two workers on this machine's loopback, orders as a
# partitioned Parquet set, the statement of `--print-sql --dialect spark`. Not part of CI: it wants Java 17 and a
# Python with pyspark (python3 -m venv V && V/bin/pip install pyspark pyarrow).
#   PYTHON=V/bin/python benches/scale/spark.sh ORDERS STATEMENT.sql OUT_FOLDER [ARGUMENTS of docs/examples/spark_features.py]
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-/tmp/sparkvenv/bin/python}
orders=$1 statement=$2 out=$3
shift 3
home=$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
# A busy machine is no lost worker.
export SPARK_MASTER_OPTS="-Dspark.worker.timeout=600"
export SPARK_LOCAL_IP=127.0.0.1 SPARK_NO_DAEMONIZE=1 PYSPARK_PYTHON="$python"
mkdir -p "$out"
run() { "$home/bin/spark-class" "$@" > "$out/$name.log" 2>&1 & pids="$pids $!"; }
pids=''
trap 'kill $pids 2>/dev/null || true' EXIT INT TERM
name=master run org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 7177 --webui-port 8177
sleep 5
for n in 1 2; do
    name=worker$n run org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --cores 1 --memory "${WORKER_MEMORY:-2g}" \
        --work-dir "$out/work$n" --webui-port 818$n spark://127.0.0.1:7177
done
sleep 5
"$python" "$here/docs/examples/spark_features.py" --master spark://127.0.0.1:7177 \
    --orders "$orders" --statement "$statement" --out "$out" "$@"
