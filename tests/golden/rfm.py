#!/usr/bin/env python3
"""Figures of RFM classes, monthly flows and cohorts as pandas counts them, and effect sizes as scipy does.

Usage: rfm.py DATA_FOLDER > rfm.json   (DATA_FOLDER is that of REGULARS_DATA)

Scores: cuts are the 20, 40, 60 and 80% quantiles of type 1 (numpy's inverted_cdf); recency is days since the
last purchase day, that day counted; FM is the mean of F and M, halves up.
"""
import json
import sys

import numpy as np
import pandas as pd
import scipy
from scipy import stats

CLASSES = [
    ("champions", (5, 5), (4, 5)), ("loyal", (3, 4), (4, 5)), ("potential_loyalists", (4, 5), (2, 3)),
    ("new_customers", (5, 5), (1, 1)), ("promising", (4, 4), (1, 1)), ("need_attention", (3, 3), (3, 3)),
    ("about_to_sleep", (3, 3), (1, 2)), ("cannot_lose", (1, 2), (5, 5)), ("at_risk", (1, 2), (3, 4)),
    ("lost", (1, 1), (1, 1)), ("hibernating", (1, 2), (1, 2)),
]
Q = [0.2, 0.4, 0.6, 0.8]


def class_of(r, fm):
    for at, (_, (a, b), (c, d)) in enumerate(CLASSES):
        if a <= r <= b and c <= fm <= d:
            return at
    return len(CLASSES)


def values(x, day):
    x = x[x.day <= day]
    g = x.groupby("who").agg(last=("day", "max"), f=("order", "nunique"), m=("amount", "sum"))
    g["r"] = (day - g["last"]).dt.days + 1
    return g


def score(g, cuts):
    cr, cf, cm = cuts
    r = 5 - np.searchsorted(cr, g.r.to_numpy(), side="left")
    f = 1 + np.searchsorted(cf, g.f.to_numpy(), side="left")
    m = 1 + np.searchsorted(cm, g.m.to_numpy(), side="left")
    fm = (f + m + 1) // 2
    return r, f, m, fm


def figures(x, day):
    day = pd.Timestamp(day)
    g = values(x, day)
    cuts = [np.quantile(g[c].to_numpy(), Q, method="inverted_cdf") for c in ("r", "f", "m")]
    r, f, m, fm = score(g, cuts)
    classes = np.array([class_of(a, b) for a, b in zip(r, fm)])
    grid = np.zeros((5, 5), int)
    np.add.at(grid, (r - 1, fm - 1), 1)
    out = {
        "customers": len(g), "cuts": [c.tolist() for c in cuts], "grid": grid.tolist(),
        "sizes": np.bincount(classes, minlength=len(CLASSES)).tolist(),
        "money": [round(float(g.m.to_numpy()[classes == c].sum()), 2) for c in range(len(CLASSES))],
    }
    # Months: the same cuts on every month's last day.
    ends = [d for d in pd.date_range(x.day.min(), day, freq="ME") if d < day] + [day]
    everyone = g.index
    standing = {}
    for end in ends:
        h = values(x, end)
        rr, _, _, ff = score(h, cuts)
        standing[end] = pd.Series([class_of(a, b) for a, b in zip(rr, ff)], index=h.index).reindex(
            everyone, fill_value=-1)
    out["ends"] = [str(d.date()) for d in ends]
    out["counts"] = [np.bincount(s[s >= 0], minlength=len(CLASSES)).tolist() for s in standing.values()]
    a, b = standing[ends[-4]], standing[ends[-1]]
    moves = pd.crosstab(a, b)
    out["moves"] = [[int(i), int(j), int(moves.loc[i, j])] for i in moves.index for j in moves.columns
                    if moves.loc[i, j] > 0 and not (i == -1 and j == -1)]
    # Cohorts.
    x = x.assign(month=x.day.dt.to_period("M"))
    first = x.groupby("who").month.min().rename("first")
    x = x.join(first, on="who")
    x["since"] = (x.month - x["first"]).map(lambda d: d.n)
    months = pd.period_range(x.month.min(), pd.Period(day, "M"), freq="M")
    active = x.groupby(["first", "since"]).who.nunique()
    money = x.groupby(["first", "since"]).amount.sum()
    out["cohorts"] = []
    for at, month in enumerate(months):
        n = len(months) - at
        out["cohorts"].append({
            "month": str(month), "size": int((first == month).sum()),
            "active": [int(active.get((month, k), 0)) for k in range(n)],
            "money": [round(float(money.get((month, k), 0.0)), 2) for k in range(n)],
        })
    return out


def cdnow(folder):
    x = pd.read_csv(f"{folder}/cdnow/CDNOW_master.txt", sep=r"\s+", header=0,
                    names=["who", "day", "n", "amount"], dtype={"who": str})
    x["day"] = pd.to_datetime(x.day.astype(str), format="%Y%m%d")
    x = x[x.amount > 0].copy()
    x["order"] = x.day
    return figures(x, "1998-06-30")


def retail(folder):
    x = pd.read_csv(f"{folder}/online-retail/online_retail_rebuilt.csv.gz", dtype={"CustomerID": str, "InvoiceNo": str})
    x = x[x.CustomerID.notna() & (x.Quantity > 0) & (x.UnitPrice > 0)].copy()
    x["day"] = pd.to_datetime(x.InvoiceDate, format="%m/%d/%Y %H:%M").dt.normalize()
    x = x.rename(columns={"CustomerID": "who", "InvoiceNo": "order"})
    x["amount"] = x.Quantity * x.UnitPrice
    return figures(x, "2011-12-09")


def effects():
    rng = np.random.default_rng(7)
    out = {"d": [], "share": [], "lift": []}
    for n, m, shift in [(12, 30, 0.8), (200, 1500, -0.3), (2, 5, 0.0), (50, 50, 2.5)]:
        a, b = rng.normal(shift, 1.3, n).round(6), rng.normal(0, 1, m).round(6)
        s = np.sqrt((a.var(ddof=1) * (n - 1) + b.var(ddof=1) * (m - 1)) / (n + m - 2))
        d = (a.mean() - b.mean()) / s
        half = stats.norm.ppf(0.975) * np.sqrt((n + m) / (n * m) + d * d / (2 * (n + m)))
        p = stats.ttest_ind(a, b).pvalue
        out["d"].append({"a": a.tolist(), "b": b.tolist(), "d": d, "low": d - half, "high": d + half, "p": p})
    for h, n, k, m in [(56, 70, 48, 80), (10, 10, 20, 20), (0, 10, 3, 400), (30, 300, 10, 300)]:
        # Newcombe's interval from scipy's Wilson intervals.
        one = stats.binomtest(h, n).proportion_ci(0.95, method="wilson")
        two = stats.binomtest(k, m).proportion_ci(0.95, method="wilson")
        p1, p2 = h / n, k / m
        low = p1 - p2 - np.hypot(p1 - one.low, two.high - p2)
        high = p1 - p2 + np.hypot(one.high - p1, p2 - two.low)
        pooled = (h + k) / (n + m)
        se = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        p = 1.0 if se == 0 else 2 * stats.norm.sf(abs(p1 - p2) / se)
        out["share"].append({"counts": [h, n, k, m], "low": low, "high": high, "p": p})
    for h, n, k, m in [(56, 70, 48, 80), (5, 100, 3, 400), (30, 300, 10, 300)]:
        ci = stats.contingency.relative_risk(h, n, k, m).confidence_interval(0.95)
        out["lift"].append({"counts": [h, n, k, m], "value": (h / n) / (k / m), "low": ci.low, "high": ci.high})
    table = np.array([[30, 12], [10, 40], [7, 9]])
    out["cramers_v"] = {"table": table.tolist(), "v": stats.contingency.association(table, method="cramer")}
    p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269]
    # In the second none passes but for the rule's stepping up from the largest.
    out["bh"] = [{"p": p, "told": [bool(v <= 0.05) for v in stats.false_discovery_control(p)]}
                 for p in (p, [0.04, 0.045, 0.049, 0.02])]
    return out


if __name__ == "__main__":
    folder = sys.argv[1]
    versions = {"pandas": pd.__version__, "numpy": np.__version__, "scipy": scipy.__version__}
    json.dump({"versions": versions, "cdnow": cdnow(folder), "online_retail": retail(folder),
               "effects": effects()}, sys.stdout)
