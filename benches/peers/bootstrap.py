"""The bootstrap of the figures of `benches/bootstrap.rs` as scikit-learn's users write it: rows drawn with
replacement, every metric called on the draw. `python bootstrap.py FILE [DRAWS]`; FILE holds `score,label`.
"""
import sys
import time

import numpy as np
import sklearn
from sklearn import metrics as m


def ece(y, p, edges):
    ids = np.clip(np.searchsorted(edges, p), 0, 9)
    return np.abs(np.bincount(ids, p - y, 10)).sum() / len(y)


def figures(y, p):
    said = (p >= 0.5).astype(int)
    return [
        m.accuracy_score(y, said), m.balanced_accuracy_score(y, said), m.precision_score(y, said),
        m.recall_score(y, said), m.f1_score(y, said), m.matthews_corrcoef(y, said),
        m.roc_auc_score(y, p), m.average_precision_score(y, p), m.log_loss(y, p), m.brier_score_loss(y, p),
        ece(y, p, np.linspace(0, 1, 11)[1:-1]), ece(y, p, np.quantile(p, np.linspace(0, 1, 11)[1:-1])),
    ]


data = np.loadtxt(sys.argv[1], delimiter=",")
p, y = data[:, 0].copy(), data[:, 1].astype(int)
draws = int(sys.argv[2]) if len(sys.argv) > 2 else 20
rng = np.random.default_rng(1)
figures(y, p)
best = np.inf
for _ in range(3):
    began = time.perf_counter()
    for _ in range(draws):
        rows = rng.integers(0, len(y), len(y))
        figures(y[rows], p[rows])
    best = min(best, (time.perf_counter() - began) / draws)
print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}: {draws} draws of {len(y)} rows, best of three")
print(f"seconds a draw: {best:.6f}")
