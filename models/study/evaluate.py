"""How good is the encoder as a base: LoRA on real tasks, next to TF-IDF with logistic regression.

    python evaluate.py --model ../mini-encoder --hwu64 hwu64.csv --snips snips.jsonl.gz --sentiment sentiment_by_domain.csv.gz
"""
import argparse
import json
import statistics
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

import data
from data import Rows, Split
from finetune import Candidate, Recipe, finetune
from tasks import Classification, score


def tasks(options: argparse.Namespace) -> dict[str, Split]:
    found = {}
    if options.hwu64:
        found["HWU64"] = data.hwu64(options.hwu64)
    if options.snips:
        train, test = data.snips(options.snips)
        found["SNIPS"] = train, test
        found["SNIPS, 1,500 rows"] = data.few(train, 1500), test
    if options.sentiment:
        found["movie sentiment"] = data.movies(options.sentiment)
    return found


def tf_idf(train: Rows, test: Rows) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
    model.fit(*zip(*train))
    return float(model.score(*zip(*test)))


def grid(options: argparse.Namespace) -> list[Candidate]:
    return [Candidate(rate, seed, pooling) for pooling in options.poolings for rate in options.rates for seed in range(1, options.seeds + 1)]


def summary(candidates: list[Candidate], accuracies: list[float]) -> list[dict]:
    cells: dict[tuple[str, float], list[float]] = {}
    for candidate, value in zip(candidates, accuracies):
        cells.setdefault((candidate.pooling, candidate.rate), []).append(value)
    return [{"pooling": pooling, "rate": rate, "mean": round(statistics.mean(values), 4), "seeds": [round(value, 4) for value in values]}
            for (pooling, rate), values in cells.items()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True, help="a folder with the tokenizer, and the weights unless --weights names them")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--hwu64")
    parser.add_argument("--snips")
    parser.add_argument("--sentiment")
    parser.add_argument("--poolings", nargs="+", default=["cls", "mean"])
    parser.add_argument("--rates", nargs="+", type=float, default=[1e-3, 2e-3, 3e-3])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--baseline", action="store_true", help="TF-IDF with logistic regression as well")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")
    weights, candidates, results = options.weights or options.model / "model.safetensors", grid(options), {}
    for name, (train, test) in tasks(options).items():
        began = time.perf_counter()
        tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
        task = Classification(tokenizer, train, device)
        accuracies = score(task.right(finetune(weights, task, candidates, Recipe(epochs=options.epochs), device), test)).tolist()
        results[name] = {"train": len(train), "test": len(test), "lora": summary(candidates, accuracies)}
        if options.baseline:
            results[name]["tfIdf"] = round(tf_idf(train, test), 4)
        print(name, len(train), len(test), results[name].get("tfIdf", ""), f"{time.perf_counter() - began:.0f} s", flush=True)
        for line in results[name]["lora"]:
            print("  ", json.dumps(line), flush=True)
    if options.out:
        options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
