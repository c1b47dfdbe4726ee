"""Makes the golden numbers beside this file with PyTorch, transformers and PEFT: tiny random bases, adapters that PEFT saved, and what they compute.

    python make.py            writes bases/ and cases/
    python make.py --check    makes them again in a temporary folder and compares

tests/peft/setup makes a Python environment that can run it.
"""
import json
import math
import sys
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers.utils import logging

from bases import BASES, VOCABULARY, make_base
from kinds import TASK_TYPES, build, is_bert, key, losses, mean, outputs, trainable

# The models are tiny: threads would only wait for each other.
torch.set_num_threads(1)
logging.set_verbosity_error()
logging.disable_progress_bar()
HERE = Path(__file__).parent
LABELS = 5
LENGTHS = [7, 1, 12, 4, 3]
WEIGHTS = [1.0, 0.5, 2.0, 1.0, 0.25]
BERT = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
LLAMA = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RATE, WARMUP, DECAY, CLIP, STEPS = 5e-3, 0.25, 0.01, 1.0, 12

# base, kind, pooling, rsLoRA, target modules, schedule of a short training
CASES = [
    ("bert", "sequence", "mean", False, BERT, "linear"),
    ("bert", "multilabel", "first", False, BERT, None),
    ("bert", "tokens", "first", False, BERT, None),
    ("bert", "pooled", "mean", False, BERT, None),
    ("llama", "sequence", "last", False, LLAMA, None),
    ("llama", "multilabel", "last", False, LLAMA, None),
    ("llama", "tokens", "last", False, LLAMA, None),
    ("llama", "pooled", "last", True, LLAMA, None),
    ("llama", "vocabulary", "last", False, LLAMA, "cosine"),
    ("llama3", "vocabulary", "last", True, LLAMA, None),
    ("llama-linear", "vocabulary", "last", False, ["q_proj", "v_proj"], None),
    ("mistral", "vocabulary", "last", False, ["k_proj", "o_proj", "up_proj", "down_proj"], None),
    ("qwen2", "vocabulary", "last", False, LLAMA, None),
    ("qwen3", "vocabulary", "last", False, LLAMA, None),
]


def rows_of(kind: str) -> list[dict]:
    def tokens(length: int) -> list[int]:
        return torch.randint(3, VOCABULARY, (length,)).tolist()

    rows = [{"tokens": tokens(length), "targets": [], "weight": weight} for length, weight in zip(LENGTHS, WEIGHTS)]
    for i, row in enumerate(rows):
        length = len(row["tokens"])
        if kind == "sequence":
            row["targets"] = [int(torch.randint(0, LABELS, ()))]
        elif kind == "multilabel":
            row["targets"] = [label for label in range(LABELS) if torch.rand(()) < 0.4] if i else []
        elif kind == "tokens":
            row["targets"] = [-1 if torch.rand(()) < 0.3 else int(torch.randint(0, LABELS, ())) for _ in range(length)]
        elif kind == "vocabulary":
            # The first half is prompt; the last token is followed by the end of the text.
            row["targets"] = [-1 if j < length // 2 else (row["tokens"] + [2])[j + 1] for j in range(length)]
        else:
            row["documents"] = [tokens(length % 5 + 2) for length in range(i, i + 1 + i % 3)]
    if kind == "pooled":
        rows[2]["documents"].append(rows[0]["documents"][0])
    return rows


def adapted(base: Path, kind: str, pooling: str, rslora: bool, targets: list[str]):
    lora = LoraConfig(task_type=TASK_TYPES[kind], r=3, lora_alpha=5, lora_dropout=0.0, target_modules=targets, use_rslora=rslora)
    model = get_peft_model(build(kind, base, LABELS, pooling), lora).eval()
    for name, parameter in model.named_parameters():
        # A fresh B is zero, and a fresh head is small.
        if parameter.requires_grad and "lora_A" not in name:
            parameter.data = (0.1 if "lora_B" in name else 0.3) * torch.randn_like(parameter)
    return model


def agrees_with_transformers(kind: str, model, rows: list[dict], terms: torch.Tensor) -> None:
    """Our reading of the row's targets is transformers' own, where it has one: shifted labels, -100 for none."""
    if kind != "vocabulary":
        return
    width = max(len(row["tokens"]) for row in rows) + 1
    ids = torch.tensor([(row["tokens"] + [2] + [0] * width)[:width] for row in rows])
    labels = torch.full_like(ids, -100)
    for i, row in enumerate(rows):
        for j, target in enumerate(row["targets"]):
            if target >= 0:
                labels[i, j + 1] = target
    mask = (torch.arange(width)[None] <= torch.tensor([[len(row["tokens"])] for row in rows])).long()
    theirs = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    assert abs(theirs - terms.mean()) < 1e-5, (theirs, terms.mean())


def rate_at(schedule: str, step: int) -> float:
    rising = math.ceil(WARMUP * STEPS)
    if step < rising:
        return (step + 1) / rising
    left = (STEPS - step) / (STEPS - rising)
    return left if schedule == "linear" else 0.5 - 0.5 * math.cos(math.pi * left)


def trajectory(loss_of, parameters, schedule: str) -> list[float]:
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=DECAY)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(schedule, step))
    found = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        scheduler.step()
        found.append(loss.item())
    return found


def save_adapter(model, folder: Path, base: str) -> None:
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    # PEFT writes sets in whatever order, and the path of this machine.
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["target_modules"].sort()
    config["base_model_name_or_path"] = base
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def make_case(number: int, folder: Path, bases: Path) -> None:
    base, kind, pooling, rslora, targets, schedule = CASES[number]
    torch.manual_seed(number)
    rows = rows_of(kind)
    model = adapted(bases / base, kind, pooling, rslora, targets)
    terms, weights = losses(kind, model, rows, LABELS, pooling)
    agrees_with_transformers(kind, model, rows, terms)
    loss = mean(terms, weights)
    loss.backward()
    save_adapter(model, folder, base)
    numbers = {f"gradient.{name}": parameter.grad.contiguous() for name, parameter in trainable(model).items()}
    numbers["terms"] = terms.detach()
    numbers["outputs"] = torch.cat([each.detach().flatten() for each in outputs(kind, model, rows, pooling)])
    save_file(numbers, folder / "numbers.safetensors")
    case = {"base": base, "kind": kind, "pooling": pooling, "labels": 0 if kind in ("pooled", "vocabulary") else LABELS, "loss": loss.item(), "rows": rows}
    if schedule:
        parameters = list(trainable(model).values())
        found = trajectory(lambda: mean(*losses(kind, model, rows, LABELS, pooling)), parameters, schedule)
        case["training"] = {"schedule": schedule, "steps": STEPS, "rate": RATE, "warmup": WARMUP, "weightDecay": DECAY, "losses": found}
    (folder / "case.json").write_text(json.dumps(case, indent=None, separators=(", ", ": ")) + "\n")


def make(root: Path) -> None:
    for name in BASES:
        make_base(name, root / "bases" / name)
    for number, (base, kind, *_) in enumerate(CASES):
        make_case(number, root / "cases" / f"{base}-{kind}", root / "bases")
        print(f"{base}-{kind}", file=sys.stderr)


def differences(made: Path, kept: Path) -> list[str]:
    """Files that are missing or differ: tensors and losses by more than another processor's rounding, the rest at all."""
    names = {str(path.relative_to(root)) for root in (made, kept) for part in ("bases", "cases") for path in (root / part).rglob("*") if path.is_file()}
    return [name for name in sorted(names) if not ((made / name).exists() and (kept / name).exists() and same(made / name, kept / name))]


def same(made: Path, kept: Path) -> bool:
    if made.suffix == ".safetensors":
        a, b = load_file(made), load_file(kept)
        return a.keys() == b.keys() and all(a[name].dtype == b[name].dtype and torch.allclose(a[name], b[name], rtol=1e-4, atol=1e-5 * float(b[name].abs().max())) for name in a)
    return close(json.loads(made.read_text()), json.loads(kept.read_text()))


def close(a, b) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-4)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    return a == b


def main() -> None:
    if "--check" not in sys.argv:
        return make(HERE)
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        wrong = differences(Path(folder), HERE)
    if wrong:
        sys.exit("differs from what is committed: " + ", ".join(wrong))
    print(f"{len(CASES)} cases agree with what is committed")


if __name__ == "__main__":
    main()
