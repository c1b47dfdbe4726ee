"""Which share of full fine-tuning's score LoRA keeps, with intervals.

    python compare.py lora.json full.json

Both methods were tested on the same rows and started from the same heads and orders for each seed. A bootstrap draws rows and seeds anew
(10,000 times, the same draw for both methods) and takes the ratio of the mean scores; the interval is its middle 95 %.
"""
import argparse
import json
from pathlib import Path

import numpy as np

DRAWS = 10_000


def right(result: dict) -> np.ndarray:
    """[seeds, rows, columns]"""
    values = np.array(result["right"], dtype=np.float64)
    return values.reshape(len(values), -1, result["columns"])


def score(sums: np.ndarray) -> np.ndarray:
    """Of sums over rows [..., columns + 1], the last being the number of rows: mean, or span F1."""
    if sums.shape[-1] == 2:
        return sums[..., 0] / sums[..., 1]
    return 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)


def with_count(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values, np.ones((*values.shape[:-1], 1))], -1)


def bootstrap(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean scores of both methods over DRAWS draws of seeds and rows."""
    r = np.random.default_rng(1)
    seeds, rows = first.shape[:2]
    found = np.empty((2, DRAWS))
    for draw in range(DRAWS):
        # How often each row was drawn, rather than the rows: one product for a draw.
        times = np.bincount(r.integers(rows, size=rows), minlength=rows)
        chosen = r.integers(seeds, size=seeds)
        for i, values in enumerate((first, second)):
            found[i, draw] = score(np.einsum("r,src->sc", times, values[chosen])).mean()
    return found[0], found[1]


def row(name: str, lora: dict, full: dict) -> str:
    ours, theirs = with_count(right(lora)), with_count(right(full))
    a, b = score(ours.sum(1)), score(theirs.sum(1))
    drawn_a, drawn_b = bootstrap(ours, theirs)
    low, high = np.percentile(drawn_a / drawn_b, (2.5, 97.5))
    low_d, high_d = np.percentile(drawn_a - drawn_b, (2.5, 97.5))
    cells = [f"{name} ({lora['rows']['train']:,} / {lora['rows']['test']:,})"]
    cells += [f"{value.mean():.4f} ({', '.join(f'{one:.3f}' for one in value)}; {result['rate']:g})" for value, result in ((a, lora), (b, full))]
    cells += [f"**{100 * a.mean() / b.mean():.1f} %** [{100 * low:.1f}, {100 * high:.1f}]", f"{a.mean() - b.mean():+.4f} [{low_d:+.4f}, {high_d:+.4f}]"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("lora", type=Path)
    options.add_argument("full", type=Path)
    options = options.parse_args()
    lora, full = (json.loads(path.read_text())["tasks"] for path in (options.lora, options.full))
    print("| task (training rows / test rows) | LoRA: mean (seeds; rate) | full: mean (seeds; rate) | kept [95 %] | difference [95 %] |\n|---|---|---|---|---|")
    for name in lora:
        if name in full:
            print(row(name, lora[name], full[name]))


if __name__ == "__main__":
    main()
