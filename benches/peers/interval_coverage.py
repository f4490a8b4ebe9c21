"""Intervals that were left out, and how often they hold the truth: `python coverage.py`. The shops are those of
`src/engine/metrics/coverage.rs`, whose intervals cover 93% to 97%.
"""
import numpy as np

rng = np.random.default_rng(2)
DRAWS, Z = 400, 1.959964


def shop(n, share, apart, slope=1.3):
    y = rng.random(n) < share
    x = rng.normal(size=n) + apart * y
    logit = apart * x - apart * apart / 2 + np.log(share / (1 - share))
    return 1 / (1 + np.exp(-slope * logit)), y


def precision(p, y, w):
    order = np.argsort(-p, kind="stable")
    y, w = y[order], w[..., order]
    hits = np.cumsum(w * y, -1)
    return np.sum(w * y * hits / np.maximum(np.cumsum(w, -1), 1e-9), -1) / hits[..., -1]


def calibration(p, y, w):
    bins = np.minimum(np.searchsorted(np.linspace(0, 1, 11)[1:-1], p), 9)
    gaps = [np.abs((w[..., bins == b] * (p - y)[bins == b]).sum(-1)) for b in range(10)]
    return sum(gaps) / w.sum(-1)


def drawn(y, stratified):
    n = len(y)
    if not stratified:
        return rng.multinomial(n, np.ones(n) / n, size=DRAWS)
    w = np.zeros((DRAWS, n), int)
    for c in (False, True):
        at = np.flatnonzero(y == c)
        w[:, at] = rng.multinomial(len(at), np.ones(len(at)) / len(at), size=DRAWS)
    return w


def delong(p, y):
    wins = (p[y][:, None] > p[~y]) + 0.5 * (p[y][:, None] == p[~y])
    m, n = wins.shape
    return wins.mean(), np.sqrt(wins.mean(1).var(ddof=1) / m + wins.mean(0).var(ddof=1) / n)


for share, apart in ((0.26, 1.2), (0.1, 2.0)):
    p, y = shop(2_000_000, share, apart)
    ones = np.ones(len(y))
    truth = {"pr": precision(p, y, ones), "ece": calibration(p, y, ones)}
    ranks = np.argsort(np.argsort(p)) + 1
    m = y.sum()
    auc = (ranks[y].sum() - m * (m + 1) / 2) / (m * (len(y) - m))
    for n in (60, 200, 1000):
        hits, runs = {}, 600 if n < 1000 else 300
        for _ in range(runs):
            p, y = shop(n, share, apart)
            if y.sum() < 3:
                continue
            found = {}
            for stratified in (True, False):
                w = drawn(y, stratified)
                kind = "stratified" if stratified else "plain"
                found[f"PR AUC, {kind} percentile"] = (*np.nanquantile(precision(p, y, w), (0.025, 0.975)), truth["pr"])
                found[f"ECE, {kind} percentile"] = (*np.quantile(calibration(p, y, w), (0.025, 0.975)), truth["ece"])
            value, error = delong(p, y)
            found["ROC AUC, DeLong as it is"] = (value - Z * error, value + Z * error, auc)
            for name, (low, high, true) in found.items():
                hits.setdefault(name, []).append(low <= true <= high)
        told = "; ".join(f"{name} {100 * np.mean(held):.1f}" for name, held in hits.items())
        print(f"{100 * share:.0f}% positive, {n} rows, {runs} samples: {told}", flush=True)
