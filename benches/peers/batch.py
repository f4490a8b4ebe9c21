"""The peer of `cargo bench --bench batch`: the same kind of model as a scikit-learn pipeline over a large file.

    MODEL=logistic|mlp TARGET=Churn python batch.py fit FILE.csv MODEL.pickle
    python batch.py score MODEL.pickle LARGE.csv OUT.csv          (pandas, scikit-learn)

The pipeline is what a data scientist would write: imputation, scaling, one-hot encoding, and a logistic
regression or a network of the same shape (64 and 32 units). The large file is read by pandas in blocks of
65,536 rows; identifier, probability and decision of every row are written.
"""

import os
import pickle
import sys

import pandas as pd

BLOCK = 65_536


def read(frame):
    if "TotalCharges" in frame:
        frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce")
    return frame


def fit(file, to):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    target = os.environ["TARGET"]
    frame = read(pd.read_csv(file))
    name = frame.columns[0]
    x = frame.drop(columns=[target, name])
    numbers = [c for c in x if pd.api.types.is_numeric_dtype(x[c])]
    words = [c for c in x if c not in numbers and x[c].nunique() <= 50]
    steps = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("words", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), words),
    ])
    if os.environ.get("MODEL", "logistic") == "mlp":
        model = MLPClassifier(hidden_layer_sizes=(64, 32), max_iter=10, random_state=0)
    else:
        model = LogisticRegression(max_iter=1000)
    positive = sorted(frame[target].unique())[-1]
    pipeline = make_pipeline(steps, model).fit(x, frame[target] == positive)
    with open(to, "wb") as file:
        pickle.dump((name, numbers + words, pipeline), file)


def score(model, file, to):
    with open(model, "rb") as opened:
        name, columns, pipeline = pickle.load(opened)
    with open(to, "w", encoding="utf-8") as out:
        out.write("id,probability,at_risk\n")
        for block in pd.read_csv(file, chunksize=BLOCK):
            block = read(block)
            p = pipeline.predict_proba(block[columns])[:, 1]
            rows = pd.DataFrame({"id": block[name], "probability": p, "at_risk": (p >= 0.5).astype(int)})
            rows.to_csv(out, header=False, index=False, float_format="%.6f")


if __name__ == "__main__":
    {"fit": fit, "score": score}[sys.argv[1]](*sys.argv[2:])
