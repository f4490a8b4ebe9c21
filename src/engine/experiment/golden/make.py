"""Reference figures for the experiments, made once:

    /tmp/venv/bin/python src/engine/experiment/golden/make.py

writes golden.json beside it. statsmodels gives power, sizes and intervals; scikit-uplift the Qini curve;
scipy the tails.
"""

import json
import pathlib
import sys

import numpy as np
import scipy
import scipy.optimize
import scipy.stats as st
import statsmodels
import statsmodels.api as sm
from sklift.metrics import qini_curve
import sklift
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    power_proportions_2indep,
    proportions_ztest,
)
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW, ttest_ind

rng = np.random.default_rng(7)
out = {
    "versions": {
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "statsmodels": statsmodels.__version__,
        "scikit-uplift": sklift.__version__,
    }
}

# Power of a comparison of two shares; `left` is the share of customers that is left alone.
shares = []
for base, effect, left, alpha, sides in [
    (0.6, 0.05, 0.5, 0.05, 2),
    (0.6, 0.05, 0.2, 0.05, 2),
    (0.1, 0.02, 0.3, 0.05, 1),
    (0.05, -0.02, 0.5, 0.01, 2),
    (0.9, 0.03, 0.1, 0.1, 2),
    (0.3, -0.04, 0.4, 0.05, 1),
    (0.6, 0.001, 0.5, 0.05, 2),
]:
    ratio = left / (1 - left)

    def power(called):
        alternative = "two-sided" if sides == 2 else ("larger" if effect > 0 else "smaller")
        return power_proportions_2indep(
            effect, base, called, ratio=ratio, alpha=alpha, alternative=alternative, return_results=False
        )

    row = {"base": base, "effect": effect, "left": left, "alpha": alpha, "sides": sides}
    row["power"] = [[total, float(power(total * (1 - left)))] for total in (40, 200, 1000, 5000, 40000)]
    row["total"] = [
        [wanted, scipy.optimize.brentq(lambda n: power(n * (1 - left)) - wanted, 4, 1e9, xtol=1e-9, rtol=1e-14)]
        for wanted in (0.8, 0.9, 0.95)
    ]
    shares.append(row)
out["shares"] = shares

# Power of a comparison of two means, by the noncentral t distribution.
means = []
for deviation, effect, left, alpha, sides in [
    (40.0, 5.0, 0.5, 0.05, 2),
    (40.0, 5.0, 0.2, 0.05, 2),
    (100.0, 30.0, 0.3, 0.05, 1),
    (15.0, -4.0, 0.5, 0.01, 2),
    (15.0, -4.0, 0.25, 0.1, 1),
]:
    ratio = left / (1 - left)
    alternative = "two-sided" if sides == 2 else ("larger" if effect > 0 else "smaller")
    solver = TTestIndPower()

    def power(called):
        return solver.power(effect / deviation, called, alpha, ratio=ratio, alternative=alternative)

    row = {"deviation": deviation, "effect": effect, "left": left, "alpha": alpha, "sides": sides}
    row["power"] = [[total, float(power(total * (1 - left)))] for total in (12, 40, 200, 1000, 5000)]
    row["total"] = [
        [wanted, scipy.optimize.brentq(lambda n: power(n * (1 - left)) - wanted, 12, 20000, xtol=1e-9, rtol=1e-14)]
        for wanted in (0.8, 0.9)
    ]
    means.append(row)
out["means"] = means

out["nct"] = [
    [t, df, nc, float(st.nct.cdf(t, df, nc))]
    for t, df, nc in [(2.0, 10, 1.0), (1.96, 1000, 2.8), (-1.5, 5, 0.7), (0.0, 7, 1.3), (3.1, 38, 4.2), (2.0, 4.5, -1.0)]
]

# Two shares: Newcombe's hybrid score interval and the pooled z test.
out["newcombe"] = []
for hits1, n1, hits0, n0 in [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20), (0, 50, 0, 40), (650, 1000, 590, 980)]:
    low, high = confint_proportions_2indep(hits1, n1, hits0, n0, method="newcomb", compare="diff")
    z, p = proportions_ztest([hits1, hits0], [n1, n0]) if 0 < hits1 + hits0 < n1 + n0 else (0.0, 1.0)
    out["newcombe"].append({"counts": [hits1, n1, hits0, n0], "low": float(low), "high": float(high), "p": float(p)})

# Two means: Welch.
out["welch"] = []
for n1, n0, shift, spread in [(12, 9, 3.0, 2.0), (80, 40, 1.0, 5.0), (5, 200, -2.0, 0.5)]:
    called = (10 + shift + spread * rng.standard_normal(n1)).round(6)
    left = (10 + 3 * rng.standard_normal(n0)).round(6)
    _, p, df = ttest_ind(called, left, usevar="unequal")
    low, high = CompareMeans(DescrStatsW(called), DescrStatsW(left)).tconfint_diff(usevar="unequal")
    out["welch"].append(
        {"called": called.tolist(), "left": left.tolist(), "df": float(df), "p": float(p), "low": float(low), "high": float(high)}
    )

# The loss check: Pearson's chi-square of a 2x2 table; the ratio check: of counts against a share.
out["chi2"] = []
for table in [[[90, 10], [85, 15]], [[800, 200], [700, 300]], [[49, 1], [50, 0]]]:
    value, p, _, _ = st.chi2_contingency(np.array(table), correction=False)
    out["chi2"].append({"table": table, "chi2": float(value), "p": float(p)})
out["ratio"] = []
for called, left, share in [(510, 490, 0.5), (821, 179, 0.8), (760, 240, 0.8)]:
    value, p = st.chisquare([called, left], [(called + left) * share, (called + left) * (1 - share)])
    out["ratio"].append({"counts": [called, left], "share": share, "chi2": float(value), "p": float(p)})

# Platt: a logistic regression of the outcome on the score's logit, without penalty.
score = rng.uniform(0.02, 0.98, 300).round(6)
logit = np.log(score / (1 - score))
happened = rng.uniform(size=300) < 1 / (1 + np.exp(-(0.6 * logit - 0.4)))
fit = sm.Logit(happened.astype(float), sm.add_constant(logit)).fit(disp=0, tol=1e-12)
out["platt"] = {
    "score": score.tolist(),
    "happened": happened.astype(int).tolist(),
    "intercept": float(fit.params[0]),
    "slope": float(fit.params[1]),
    "intercept_se": float(fit.bse[0]),
    "slope_se": float(fit.bse[1]),
}

# Least squares of the outcome on the treatment and a centred covariate, for CUPED by its definition.
n = 120
before = rng.normal(50, 10, n).round(6)
treated = rng.uniform(size=n) < 0.5
after = (0.8 * before + 4 * treated + rng.normal(0, 5, n)).round(6)
theta = np.cov(after, before)[0, 1] / np.var(before, ddof=1)
adjusted = after - theta * (before - before.mean())
low, high = CompareMeans(DescrStatsW(adjusted[treated]), DescrStatsW(adjusted[~treated])).tconfint_diff(
    usevar="unequal"
)
out["cuped"] = {
    "before": before.tolist(),
    "after": after.tolist(),
    "treated": treated.astype(int).tolist(),
    "theta": float(theta),
    "difference": float(adjusted[treated].mean() - adjusted[~treated].mean()),
    "low": float(low),
    "high": float(high),
    "reduction": float(1 - np.var(adjusted, ddof=1) / np.var(after, ddof=1)),
}

# The Qini curve of scikit-uplift, ties and all.
n = 60
uplift = rng.integers(0, 12, n) / 12.0
treatment = rng.integers(0, 2, n)
outcome = rng.integers(0, 2, n)
places, values = qini_curve(outcome, uplift, treatment)
out["qini"] = {
    "uplift": uplift.tolist(),
    "treatment": treatment.tolist(),
    "outcome": outcome.tolist(),
    "places": [float(v) for v in places],
    "values": [float(v) for v in values],
}

path = pathlib.Path(__file__).with_name("golden.json")
path.write_text(json.dumps(out, indent=1) + "\n")
print("wrote", path)
