"""The peer of `cargo bench --bench serve`: the same kind of model behind FastAPI and onnxruntime.

    python serve.py FILE.csv TARGET PORT     (fastapi, uvicorn[standard], skl2onnx, onnxruntime, scikit-learn, pandas)

The pipeline is what a data scientist would write: imputation, scaling, one-hot encoding and a logistic
regression or a network of the same shape, exported to ONNX, so that a request runs no pandas and no
scikit-learn. One row a request, as JSON; one process of uvicorn for each core (WORKERS overrides).
"""

import os
import sys
import tempfile

import numpy as np

FILE, TARGET, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])
MODEL = os.environ.get("MODEL", "logistic")
WORKERS = int(os.environ.get("WORKERS", os.cpu_count() or 1))
ONNX = os.path.join(tempfile.gettempdir(), f"regulars-peer-{PORT}.onnx")


def columns():
    import pandas as pd

    frame = pd.read_csv(FILE)
    if "TotalCharges" in frame:
        frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce")
    x = frame.drop(columns=[TARGET, *[c for c in frame if frame[c].is_unique and frame[c].dtype == object]])
    numbers = [c for c in x if x[c].dtype != object and str(x[c].dtype) != "str"]
    words = [c for c in x if c not in numbers and x[c].nunique() <= 50]
    return frame, x[numbers + words], numbers, words


def build():
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame, x, numbers, words = columns()
    x = x.copy()
    x[words] = x[words].fillna("(missing)").astype(str)
    last = (
        LogisticRegression(max_iter=1000)
        if MODEL == "logistic"
        else MLPClassifier((64, 32), max_iter=30, random_state=1)
    )
    pipeline = make_pipeline(
        ColumnTransformer([
            ("n", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("w", OneHotEncoder(handle_unknown="ignore"), words),
        ]),
        last,
    )
    pipeline.fit(x.astype({c: np.float32 for c in numbers}), frame[TARGET])
    types = [(c, FloatTensorType([None, 1]) if c in numbers else StringTensorType([None, 1])) for c in x]
    model = to_onnx(pipeline, initial_types=types, options={id(last): {"zipmap": False}})
    with open(ONNX, "wb") as out:
        out.write(model.SerializeToString())


def app():
    import onnxruntime
    from fastapi import FastAPI, Request

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(ONNX, options, providers=["CPUExecutionProvider"])
    inputs = [(one.name, "string" in one.type) for one in session.get_inputs()]
    service = FastAPI()

    @service.post("/v1/score")
    async def score(request: Request):
        row = await request.json()
        feed = {}
        for name, is_text in inputs:
            value = row.get(name)
            if is_text:
                feed[name] = np.array([["(missing)" if value is None else str(value)]], dtype=object)
            else:
                try:
                    number = float(value)
                except (TypeError, ValueError):
                    number = np.nan
                feed[name] = np.array([[number]], dtype=np.float32)
        probability = float(session.run(None, feed)[1][0][1])
        return {"probability": probability, "at_risk": probability >= 0.5}

    return service


if __name__ == "__main__":
    import uvicorn

    build()
    uvicorn.run("serve:app", factory=True, port=PORT, workers=WORKERS, log_level="warning", access_log=False,
                app_dir=os.path.dirname(os.path.abspath(__file__)))
