"""Scores rows with a model that `regulars export` wrote, in onnxruntime, and says how far the
probabilities are from ours:

    regulars export model.bundle customers.csv --onnx model.onnx --matrix rows.csv
    python benches/peers/onnx_equal.py model.onnx rows.csv

Exits with 1 where they differ by more than 1e-5. pip install onnxruntime numpy
"""
import csv
import json
import sys

import numpy
import onnxruntime

model, rows = sys.argv[1:3]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
names = json.loads(session.get_modelmeta().custom_metadata_map["features"])
with open(rows, newline="", encoding="utf-8") as file:
    table = list(csv.DictReader(file))
features = numpy.array([[row[name] for name in names] for row in table], dtype=numpy.float32)
ours = numpy.array([float(row["probability"]) for row in table])
theirs = session.run(["probability"], {"features": features})[0].ravel()
worst = float(numpy.abs(ours - theirs).max())
print(f"onnxruntime {onnxruntime.__version__}: {len(ours)} rows, {len(names)} features, largest difference {worst:.2e}")
sys.exit(worst > 1e-5)
