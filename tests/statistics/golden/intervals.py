"""Makes intervals.json: `python3 intervals.py > intervals.json`, with scipy 1.17.1."""
import json
from scipy import stats, special

quantiles = [(p, a, b) for p in (1e-12, 1e-6, 0.005, 0.3, 0.5, 0.99) for a, b in
             ((1, 1), (0.5, 0.5), (1, 20), (3, 7), (501, 4500), (1, 1_000_000), (123_456, 876_545), (2.5, 90.25))]
pairs = [(0, 1), (1, 1), (0, 50), (7, 50), (50, 50), (500, 5_000), (3, 1_000_000), (123_456, 1_000_000)]

def exact(k, n, level):
    """Not binomtest's: its root finder stops at 2e-12 absolute."""
    miss = (1 - level) / 2
    return special.betaincinv(k, n - k + 1, miss) if k > 0 else 0.0, special.betainccinv(k + 1, n - k, miss) if k < n else 1.0


print(json.dumps({
    "betaQuantile": [[p, a, b, special.betaincinv(a, b, p)] for p, a, b in quantiles],
    "betaDistribution": [[x, a, b, special.betainc(a, b, x)] for x in (1e-9, 0.01, 0.11, 0.5, 0.97) for _, a, b in quantiles[:8]],
    "normalQuantile": [[p, stats.norm.ppf(p)] for p in (1e-300, 1e-20, 1e-6, 0.025, 0.4, 0.5, 0.8, 0.975, 0.999999)],
    "clopperPearson": [[k, n, level, *exact(k, n, level)] for k, n in pairs for level in (0.95, 0.9998)],
    "wilson": [[k, n, level, *stats.binomtest(k, n).proportion_ci(level, "wilson")] for k, n in pairs for level in (0.95, 0.9998)],
}, indent=0))
