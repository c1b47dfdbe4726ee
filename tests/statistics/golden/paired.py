"""Writes paired.json: golden numbers of the paired tests, from scipy, by other ways than ours.

    pip install scipy && python tests/statistics/golden/paired.py
"""
import json
import math
import pathlib

import scipy
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binomtest, norm, permutation_test


def mcnemar(better, worse):
    n = better + worse
    p = lambda side: binomtest(better, n, 0.5, alternative=side).pvalue if n else 1.0
    return dict(better=better, worse=worse, superior=p("greater"), inferior=p("less"), twoSided=p("two-sided"))


def score(n, better, worse, d):
    """Tango's statistic; the nuisance share by maximising the likelihood numerically instead of by its closed form."""
    low, high = max(0.0, -d), (1 - d) / 2
    same = n - better - worse
    part = lambda count, share: 0.0 if count == 0 else (-math.inf if share <= 0 else count * math.log(share))
    loss = lambda w: -(part(better, w + d) + part(worse, w) + part(same, 1 - 2 * w - d))
    w = minimize_scalar(loss, bounds=(low, high), method="bounded", options=dict(xatol=1e-14)).x
    return (better - worse - n * d) / math.sqrt(n * (2 * w + d - d * d))


def interval(n, better, worse, confidence):
    z = norm.ppf((1 + confidence) / 2)
    estimate = (better - worse) / n
    lower = brentq(lambda d: score(n, better, worse, d) - z, -1 + 1e-9, estimate - 1e-9, xtol=1e-13)
    upper = brentq(lambda d: score(n, better, worse, d) + z, estimate + 1e-9, 1 - 1e-9, xtol=1e-13)
    return dict(n=n, better=better, worse=worse, confidence=confidence, interval=[lower, upper])


def flip(differences):
    result = permutation_test((differences,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", alternative="greater", n_resamples=math.inf)
    return dict(differences=differences, p=result.pvalue)


golden = dict(
    scipy=scipy.__version__,
    mcnemar=[mcnemar(*pair) for pair in [(0, 0), (1, 0), (0, 1), (5, 5), (12, 3), (3, 12), (60, 31), (150, 90), (400, 520), (1000, 700), (20000, 20400)]],
    interval=[interval(*row) for row in [(44, 9, 1, 0.95), (50, 12, 2, 0.9), (500, 30, 20, 0.9), (1000, 45, 70, 0.9), (2000, 140, 60, 0.95), (300, 6, 6, 0.9)]],
    signFlip=[flip(row) for row in [[0.5, -0.25, 0.125], [1, 1, 1, -1, 0.5, 0.25], [0.3, 0.1, -0.2, 0.4, 0.05, -0.1, 0.2, 0.15], [-0.5, -0.5, 0.25]]],
    normal=[dict(z=z, p=norm.cdf(z)) for z in [-30, -8, -3.5, -2.9, -1.6448536269514722, -0.1, 0, 0.5, 1.96, 3.2, 5]],
)
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
