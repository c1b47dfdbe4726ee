"""Writes detectors.json: where river's detectors alarm on seeded streams.

    pip install river==0.26.1 && python tests/statistics/golden/detectors.py

Streams come from mulberry32, so that they need not be stored. KSWIN's random places are drawn by the same generator
instead of Python's. river's release has no CUSUM yet; its rule is written down here from river's pull request (file
river/drift/cusum.py at 291ccdd).
"""
import json
import math
import pathlib

import river
from river import drift
from river.drift import binary


def uniform(seed):
    state = seed & 0xFFFFFFFF
    imul = lambda a, b: (a * b) & 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = imul(state ^ (state >> 15), state | 1)
        t ^= (t + imul(t ^ (t >> 7), t | 61)) & 0xFFFFFFFF
        yield ((t ^ (t >> 14)) & 0xFFFFFFFF) / 4294967296


def stream(kind, seed, parts):
    """parts: (rows, parameter); errors of that rate, or values of that mean with a deviation of about 1 (12 uniforms)."""
    u = uniform(seed)
    for rows, parameter in parts:
        for _ in range(rows):
            if kind == "errors":
                yield 1 if next(u) < parameter else 0
            else:
                yield parameter + sum(next(u) for _ in range(12)) - 6


class Places:
    def __init__(self, seed):
        self.u = uniform(seed)

    def sample(self, population, count):
        items = list(population)
        for i in range(count):
            j = i + math.floor(next(self.u) * (len(items) - i))
            items[i], items[j] = items[j], items[i]
        return items[:count]


class Kswin(drift.KSWIN):
    def _reset(self):
        super()._reset()
        self._rng = Places(1)


class Cusum:
    def __init__(self):
        self.drift_detected = False
        self.reset()

    def reset(self):
        self.values, self.up, self.down, self.mean = [], 0.0, 0.0, None

    def update(self, x):
        if self.drift_detected:
            self.reset()
            self.drift_detected = False
        if self.mean is None:
            self.values.append(x)
            if len(self.values) < 30:
                return
            self.mean = sum(self.values) / 30
            self.sigma = math.sqrt(sum((v - self.mean) ** 2 for v in self.values) / 29)
        self.up = max(0.0, self.up + x - self.mean - 0.5 * self.sigma)
        self.down = max(0.0, self.down - (x - self.mean) - 0.5 * self.sigma)
        self.drift_detected = self.up > 5 * self.sigma or self.down > 5 * self.sigma


makers = {
    "ADWIN": ("both", drift.ADWIN), "Page-Hinkley": ("both", drift.PageHinkley), "KSWIN": ("values", Kswin), "CUSUM": ("both", Cusum),
    "DDM": ("errors", binary.DDM), "EDDM": ("errors", binary.EDDM), "HDDM-A": ("errors", binary.HDDMA), "HDDM-W": ("errors", binary.HDDMW),
}
streams = [
    ("errors", 1, [(3000, 0.1), (3000, 0.3), (3000, 0.05)]),
    ("errors", 2, [(5000, 0.02), (5000, 0.08)]),
    ("errors", 3, [(4000, 0.3), (2000, 0.6), (2000, 0.3), (2000, 0.9)]),
    ("errors", 4, [(50, 0.0), (200, 0.5), (200, 1.0), (300, 0.0)]),
    ("values", 5, [(2000, 0.0), (1000, 0.5), (1000, 2.0), (1000, -1.0)]),
    ("values", 6, [(1500, 10.0), (1500, 10.25), (500, 14.0)]),
]
cases = []
for kind, seed, parts in streams:
    values = list(stream(kind, seed, parts))
    for name, (reads, make) in makers.items():
        if reads not in ("both", kind):
            continue
        detector, drifts, warnings = make(), [], 0
        for i, value in enumerate(values):
            detector.update(value)
            if detector.drift_detected:
                drifts.append(i)
            elif getattr(detector, "warning_detected", False):
                warnings += 1
        cases.append(dict(detector=name, kind=kind, seed=seed, parts=parts, drifts=drifts, warnings=warnings))
text = ",\n".join(json.dumps(case) for case in cases)
pathlib.Path(__file__).with_suffix(".json").write_text('{"river": "%s", "cases": [\n%s\n]}\n' % (river.__version__, text))
