"""Time of a step and peak memory of both methods, one model at a time, PyTorch's own AdamW.

    python timing.py --model ../mini-encoder --out timing.json --hwu64 hwu64.csv --paragraphs paragraphs.jsonl.gz
"""
import argparse
import json
import statistics
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

import data
from finetune import Candidate, Encoder, Recipe
from tasks import Classification, Search


def synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def measure(task: Classification | Search, method: str, pooling: str, options: argparse.Namespace, device: str) -> dict:
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated() if device == "cuda" else 0
    model = Encoder(options.model / "model.safetensors", task.outputs, [Candidate(1e-3, 1, pooling, method)], Recipe(), device)
    if method == "full":
        # The copies are trained; the base that they were made of is not needed beside them.
        model.base = {}
    parameters = list(model.own.values())
    for parameter in parameters:
        parameter.grad = None
    model.trained.gradient = None
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=device == "cuda")
    order, times = torch.randperm(task.rows, generator=torch.Generator().manual_seed(1)).to(device), []
    for number in range(options.warm + options.steps):
        batch = order[number * options.batch % (task.rows - options.batch) :][: options.batch]
        synchronise()
        began = time.perf_counter()
        task.loss(model, batch[None]).sum().backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        synchronise()
        times.append(time.perf_counter() - began)
    result = {"msPerStep": round(1000 * statistics.median(times[options.warm :]), 2), "trainable": sum(p.numel() for p in parameters)}
    if device == "cuda":
        result["peakMiB"] = round((torch.cuda.max_memory_allocated() - before) / 2**20, 1)
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hwu64", required=True)
    parser.add_argument("--paragraphs", required=True)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--warm", type=int, default=10)
    parser.add_argument("--steps", type=int, default=50)
    options = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    tasks = {
        "HWU64": (Classification(tokenizer, data.hwu64(options.hwu64)[0], device), "cls"),
        "paragraph search": (Search(tokenizer, data.search(options.paragraphs)[0], device), "mean"),
    }
    base = sum(value.numel() for value in load_file(options.model / "model.safetensors").values())
    results: dict = {"device": torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads", "batch": options.batch, "base": base}
    for name, (task, pooling) in tasks.items():
        results[name] = {method: measure(task, method, pooling, options, device) for method in ("full", "lora", "full", "lora")}
        print(name, results[name], flush=True)
        options.out.write_text(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
