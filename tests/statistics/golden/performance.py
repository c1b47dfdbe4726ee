"""Makes performance.json: `python3 performance.py > performance.json`, with scikit-learn 1.9.1, ppi-python 0.2.3, lifelines 0.30.3, numpy 2.4 and scipy 1.17.1."""
import json
import numpy as np
from lifelines import KaplanMeierFitter
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
from scipy import stats
from sklearn.isotonic import IsotonicRegression

random = np.random.default_rng(5)


def isotonic(n, distinct):
    x = np.sort(random.choice(np.linspace(0, 1, distinct), n, replace=False))
    y = np.clip(x + random.normal(0, 0.3, n), 0, 1)
    w = random.integers(1, 50, n).astype(float)
    fit = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=w)
    at = np.concatenate([random.uniform(-0.2, 1.2, 12), x[:3]])
    return {"x": x.tolist(), "y": y.tolist(), "weights": w.tolist(), "fitted": fit.predict(x).tolist(), "at": at.tolist(), "predicted": fit.predict(at).tolist()}


def powered(n, unlabelled, slope):
    f, g = random.beta(5, 2, n), random.beta(5, 2, unlabelled)
    y = (random.uniform(size=n) < np.clip(0.1 + slope * f, 0, 1)).astype(float)
    low, high = ppi_mean_ci(y, f, g, alpha=0.1)
    mean = float(np.ravel(ppi_mean_pointestimate(y, f, g))[0])
    error = float(np.ravel(high - low)[0]) / 2 / stats.norm.ppf(0.95)
    sums = {"labelled": n, "y": y.sum(), "yy": (y * y).sum(), "f": f.sum(), "ff": (f * f).sum(), "yf": (y * f).sum(), "unlabelled": unlabelled, "uf": g.sum(), "uff": (g * g).sum()}
    return {"sums": {k: float(v) for k, v in sums.items()}, "mean": mean, "variance": error**2}


def late(n, steps):
    """Delays and ages in whole steps: a label with delay d comes in step d, a row of age a is seen through steps 0 to a - 1."""
    delay, age = random.geometric(0.15, n) - 1, random.integers(1, steps + 1, n)
    labelled = delay < age
    # lifelines: an event in step d has happened at its end, d + 1; a row without one leaves after its last step
    fit = KaplanMeierFitter().fit(np.where(labelled, delay + 1, age), labelled)
    return {
        "steps": steps,
        "ages": [{"age": int(a), "n": int((age == a).sum())} for a in range(1, steps + 1)],
        "labelled": [{"age": int(a), "delay": int(d), "n": int(k)} for a in range(1, steps + 1) for d in range(steps) if (k := (labelled & (age == a) & (delay == d)).sum())],
        "survival": [float(fit.predict(t)) for t in range(1, steps + 1)],
    }


print(json.dumps({
    "isotonic": [isotonic(n, 400) for n in (1, 2, 7, 50, 300)],
    "powered": [powered(*each) for each in ((40, 400, 0.8), (100, 5_000, 0.5), (100, 50, 0.8), (30, 1_000, 0.0), (60, 600, -0.4))],
    "late": [late(n, steps) for n, steps in ((50, 6), (2_000, 20))],
}, indent=0))
