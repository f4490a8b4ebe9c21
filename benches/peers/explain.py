"""Shapley values of a boosted ensemble by `shap`, and the same ensemble for `benches/explain.rs`:

    pip install shap==0.51.0 scikit-learn==1.9.1 numpy==2.4.6
    python benches/peers/explain.py /tmp/ensemble.json
    REGULARS_ENSEMBLE=/tmp/ensemble.json cargo bench --profile dev --bench explain

100 trees of depth 4 on 20 features, 10,000 rows, 16 rows of comparison; the best and the median of five.
"""

import json
import sys
import time

import numpy as np
import shap
import sklearn
from sklearn.ensemble import GradientBoostingClassifier

rng = np.random.default_rng(3)
x = rng.normal(size=(10_000, 20)).astype(np.float32)
z = 1.5 * x[:, 0] * x[:, 1] - x[:, 2] + np.abs(x[:, 3]) + 0.5 * x[:, 4:12].sum(axis=1) - 0.8
y = (rng.random(len(x)) < 1 / (1 + np.exp(-z))).astype(int)
model = GradientBoostingClassifier(n_estimators=100, max_depth=4, learning_rate=0.1, subsample=0.5, random_state=1)
model.fit(x, y)
background = x[:16]


def flat(tree):
    features, values, above = [], [], []

    def copy(node):
        at = len(features)
        features.append(-1)
        values.append(float(np.float32(0.1 * tree.value[node].ravel()[0])))
        above.append(0)
        if tree.children_left[node] < 0:
            return
        bound = np.float32(tree.threshold[node])
        if float(bound) <= tree.threshold[node]:
            bound = np.nextafter(bound, np.float32(np.inf), dtype=np.float32)
        features[at], values[at] = int(tree.feature[node]), float(bound)
        copy(tree.children_left[node])
        above[at] = len(features)
        copy(tree.children_right[node])

    copy(0)
    return {"features": features, "values": values, "above": above}


def told(name, one):
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        one()
        seconds.append(time.perf_counter() - start)
    print(f"shap {shap.__version__} {name:<34} best {min(seconds):6.3f} s, median {sorted(seconds)[2]:6.3f} s")


interventional = shap.TreeExplainer(model, background, feature_perturbation="interventional")
points = shap.TreeExplainer(
    model, background, feature_perturbation="interventional", model_output="probability"
)
by_path = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
told("interventional, log-odds", lambda: interventional.shap_values(x, check_additivity=False))
told("interventional, probability", lambda: points.shap_values(x, check_additivity=False))
told("path-dependent, log-odds", lambda: by_path.shap_values(x, check_additivity=False))
if len(sys.argv) > 1:
    with open(sys.argv[1], "w") as out:
        json.dump(
            {
                "base": float(np.ravel(model._raw_predict_init(x[:1]))[0]),
                "trees": [flat(e.tree_) for e in model.estimators_.ravel()],
                "background": background.ravel().tolist(),
                "rows": x.ravel().tolist(),
                "first": np.asarray(points.shap_values(x[:1], check_additivity=False)).ravel().tolist(),
            },
            out,
        )
