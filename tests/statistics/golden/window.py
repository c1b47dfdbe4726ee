"""Writes window.json: golden numbers of the window statistics, from scipy where it is right, else by other ways than ours.

    pip install scipy mpmath && python tests/statistics/golden/window.py

Not from scipy: the tail of the Cramer-von Mises limit (scipy stops its series at 1e-7 and subtracts from 1), p-values with
ties (scipy forgets the ties; here every order is counted), Cramer-von Mises with ties (scipy's midranks grow without bound
when sample sizes differ), and G of nearly equal tables (scipy's logarithms cancel).
"""
import itertools
import json
import math
import pathlib
from fractions import Fraction

import mpmath as mp
import numpy as np
import scipy
from scipy import stats
from scipy.optimize import brentq
from scipy.spatial.distance import jensenshannon

mp.mp.dps = 60
rng = np.random.default_rng(5)


def kolmogorov(t):
    return float(2 * mp.nsum(lambda k: (-1) ** (int(k) - 1) * mp.exp(-2 * k * k * mp.mpf(t) ** 2), [1, mp.inf])) if t >= 0.5 else float(
        1 - mp.sqrt(2 * mp.pi) / mp.mpf(t) * sum(mp.exp(-((2 * k - 1) ** 2) * mp.pi**2 / (8 * mp.mpf(t) ** 2)) for k in range(1, 20)))


def omega(x):
    """1 - the series of Anderson and Darling (1952), with enough digits to subtract; beyond 20, Smirnov's integral."""
    if x > 20:
        return omega_integral(x)
    with mp.workdps(30 + int(2.2 * x)):
        x = mp.mpf(x)
        total = mp.mpf(0)
        for k in itertools.count():
            y = 4 * k + 1
            q = mp.mpf(y) ** 2 / (16 * x)
            term = mp.gamma(k + mp.mpf(1) / 2) / mp.gamma(k + 1) / (mp.pi ** mp.mpf(1.5) * mp.sqrt(x)) * mp.sqrt(y) * mp.exp(-q) * mp.besselk(mp.mpf(1) / 4, q)
            total += term
            if k > 1 and term < mp.mpf(10) ** -(28 + int(2.2 * x)):
                return float(1 - total)


def omega_integral(x):
    """The first interval alone: the next is smaller by exp(-4 pi^2 x)."""
    with mp.workdps(30):
        x = mp.mpf(x)
        f = lambda u: mp.exp(-x * u * (2 * mp.pi + u) / 2) / mp.sqrt((mp.pi + u) * mp.sin(u))
        cuts = [0] + [c for c in (1 / x, 10 / x) if c < 3] + [mp.pi]
        return float(2 / mp.pi * mp.exp(-x * mp.pi**2 / 2) * mp.quad(f, cuts))


assert math.isclose(omega(3), omega_integral(3), rel_tol=1e-14)


def bridge(times, reach):
    """One or two looks at a Brownian bridge, by the normal law and by integrating over the first look."""
    deviation = lambda t: mp.sqrt(mp.mpf(t) * (1 - mp.mpf(t)))
    outside = lambda z: mp.erfc(z / mp.sqrt(2)) / 2
    if len(times) == 1:
        return float(2 * outside(reach / deviation(times[0])))
    s, t = map(mp.mpf, times)
    slope, rest = (1 - t) / (1 - s), mp.sqrt((t - s) * (1 - t) / (1 - s))
    inside = lambda b: mp.exp(-(b**2) / (2 * s * (1 - s))) / mp.sqrt(2 * mp.pi * s * (1 - s)) * (outside((reach - slope * b) / rest) + outside((reach + slope * b) / rest))
    with mp.workdps(30):
        return float(2 * outside(reach / deviation(s)) + mp.quad(inside, mp.linspace(-reach, reach, 9)))


def counts(reference, current, points=None):
    points = sorted(set(reference) | set(current)) if points is None else points
    return dict(points=[float(p) for p in points], reference=[int(c) for c in (np.asarray(reference)[:, None] == points).sum(0)], current=[int(c) for c in (np.asarray(current)[:, None] == points).sum(0)])


def orders(n, m):
    for chosen in itertools.combinations(range(n + m), n):
        yield chosen


def by_counting(table, statistic):
    """The share of all orders whose statistic is at least as large: which rows are reference is dealt anew, the ties stay."""
    both = [a + b for a, b in zip(table["reference"], table["current"])]
    cell = [i for i, c in enumerate(both) for _ in range(c)]
    n, m = sum(table["reference"]), sum(table["current"])
    seen = statistic(table["reference"], table["current"])
    reached = ways = 0
    for chosen in orders(n, m):
        a = [0] * len(both)
        for i in chosen:
            a[cell[i]] += 1
        reached += statistic(a, [t - x for t, x in zip(both, a)]) >= seen
        ways += 1
    return reached / ways


def ks_gap(a, b):
    n, m = sum(a), sum(b)
    return max(abs(Fraction(x, n) - Fraction(y, m)) for x, y in zip(itertools.accumulate(a), itertools.accumulate(b)))


def cvm_gap(a, b):
    n, m = sum(a), sum(b)
    return sum((x + y) * (Fraction(i, n) - Fraction(j, m)) ** 2 for x, y, i, j in zip(a, b, itertools.accumulate(a), itertools.accumulate(b))) * Fraction(n * m, (n + m) ** 2)


def cvm_limit(a, b):
    """T scaled to its own mean and variance (of the limit: exact mean, limit's variance times Anderson's correction)."""
    n, m = sum(a), sum(b)
    N = n + m
    t = float(cvm_gap(a, b))
    both = np.asarray(a, float) + b
    below = np.cumsum(both) / N
    h = both / N
    mean = float(np.sum(h * below * (1 - below)) * N / (N - 1))
    kernel = (np.minimum.outer(below, below) - np.outer(below, below)) ** 2
    alone = np.arange(1, N + 1) / N
    untied = ((np.minimum.outer(alone, alone) - np.outer(alone, alone)) ** 2).sum() / N**2 if N <= 3000 else (N * N - 1) * (2 * N * N + 7) / (180 * N**4)
    k = n * m
    anderson = (N + 1) * (4 * k * N - 3 * (n * n + m * m) - 2 * k) / (45 * N**2 * 4 * k)
    return omega(1 / 6 + (t - mean) / math.sqrt(45 * anderson * (h @ kernel @ h) / untied))


def table_tests(a, b):
    kept = [(x, y) for x, y in zip(a, b) if x + y]
    n, m = sum(a), sum(b)
    N = n + m
    chi = sum((mp.mpf(x) * m - mp.mpf(y) * n) ** 2 / (x + y) for x, y in kept) / (mp.mpf(n) * m)
    part = lambda x, t, rows: mp.mpf(0) if x == 0 else x * mp.log(mp.mpf(x) * N / (mp.mpf(rows) * t))
    g = 2 * sum(part(x, x + y, n) + part(y, x + y, m) for x, y in kept)
    df = len(kept) - 1
    upper = lambda s: float(mp.gammainc(mp.mpf(df) / 2, s / 2, mp.inf, regularized=True))
    result = dict(chiSquare=[float(chi), upper(chi)], g=[float(g), upper(g)])
    lines = np.array(kept).T
    for key, lambda_ in (("chiSquare", "pearson"), ("g", "log-likelihood")):
        found = stats.chi2_contingency(lines, correction=False, lambda_=lambda_)
        assert math.isclose(found.statistic, result[key][0], rel_tol=1e-7) and (found.pvalue < 1e-290 or math.isclose(found.pvalue, result[key][1], rel_tol=1e-6)), (key, found, result[key])
    return result


def distances(table):
    a, b, x = (np.array(table[key], float) for key in ("reference", "current", "points"))
    p, q = a / a.sum(), b / b.sum()
    kept = (a + b) > 0
    if np.any((a[kept] == 0) | (b[kept] == 0)):
        k = kept.sum()
        ps, qs = (a[kept] + 0.5) / (a.sum() + 0.5 * k), (b[kept] + 0.5) / (b.sum() + 0.5 * k)
    else:
        ps, qs = p[kept], q[kept]
    exact = lambda v: mp.mpf(float(v))
    P, Q = [mp.mpf(int(c)) / int(a.sum()) for c in a], [mp.mpf(int(c)) / int(b.sum()) for c in b]
    js = sum((mp.mpf(0) if s == 0 else s * mp.log(2 * s / (s + t), 2)) + (mp.mpf(0) if t == 0 else t * mp.log(2 * t / (s + t), 2)) for s, t in zip(P, Q)) / 2
    assert math.isclose(float(mp.sqrt(js)), jensenshannon(p, q, base=2), rel_tol=1e-5, abs_tol=1e-7)
    gaps = [sum(P[: i + 1]) - sum(Q[: i + 1]) for i in range(len(P) - 1)]
    steps = [exact(x[i + 1]) - exact(x[i]) for i in range(len(P) - 1)]
    w1, energy = sum(abs(g) * s for g, s in zip(gaps, steps)), mp.sqrt(2 * sum(g * g * s for g, s in zip(gaps, steps)))
    assert math.isclose(float(w1), stats.wasserstein_distance(x, x, a, b), rel_tol=1e-6, abs_tol=1e-12)
    assert math.isclose(float(energy), stats.energy_distance(x, x, a, b), rel_tol=1e-6, abs_tol=1e-9)
    return dict(
        psi=float(sum((exact(t) - exact(s)) * mp.log(exact(t) / exact(s)) for s, t in zip(ps, qs))),
        jensenShannon=float(mp.sqrt(js)),
        hellinger=float(mp.sqrt(sum((mp.sqrt(s) - mp.sqrt(t)) ** 2 for s, t in zip(P, Q)) / 2)),
        totalVariation=float(sum(abs(s - t) for s, t in zip(P, Q)) / 2),
        lInfinity=float(max(abs(s - t) for s, t in zip(P, Q))),
        wasserstein=float(w1), energy=float(energy),
    )


def of_tables():
    yield "small", counts([1.5, 2, 3, 5, 8], [2.5, 4, 6, 7])
    yield "offset", counts([1e15 + v for v in (1, 2, 3, 5, 8)], [1e15 + v for v in (2, 4, 6, 7)])
    yield "denormal", counts([5e-324 * v for v in (1, 2, 3, 5, 8)], [5e-324 * v for v in (2, 4, 6, 7)])
    yield "ties", counts([0, 0, 0, 1, 1, 2, 3, 3], [0, 1, 2, 2, 2, 3])
    yield "few", dict(points=[0, 1, 2, 3, 4], reference=[50, 0, 30, 0, 20], current=[10, 5, 0, 0, 15])
    yield "unseen", dict(points=[0, 1, 2], reference=[600, 400, 0], current=[590, 409, 1])
    yield "near", dict(points=list(range(10)), reference=[100_000 + 10 * i for i in range(10)], current=[100_020 - 7 * i for i in range(10)])
    yield "far", dict(points=[0.25, 0.5, 0.75, 1], reference=[400_000, 300_000, 200_000, 100_000], current=[399_000, 301_500, 199_600, 99_900])
    yield "apart", dict(points=[0, 1], reference=[500, 0], current=[0, 500])
    yield "tail", dict(points=[0, 1, 2], reference=[900, 500, 600], current=[120, 900, 50])
    yield "binned", dict(points=[(i + 0.5) / 256 for i in range(256)], reference=[int(c) for c in rng.multinomial(20_000, np.full(256, 1 / 256))], current=[int(c) for c in rng.multinomial(9_000, np.linspace(1, 1.1, 256) / np.linspace(1, 1.1, 256).sum())])
    wide = rng.multinomial(3_000_000, rng.dirichlet(np.full(10_000, 5)))
    yield "wide", dict(points=list(range(10_000)), reference=[int(c) for c in wide], current=[int(c) for c in rng.multinomial(1_000_000, wide / wide.sum())])


def smooth(n, m, shift):
    return counts([round(float(v), 12) for v in rng.normal(size=n)], [round(float(v) + shift, 12) for v in rng.normal(size=m)])


def raw_tests():
    for n, m, shift in ((5, 4, 0), (12, 10, 0.5), (30, 25, 0.3), (100, 40, 1.0), (300, 300, 0.1), (500, 500, 1.5), (900, 1100, 0.05)):
        table = smooth(n, m, shift)
        x, y = (np.repeat(table["points"], table[key]) for key in ("reference", "current"))
        ks = stats.ks_2samp(x, y, method="exact")
        small = n * m <= 150
        cvm = stats.cramervonmises_2samp(x, y, method="exact" if small else "asymptotic")
        if not small:
            assert abs(cvm_limit(table["reference"], table["current"]) - cvm.pvalue) < 1e-6
        yield dict(**table, ks=[ks.statistic, ks.pvalue], cvm=[float(cvm_gap(table["reference"], table["current"])), cvm.pvalue if small else cvm_limit(table["reference"], table["current"])])
        assert math.isclose(cvm.statistic, float(cvm_gap(table["reference"], table["current"])), rel_tol=1e-9)


def tied_tests():
    for a, b in (([3, 2, 1, 2], [1, 1, 3, 1]), ([4, 0, 2], [0, 3, 3]), ([2, 2, 2, 2], [2, 2, 2, 0]), ([5, 1], [1, 4]), ([1, 1, 1, 3, 0, 2], [0, 2, 2, 0, 3, 0])):
        table = dict(reference=a, current=b)
        yield dict(**table, ks=[float(ks_gap(a, b)), by_counting(table, ks_gap)], cvm=[float(cvm_gap(a, b)), by_counting(table, cvm_gap)])


def large_tests():
    for name, table in of_tables():
        if name in ("near", "far", "tail", "binned"):
            a, b = table["reference"], table["current"]
            n, m = sum(a), sum(b)
            d = float(ks_gap(a, b))
            yield dict(reference=a, current=b, exact=n * m <= 4e6, few=len(a) <= 32, ks=[d, kolmogorov(math.sqrt(n * m / (n + m)) * d)], cvm=[float(cvm_gap(a, b)), cvm_limit(a, b)])


def means():
    x, y = np.round(rng.normal(size=(40, 6)), 6), np.round(rng.normal(0.3, 1, size=(30, 6)), 6)
    biased = np.sum((x.mean(0) - y.mean(0)) ** 2)
    unbiased = lambda z: ((z @ z.T).sum() - (z * z).sum()) / (len(z) * (len(z) - 1))
    square = unbiased(x) + unbiased(y) - 2 * (x @ y.T).mean()
    mean, scale = x.mean(0), x.std(0)
    values, vectors = np.linalg.eigh(np.cov(((x - mean) / scale).T, bias=True))
    order = np.argsort(values)[::-1]
    kept = int(np.searchsorted(np.cumsum(values[order]) / values.sum(), 0.65)) + 1
    v = vectors[:, order[:kept]]
    errors = lambda z: np.linalg.norm((z - mean) / scale - ((z - mean) / scale) @ v @ v.T, axis=1)
    welch = stats.ttest_ind(errors(y), errors(x), equal_var=False)
    interval = welch.confidence_interval(0.95)
    scores = np.round(rng.normal(size=50), 1), np.round(rng.normal(0.5, 1, size=35), 1)
    return dict(
        x=x.tolist(), y=y.tolist(), statistic=math.sqrt(biased), effect=math.sqrt(max(0, square)), components=kept, eigenvalues=values[order].tolist(),
        errors=errors(y).tolist(), welch=dict(difference=float(errors(y).mean() - errors(x).mean()), p=welch.pvalue, low=interval.low, high=interval.high),
        auc=dict(x=scores[0].tolist(), y=scores[1].tolist(), area=stats.mannwhitneyu(scores[1], scores[0]).statistic / (50 * 35)),
    )


tables = [dict(name=name, **table, tests=table_tests(table["reference"], table["current"]) if name != "wide" else table_tests(table["reference"], table["current"]), distances=distances(table) if name != "wide" else None) for name, table in of_tables()]
golden = dict(
    scipy=scipy.__version__,
    kolmogorov=[[t, kolmogorov(t)] for t in (0.1, 0.2, 0.5, 0.8, 0.99, 1, 1.3581, 3, 8, 18.5)],
    bridge=[[times, reach, bridge(times, reach)] for times in ([0.5], [0.02], [0.3, 0.6], [0.1, 0.95], [0.5, 0.7]) for reach in (0.2, 0.6, 1.3, 4, 10)],
    omega=[[x, omega(x)] for x in (0.005, 0.02, 0.1, 0.16666, 0.46136, 0.74346, 2, 5, 20, 80, 139)],
    chiSquare=[[x, df, float(mp.gammainc(mp.mpf(df) / 2, mp.mpf(x) / 2, mp.inf, regularized=True))] for x, df in ((0.5, 1), (3.84, 1), (1300, 1), (5, 7), (31, 31), (250, 255), (400, 255), (2200, 255), (9_800, 9_999), (14_000, 9_999), (16_500, 9_999), (1e-3, 3))],
    noncentral=[[x, df, *(0 if stats.chi2.cdf(x, df) < p else brentq(lambda l: stats.ncx2.cdf(x, df, l) - p, 1e-9, 10 * x) for p in (0.975, 0.025))] for x, df in ((30, 9), (300, 31), (12, 1), (9, 9), (4000, 255))],
    student=[[t, df, float(mp.betainc(mp.mpf(df) / 2, mp.mpf(1) / 2, 0, mp.mpf(df) / (df + mp.mpf(t) ** 2), regularized=True))] for t, df in ((0.1, 3.5), (2, 29), (5, 58.3), (12, 400), (38, 1e5), (30, 1e6))],
    raw=list(raw_tests()), tied=list(tied_tests()), large=list(large_tests()), tables=tables, means=means(),
)
# one case a line: a change shows as one
body = ",\n".join(f'"{key}": ' + ("[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]" if isinstance(value, list) else json.dumps(value)) for key, value in golden.items())
pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + body + "\n}\n")
