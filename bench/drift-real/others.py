"""Other people's detectors, as released and with their defaults, on the same streams: `python others.py streams.jsonl` writes a line of alarms a stream."""

import json
import sys
import warnings

import nannyml
import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType
from river import drift

warnings.filterwarnings("ignore")
WINDOW, CHUNK = 500, 500


def river_alarms(make, values):
    detector, alarms = make(), []
    for i, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(i)
    return alarms


def evidently_alarms(reference, values, kind):
    series = pd.Series(reference)
    test = get_stattest(series, pd.Series(values[:WINDOW]), kind, None)
    alarms = []
    for start in range(0, len(values) - WINDOW + 1, WINDOW):
        if test(series, pd.Series(values[start : start + WINDOW]), kind, None).drifted:
            alarms.append(start + WINDOW - 1)
    return alarms


def nannyml_alarms(reference, values):
    chunk = min(CHUNK, len(reference) // 6)
    calculator = nannyml.UnivariateDriftCalculator(column_names=["x"], chunk_size=chunk).fit(pd.DataFrame({"x": reference}))
    found = calculator.calculate(pd.DataFrame({"x": values})).filter(period="analysis").to_df()
    alerts = found[("x", "jensen_shannon", "alert")].to_numpy()
    ends = found[("chunk", "chunk", "end_index")].to_numpy()
    return [int(end) for end, alert in zip(ends, alerts, strict=True) if alert]


RIVER = {"river ADWIN": drift.ADWIN, "river Page-Hinkley": drift.PageHinkley, "river KSWIN": lambda: drift.KSWIN(seed=1)}


def main(path: str) -> None:
    for line in open(path, encoding="utf-8"):
        stream = json.loads(line)
        reference, values = stream["reference"], stream["values"]
        # a detector that learns from what it sees has seen the reference too
        alarms = {name: [i - len(reference) for i in river_alarms(make, reference + values) if i >= len(reference)] for name, make in RIVER.items()}
        alarms["evidently, column of numbers"] = evidently_alarms(reference, values, ColumnType.Numerical)
        alarms["nannyml, Jensen-Shannon"] = nannyml_alarms(np.array(reference), np.array(values))
        if stream["texts"]:
            alarms["evidently, text"] = evidently_alarms(stream["referenceTexts"], stream["texts"], ColumnType.Text)
        print(json.dumps(alarms), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
