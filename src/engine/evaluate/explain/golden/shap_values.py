"""Makes shap_values.json: forests, boosted trees and a logistic regression of scikit-learn, and what `shap`
says of them against 16 rows of comparison. Run with the versions that the JSON names:

    pip install shap==0.51.0 scikit-learn==1.9.1 numpy==2.4.6
    python shap_values.py > shap_values.json
"""

import json
import sys

import numpy as np
import shap
import sklearn
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 6)).astype(np.float32)
x[:, 4] = rng.integers(0, 3, 400)
x[:, 5] = (x[:, 0] + rng.normal(size=400) > 0).astype(np.float32)
z = 1.5 * x[:, 0] * x[:, 1] - x[:, 2] + (x[:, 4] == 1) + 0.5 * x[:, 5]
y = (rng.random(400) < 1 / (1 + np.exp(-z))).astype(int)
background, rows = x[:16], x[16:28]


def flat(tree, value):
    """Preorder, `x < bound` goes below: scikit-learn asks `x <= threshold`."""
    features, values, above = [], [], []

    def copy(node):
        at = len(features)
        features.append(-1)
        values.append(0.0)
        above.append(0)
        if tree.children_left[node] < 0:
            values[at] = float(value(node))
            return
        features[at] = int(tree.feature[node])
        # The smallest 32-bit number beyond the threshold.
        bound = np.float32(tree.threshold[node])
        if float(bound) <= tree.threshold[node]:
            bound = np.nextafter(bound, np.float32(np.inf), dtype=np.float32)
        values[at] = float(bound)
        copy(tree.children_left[node])
        above[at] = len(features)
        copy(tree.children_right[node])

    copy(0)
    return {"features": features, "values": values, "above": above}


# A learning rate of 1: leaves are what is added up.
boosted = GradientBoostingClassifier(n_estimators=12, max_depth=3, learning_rate=1.0, random_state=1).fit(x, y)
for estimator in boosted.estimators_.ravel():
    # As many digits as our trees keep.
    estimator.tree_.value[:] = estimator.tree_.value.astype(np.float32).astype(float)
forest = RandomForestClassifier(n_estimators=8, max_depth=6, random_state=1).fit(x, y)
logistic = LogisticRegression().fit(x, y)


def told(model, output):
    explainer = shap.TreeExplainer(
        model, background, feature_perturbation="interventional", model_output=output
    )
    values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    expected = np.ravel(explainer.expected_value)
    if values.ndim == 3:
        values = values[:, :, 1] if values.shape[2] == 2 else values[1]
    return {"base": float(expected[-1]), "shares": values.tolist()}


linear = shap.LinearExplainer(logistic, shap.maskers.Independent(background, max_samples=16))
prior = float(np.ravel(boosted._raw_predict_init(x[:1]))[0])
json.dump(
    {
        "versions": {"shap": shap.__version__, "sklearn": sklearn.__version__, "numpy": np.__version__},
        "background": background.tolist(),
        "rows": rows.tolist(),
        "boosted": {
            "base": prior,
            "trees": [flat(e.tree_, lambda n, t=e.tree_: t.value[n].ravel()[0]) for e in boosted.estimators_.ravel()],
            "log_odds": told(boosted, "raw"),
            "probability": told(boosted, "probability"),
        },
        "forest": {
            "trees": [
                flat(e.tree_, lambda n, t=e.tree_: t.value[n].ravel()[1] / t.value[n].ravel().sum())
                for e in forest.estimators_
            ],
            "probability": told(forest, "raw"),
        },
        "logistic": {
            "coefficients": logistic.coef_.ravel().tolist(),
            "intercept": float(logistic.intercept_[0]),
            "log_odds": {
                "base": float(np.ravel(linear.expected_value)[0]),
                "shares": np.asarray(linear.shap_values(rows)).tolist(),
            },
        },
    },
    sys.stdout,
)
