"""Makes survival.json: Kaplan-Meier, log-rank, Cox and its check by lifelines, on small made-up contracts.

python tests/golden/survival.py > tests/golden/survival.json
"""

import json
import sys

import lifelines
import numpy as np
import pandas as pd
from lifelines.statistics import multivariate_logrank_test, proportional_hazard_test

rng = np.random.default_rng(7)


def case(n, ties):
    x = np.column_stack([rng.integers(0, 2, n), rng.normal(40, 12, n), rng.integers(0, 2, n)]).astype(float)
    score = 0.8 * x[:, 0] - 0.03 * x[:, 1]
    time = rng.exponential(20 * np.exp(-score))
    end = rng.uniform(1, 40, n)
    left = time <= end
    time = np.minimum(time, end)
    if ties:
        time = np.ceil(time)
    group = rng.integers(0, 3, n)
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(time=time, left=left.astype(int))
    km = lifelines.KaplanMeierFitter().fit(time, left)
    ci = km.confidence_interval_
    at = [t for t in km.survival_function_.index if t in set(time[left])]
    test = multivariate_logrank_test(time, group, left)
    cox = lifelines.CoxPHFitter().fit(frame, "time", "left", fit_options={"precision": 1e-12})
    check = proportional_hazard_test(cox, frame, time_transform="rank")
    return {
        "time": time.tolist(),
        "left": left.tolist(),
        "group": group.tolist(),
        "x": x.tolist(),
        "km": {
            "time": at,
            "share": km.survival_function_.loc[at].iloc[:, 0].tolist(),
            "low": ci.loc[at].iloc[:, 0].tolist(),
            "high": ci.loc[at].iloc[:, 1].tolist(),
        },
        "log_rank": {"chi_square": float(test.test_statistic), "p": float(test.p_value)},
        "cox": {
            "coefficients": cox.params_.tolist(),
            "errors": cox.standard_errors_.tolist(),
            "log_likelihood": float(cox.log_likelihood_),
            "concordance": float(cox.concordance_index_),
            "proportional": np.atleast_1d(check.p_value).tolist(),
        },
    }


versions = {"python": sys.version.split()[0], "lifelines": lifelines.__version__, "numpy": np.__version__}
print(json.dumps({"versions": versions, "cases": [case(120, True), case(90, False)]}))
