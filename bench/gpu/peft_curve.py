"""The losses of a training in PyTorch with PEFT, for comparison with the engine's own, step by step.

    python peft_curve.py FOLDER... [--dtype float32|bfloat16 ...] [--device cuda|cpu]

Writes FOLDER/torch-DTYPE.json for each. FOLDER holds `base/` (any folder of a causal language model), `adapter/` (PEFT's files: where both start) and `curve.json`:

    {"weightDecay": 0.01, "clip": 1, "rates": [rate of each step], "batches": [[{"tokens": [...], "targets": [...], "weight": 1}, ...] of each step]}

targets[i] is the token that should follow token i, or -1 where nothing is asked. What is written is {"losses": [...]}: the weighted mean over the tokens with a
target, nats. In bfloat16 the base is bf16 and the adapter, its gradients and the loss are float32, products in bf16 (autocast).
"""
import argparse
import json
from pathlib import Path

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM

PAD = -1


def tensors(rows: list[dict], device: str):
    width = max(len(row["tokens"]) for row in rows)

    def pad(values: list[int], filler: int) -> list[int]:
        return values + [filler] * (width - len(values))

    ids = torch.tensor([pad(row["tokens"], 0) for row in rows], device=device)
    targets = torch.tensor([pad(row["targets"], PAD) for row in rows], device=device)
    mask = torch.tensor([pad([1] * len(row["tokens"]), 0) for row in rows], device=device)
    weights = torch.tensor([[row.get("weight", 1.0)] for row in rows], device=device) * (targets != PAD)
    return ids, mask, targets, weights


def loss_of(model, rows: list[dict], device: str, dtype: torch.dtype) -> torch.Tensor:
    ids, mask, targets, weights = tensors(rows, device)
    with torch.autocast(device, torch.bfloat16, enabled=dtype == torch.bfloat16):
        logits = model(input_ids=ids, attention_mask=mask).logits
    each = cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=PAD, reduction="none")
    return (each * weights.flatten()).sum() / weights.sum()


def losses_of(folder: Path, dtype: torch.dtype, device: str) -> list[float]:
    torch.backends.cuda.matmul.allow_tf32 = False
    curve = json.loads((folder / "curve.json").read_text())
    base = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=dtype)
    model = PeftModel.from_pretrained(base, folder / "adapter", is_trainable=True).to(device).train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1.0, weight_decay=curve["weightDecay"])
    losses = []
    for rate, rows in zip(curve["rates"], curve["batches"], strict=True):
        optimizer.param_groups[0]["lr"] = rate
        loss = loss_of(model, rows, device, dtype)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, curve["clip"])
        optimizer.step()
        losses.append(loss.item())
    return losses


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--dtype", nargs="+", default=["float32"], choices=["float32", "bfloat16"])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = parser.parse_args()
    for folder in given.folders:
        for dtype in given.dtype:
            (folder / f"torch-{dtype}.json").write_text(json.dumps({"losses": losses_of(folder, getattr(torch, dtype), given.device)}))


if __name__ == "__main__":
    main()
