"""Makes `metrics.json`: cases and what scikit-learn says of them, for `src/engine/metrics/golden.rs`.

    python tests/golden/metrics.py > tests/golden/metrics.json

Expected calibration error is not in scikit-learn: bins of equal width are those of its `calibration_curve`,
bins of equal weight are computed here from their definition. DeLong's test is computed here pair by pair.
"""
import json
import sys
import warnings

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics as m

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261128)


def number(value):
    value = float(value)
    return None if np.isnan(value) else value


def ece_width(y, p, w):
    ids = np.searchsorted(np.linspace(0.0, 1.0, 11)[1:-1], p)
    return sum(abs(np.sum((w * (p - y))[ids == b])) for b in range(10)) / w.sum()


def ece_mass(y, p, w):
    """Rows of one score stay together and belong to the bin of their middle, counted from the highest."""
    total, above, bins = w.sum(), 0.0, {}
    for score in sorted(set(p), reverse=True):
        tied = p == score
        b = min(int(10 * (above + w[tied].sum() / 2) / total), 9)
        bins[b] = bins.get(b, 0.0) + np.sum((w * (p - y))[tied])
        above += w[tied].sum()
    return sum(abs(gap) for gap in bins.values()) / total


def check_ece(y, p):
    """Without weights the bins are those of calibration_curve."""
    from sklearn.calibration import calibration_curve

    true, pred = calibration_curve(y, p, n_bins=10, strategy="uniform")
    ids = np.searchsorted(np.linspace(0.0, 1.0, 11)[1:-1], p)
    share = np.bincount(ids, minlength=10)
    share = share[share > 0] / len(y)
    assert abs(np.sum(share * np.abs(true - pred)) - ece_width(y, p, np.ones(len(y)))) < 1e-12


def binary(name, y, p, threshold, w=None):
    y, p = np.asarray(y, int), np.asarray(p, float)
    said = (p >= threshold).astype(int)
    k = {} if w is None else {"sample_weight": w}
    weights = np.ones(len(y)) if w is None else np.asarray(w, float)
    both = len(set(y[weights > 0])) == 2
    if w is None and both:
        check_ece(y, p)
    values = {
        "accuracy": m.accuracy_score(y, said, **k),
        "balanced_accuracy": m.balanced_accuracy_score(y, said, **k),
        "precision": m.precision_score(y, said, zero_division=0, **k),
        "recall": m.recall_score(y, said, zero_division=0, **k),
        "f1": m.f1_score(y, said, zero_division=0, **k),
        "matthews": m.matthews_corrcoef(y, said, **k),
        "roc_auc": m.roc_auc_score(y, p, **k) if both else float("nan"),
        # Without a positive row scikit-learn warns and says 0; we say nothing.
        "pr_auc": m.average_precision_score(y, p, **k) if weights[y == 1].sum() > 0 else float("nan"),
        "log_loss": m.log_loss(y, p, labels=[0, 1], **k),
        "brier": m.brier_score_loss(y, p, pos_label=1, **k),
        "ece": ece_width(y, p, weights),
        "ece_mass": ece_mass(y, p, weights),
    }
    return {
        "name": name, "labels": y.tolist(), "scores": p.tolist(), "threshold": threshold,
        "weights": None if w is None else weights.tolist(),
        "values": {key: number(value) for key, value in values.items()},
    }


def classes(name, y, p, w=None):
    y, p = np.asarray(y, int), np.asarray(p, float)
    k_all = p.shape[1]
    labels = list(range(k_all))
    said = p.argmax(1)
    k = {} if w is None else {"sample_weight": w}
    weights = np.ones(len(y)) if w is None else w
    values = {
        "accuracy": m.accuracy_score(y, said, **k),
        "balanced_accuracy": m.balanced_accuracy_score(y, said, **k),
        "log_loss": m.log_loss(y, p, labels=labels, **k),
    }
    for average in ("micro", "macro", "weighted"):
        got = m.precision_recall_fscore_support(
            y, said, labels=labels, average=average, zero_division=0, **k)
        for part, value in zip(("precision", "recall", "f1"), got):
            values[f"{average}_{part}"] = value
    whole = all(weights[y == c].sum() > 0 for c in labels)
    # One class against the rest at a time: scikit-learn refuses weights for many classes at once.
    values["roc_auc"] = np.mean([m.roc_auc_score(y == c, p[:, c], **k) for c in labels]) if whole else float("nan")
    if whole and w is None and k_all > 2:
        assert abs(values["roc_auc"] - m.roc_auc_score(y, p, multi_class="ovr", average="macro")) < 1e-12
    return {
        "name": name, "classes": k_all, "labels": y.tolist(), "probabilities": p.ravel().tolist(),
        "weights": None if w is None else weights.tolist(),
        "confusion": m.confusion_matrix(y, said, labels=labels, **k).astype(float).tolist(),
        "values": {key: number(value) for key, value in values.items()},
    }


def regression(name, y, p, w=None):
    y, p = np.asarray(y, float), np.asarray(p, float)
    k = {} if w is None else {"sample_weight": w}
    values = {
        "mae": m.mean_absolute_error(y, p, **k),
        "rmse": m.root_mean_squared_error(y, p, **k),
        "mape": m.mean_absolute_percentage_error(y, p, **k),
        "r2": m.r2_score(y, p, **k),
        "median_absolute_error": m.median_absolute_error(y, p, **k),
    }
    return {
        "name": name, "actual": y.tolist(), "predicted": p.tolist(),
        "weights": None if w is None else np.asarray(w, float).tolist(),
        "values": {key: number(value) for key, value in values.items()},
    }


def delong(name, y, a, b):
    y, a, b = np.asarray(y, bool), np.asarray(a), np.asarray(b)

    def parts(s):
        wins = (s[y][:, None] > s[~y]) + 0.5 * (s[y][:, None] == s[~y])
        return wins.mean(), wins.mean(1), wins.mean(0)

    (one, own_a, other_a), (two, own_b, other_b) = parts(a), parts(b)

    def variance(own, other):
        return np.var(own, ddof=1) / len(own) + np.var(other, ddof=1) / len(other)

    error = np.sqrt(variance(own_a - own_b, other_a - other_b))
    return {
        "name": name, "labels": y.astype(int).tolist(), "first": a.tolist(), "second": b.tolist(),
        "auc": one, "auc_error": np.sqrt(variance(own_a, other_a)), "difference": one - two,
        "p": 2 * stats.norm.sf(abs(one - two) / error),
    }


def corrected_t(differences, ratio):
    d = np.asarray(differences)
    t = d.mean() / np.sqrt(d.var(ddof=1) * (1 / len(d) + ratio))
    return {"differences": d.tolist(), "ratio": ratio, "p": 2 * stats.t.sf(abs(t), len(d) - 1)}


def mcnemar(first, second):
    n = first + second
    p = stats.binomtest(first, n).pvalue if 0 < n < 25 else stats.chi2.sf((first - second) ** 2 / n, 1) if n else 1
    return {"first": first, "second": second, "p": float(p)}


def drawn(n, share=0.3, sep=1.0):
    y = (rng.random(n) < share).astype(int)
    p = 1 / (1 + np.exp(-(rng.normal(size=n) + sep * y - 1)))
    return y, np.round(p, 6)


def short(values, digits=6):
    return np.round(values, digits)


cases = []
for n in (7, 40, 150):
    y, p = drawn(n)
    y[:2] = (0, 1)
    cases.append(binary(f"random {n}", y, p, 0.5))
    cases.append(binary(f"weights {n}", y, p, 0.4, short(rng.gamma(1.0, size=n))))
    cases.append(binary(f"ties {n}", y, np.round(p, 1), 0.5))
    cases.append(binary(f"ties and whole weights {n}", y, np.round(p, 1), 0.3, rng.integers(0, 4, n) + (np.arange(n) < 2)))
y, p = drawn(60)
cases += [
    binary("all same score", y, np.full(60, 0.3), 0.5),
    binary("all same score, all flagged", y, np.full(60, 0.3), 0.3),
    binary("all positive", np.ones(9, int), p[:9], 0.5),
    binary("none positive", np.zeros(9, int), p[:9], 0.5),
    binary("nobody flagged", y, p * 0.4, 0.9),
    binary("everybody flagged", y, p, 0.0),
    binary("sure and right", y, y.astype(float), 0.5),
    binary("sure and wrong", y, 1.0 - y, 0.5),
    binary("zero weights", y, p, 0.5, (np.arange(60) % 3 > 0).astype(float)),
    binary("positives without weight", y, p, 0.5, (y == 0).astype(float)),
    binary("edges of bins", np.arange(22) % 2, np.tile(np.linspace(0, 1, 11), 2), 0.5),
    binary("one row", [1], [0.7], 0.5),
    binary("a rare class", (np.arange(200) == 7).astype(int), short(rng.random(200)), 0.5),
]


def dirichlet(n, k, sharp=1.0):
    p = np.round(rng.dirichlet(np.full(k, sharp), n), 4)
    p[:, -1] = 1 - p[:, :-1].sum(1)
    return np.clip(np.round(p, 4), 0, 1)


many = []
for n, k in ((50, 3), (120, 5)):
    p = dirichlet(n, k)
    y = np.array([rng.choice(k, p=0.6 * row / row.sum() + 0.4 / k) for row in p])
    y[:k] = np.arange(k)
    many.append(classes(f"random {n}×{k}", y, p))
    many.append(classes(f"weights {n}×{k}", y, p, short(rng.gamma(1.0, size=n))))
many.append(classes("a class that no row has", np.arange(30) % 2, dirichlet(30, 3)))
many.append(classes("a class that nobody says", np.arange(30) % 3, np.tile([0.5, 0.3, 0.2], (30, 1))))
many.append(classes("ties", np.arange(40) % 4, np.tile([[0.25] * 4, [0.4, 0.4, 0.1, 0.1]], (20, 1))))

numbers = []
for n in (2, 3, 80):
    y = short(rng.normal(50, 20, n), 4)
    numbers.append(regression(f"random {n}", y, short(y + rng.normal(0, 5, n), 4)))
y = short(rng.gamma(2.0, 30.0, 60), 4)
numbers += [
    regression("weights", y, y + short(rng.normal(0, 9, 60), 4), short(rng.gamma(1.0, size=60))),
    regression("whole weights", y, y + short(rng.normal(0, 9, 60), 4), rng.integers(0, 3, 60).astype(float)),
    regression("constant, told", np.full(5, 4.0), np.full(5, 4.0)),
    regression("constant, missed", np.full(5, 4.0), np.array([4.0, 5.0, 4.0, 3.0, 4.0])),
    regression("zeros", np.array([0.0, 1.0, 2.0]), np.array([0.5, 1.0, 1.5])),
    regression("one row", np.array([2.0]), np.array([3.0])),
]

y, a = drawn(90)
pairs = [
    delong("two models", y, a, short(np.clip(a + rng.normal(0, 0.2, 90), 0, 1))),
    delong("ties", y, np.round(a, 1), np.round(np.clip(a + rng.normal(0, 0.2, 90), 0, 1), 1)),
]
print(json.dumps({
    "versions": {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__,
                 "scikit-learn": sklearn.__version__},
    "binary": cases, "classes": many, "regression": numbers, "delong": pairs,
    "corrected_t": [corrected_t([0.01, 0.02, 0.015, -0.003, 0.012], 0.25),
                    corrected_t(short(rng.normal(0.004, 0.01, 10)), 1 / 9)],
    "mcnemar": [mcnemar(a, b) for a, b in ((0, 0), (1, 0), (9, 3), (12, 12), (20, 4), (13, 12), (40, 22), (300, 361))],
}, separators=(",", ":")))
print("; ".join(f"{k} {v}" for k, v in [("numpy", np.__version__), ("scikit-learn", sklearn.__version__),
                                        ("scipy", scipy.__version__)]), file=sys.stderr)
