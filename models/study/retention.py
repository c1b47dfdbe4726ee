"""How much of full fine-tuning's quality LoRA keeps on the same base: both methods, a few rates, several seeds, one test.

    python retention.py lora --model ../mini-encoder --out lora.json --hwu64 hwu64.csv --snips snips.jsonl.gz --paragraphs paragraphs.jsonl.gz
    python retention.py full --model ../mini-encoder --out full.json ...
    python compare.py lora.json full.json

The rate of each method and task is chosen on a tenth of the training rows, held out; the test rows are looked at afterwards.
"""
import argparse
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer

import data
from finetune import Candidate, Recipe, finetune
from tasks import Classification, Search, Spans, score

RATES = {"lora": (5e-4, 1e-3, 2e-3), "full": (1e-4, 3e-4, 1e-3)}
Build = Callable[[Tokenizer, list, str], Classification | Spans | Search]


def jobs(options: argparse.Namespace) -> dict[str, tuple[Build, str, Callable[[], tuple[list, list]]]]:
    """Task by name: how it is built, how it pools, where its rows are."""
    found = {}
    if options.hwu64:
        found["HWU64"] = (Classification, "cls", lambda: data.hwu64(options.hwu64))
    if options.snips:
        found["SNIPS slots"] = (Spans, "cls", lambda: data.snips_slots(options.snips))
    if options.paragraphs:
        found["paragraph search"] = (Search, "mean", lambda: data.search(options.paragraphs))
    return found


def study(build: Build, pooling: str, rows: tuple[list, list], options: argparse.Namespace, device: str) -> dict:
    began = time.perf_counter()
    train, test = (list(part)[: options.rows] for part in rows)
    random.Random(3).shuffle(train)
    chosen_on, train = train[: len(train) // 10], train[len(train) // 10 :]
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    task = build(tokenizer, train, device)
    candidates = [Candidate(rate, seed, pooling, options.method) for rate in RATES[options.method] for seed in range(1, options.seeds + 1)]
    model = finetune(options.model / "model.safetensors", task, candidates, Recipe(epochs=options.epochs), device)

    right = task.right(model, test).cpu()
    dev, scores = score(task.right(model, chosen_on).cpu()), score(right)
    by_rate = {rate: slice(i * options.seeds, (i + 1) * options.seeds) for i, rate in enumerate(RATES[options.method])}
    best = max(by_rate, key=lambda rate: float(dev[by_rate[rate]].mean()))
    return {
        "rows": {"train": len(train), "chosenOn": len(chosen_on), "test": len(test)}, "trainable": model.trained.flat.shape[1],
        "rates": {rate: {"chosenOn": rounded(dev[part]), "test": rounded(scores[part])} for rate, part in by_rate.items()},
        "rate": best, "right": [rounded(seed) for seed in right[by_rate[best]].flatten(1)], "columns": right.shape[2], "seconds": round(time.perf_counter() - began, 1),
    }


def rounded(values: torch.Tensor) -> list[float]:
    return [int(value) if value == int(value) else round(value, 4) for value in values.tolist()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=RATES)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hwu64")
    parser.add_argument("--snips")
    parser.add_argument("--paragraphs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rows", type=int, help="fewer, for a trial")
    options = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")
    results = {}
    for name, (build, pooling, rows) in jobs(options).items():
        results[name] = study(build, pooling, rows(), options, device)
        # After each task: what is done is kept when the machine is taken away.
        options.out.write_text(json.dumps({"method": options.method, "epochs": options.epochs, "tasks": results}) + "\n")
        print(options.method, name, {key: value for key, value in results[name].items() if key != "right"}, flush=True)


if __name__ == "__main__":
    main()
