"""How good is the encoder as a base: LoRA on real tasks, next to TF-IDF with logistic regression.

    python evaluate.py --model ../mini-encoder --hwu64 hwu64.csv --snips snips.jsonl.gz --sentiment sentiment_by_domain.csv.gz
"""
import argparse
import csv
import gzip
import json
import random
import statistics
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from finetune import Candidate, Recipe, finetune

LONGEST = 64
Rows = list[tuple[str, str]]


def hwu64(path: str) -> tuple[Rows, Rows]:
    with open(path, encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return tuple([(row["text"], row["intent"]) for row in rows if row["split"] == split] for split in ("train", "test"))


def snips(path: str) -> tuple[Rows, Rows]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return tuple([(row["text"], row["intent"]) for row in rows if (row["split"] == "train") == train] for train in (True, False))


def movies(path: str) -> tuple[Rows, Rows]:
    """Sentences of movie reviews, positive or negative; the data has no split, so a fixed tenth is the test."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(lines) if row["domain"] == "movie_review_sentences"]
    random.Random(1).shuffle(rows)
    return rows[len(rows) // 10 :], rows[: len(rows) // 10]


def few(rows: Rows, count: int) -> Rows:
    return random.Random(2).sample(rows, count)


def tasks(options: argparse.Namespace) -> dict[str, tuple[Rows, Rows]]:
    found = {}
    if options.hwu64:
        found["HWU64"] = hwu64(options.hwu64)
    if options.snips:
        train, test = snips(options.snips)
        found["SNIPS"] = train, test
        found["SNIPS, 1,500 rows"] = few(train, 1500), test
    if options.sentiment:
        found["movie sentiment"] = movies(options.sentiment)
    return found


def tensors(tokenizer: Tokenizer, train: Rows, test: Rows, device: str) -> list[tuple[torch.Tensor, torch.Tensor]]:
    tokenizer.enable_padding(pad_id=0)
    tokenizer.enable_truncation(LONGEST)
    names = {name: number for number, name in enumerate(sorted({label for _, label in train}))}
    parts = []
    for rows in (train, test):
        ids = torch.tensor([encoding.ids for encoding in tokenizer.encode_batch([text for text, _ in rows])])
        # A label that training never saw is an error, whatever is predicted.
        parts.append((ids.to(device), torch.tensor([names.get(label, -1) for _, label in rows], device=device)))
    return parts


def tf_idf(train: Rows, test: Rows) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
    model.fit(*zip(*train))
    return float(model.score(*zip(*test)))


def grid(options: argparse.Namespace) -> list[Candidate]:
    return [Candidate(pooling, rate, seed) for pooling in options.poolings for rate in options.rates for seed in range(1, options.seeds + 1)]


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
        accuracies = finetune(weights, *tensors(tokenizer, train, test, device), candidates, Recipe(epochs=options.epochs))
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
