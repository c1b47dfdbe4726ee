"""Which share of full fine-tuning's score LoRA keeps, with intervals.

    python compare.py results/lora.json results/full.json [--timing results/timing.json]

Both methods were tested on the same rows and started from the same heads and orders for each seed. A bootstrap draws rows and seeds anew
(10,000 times, the same draw for both methods) and takes the ratio of the mean scores; the interval is its middle 95 %. A task that one method
did not finish is shown as that: nothing is said about what LoRA keeps there.
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


def cell(result: dict) -> str:
    """Mean score, each seed's, and the rate they were trained at."""
    values = score(with_count(right(result)).sum(1))
    return f"{values.mean():.4f} ({', '.join(f'{one:.3f}' for one in values)}; {result['rate']:g})"


def compared(lora: dict, full: dict) -> list[str]:
    """Share of the score that is kept, and the difference, each with its interval."""
    ours, theirs = with_count(right(lora)), with_count(right(full))
    a, b = (score(values.sum(1)).mean() for values in (ours, theirs))
    drawn_a, drawn_b = bootstrap(ours, theirs)
    low, high = np.percentile(drawn_a / drawn_b, (2.5, 97.5))
    low_d, high_d = np.percentile(drawn_a - drawn_b, (2.5, 97.5))
    return [f"**{100 * a / b:.1f} %** [{100 * low:.1f}, {100 * high:.1f}]", f"{a - b:+.4f} [{low_d:+.4f}, {high_d:+.4f}]"]


def row(name: str, lora: dict | None, full: dict | None) -> str:
    rows = (lora or full)["rows"]
    cells = [f"{name} ({rows['train']:,} / {rows['test']:,})", *(cell(result) if result else "cut off" for result in (lora, full))]
    return f"| {' | '.join(cells + (compared(lora, full) if lora and full else ['unknown', 'unknown']))} |"


def rates(name: str, result: dict) -> str:
    """Score on the held-out tenth and on the test at every rate that was tried: is the best one at the edge?"""
    def means(kind: str) -> str:
        return " / ".join(f"{np.mean(found[kind]):.3f}" for found in result["rates"].values())
    return f"| {name} | {' / '.join(f'{float(rate):g}' for rate in result['rates'])} | {means('chosenOn')} | {means('test')} |"


def times(timing: dict) -> list[str]:
    lines = ["| task | ms a step, LoRA | full | MiB at peak, LoRA | full | trained, LoRA | full |", "|---|---:|---:|---:|---:|---:|---:|"]
    for name, found in timing.items():
        if isinstance(found, dict):
            cells = [f"{found[method][key]:{form}}" for key, form in (("msPerStep", ".1f"), ("peakMiB", ".0f"), ("trainable", ",")) for method in ("lora", "full")]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("lora", type=Path)
    options.add_argument("full", type=Path)
    options.add_argument("--timing", type=Path)
    options = options.parse_args()
    lora, full = (json.loads(path.read_text())["tasks"] for path in (options.lora, options.full))
    print("| task (training rows / test rows) | LoRA: mean (seeds; rate) | full: mean (seeds; rate) | kept [95 %] | difference [95 %] |\n|---|---|---|---|---|")
    for name in dict.fromkeys((*lora, *full)):
        print(row(name, lora.get(name), full.get(name)))
    print("\n| task, method | rates | chosen on | test |\n|---|---|---|---|")
    for name in dict.fromkeys((*lora, *full)):
        for method, tasks in (("LoRA", lora), ("full", full)):
            if name in tasks:
                print(rates(f"{name}, {method}", tasks[name]))
    if options.timing:
        print("", *times(json.loads(options.timing.read_text())), sep="\n")


if __name__ == "__main__":
    main()
