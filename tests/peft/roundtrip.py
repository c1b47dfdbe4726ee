"""The PEFT side of the round trip: `python roundtrip.py FOLDER`.

FOLDER/ours/NAME holds an adapter that the engine trained, and exchange.json: what stands where. Writes there `loaded.json` (keys missing and
unexpected, by comparing sets of names) and `outputs.safetensors`. FOLDER/theirs/NAME becomes an adapter of the same base and task that PEFT
made, on what PEFT calls all linear layers, with its outputs.
"""
import json
import sys
from pathlib import Path

import torch
from kinds import TASK_TYPES, build, is_bert, key, outputs
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification


def adapter_names(model) -> dict[str, torch.Tensor]:
    """What PEFT put on the base, by its names in a file."""
    return {key(name): parameter for name, parameter in model.named_parameters() if "lora_" in name or ".modules_to_save." in name}


def write_outputs(folder: Path, kind: str, model, rows: list[dict], pooling: str) -> None:
    with torch.no_grad():
        found = outputs(kind, model, rows, pooling)
    save_file({"outputs": torch.cat([each.flatten() for each in found])}, folder / "outputs.safetensors")


def load_ours(folder: Path) -> None:
    given = json.loads((folder / "exchange.json").read_text())
    kind, base, labels, pooling = given["kind"], Path(given["base"]), given["labels"], given["pooling"]
    file = load_file(folder / "adapter_model.safetensors")
    model = PeftModel.from_pretrained(build(kind, base, labels, pooling), folder).eval()
    there = adapter_names(model)
    report = {"missing": sorted(there.keys() - file.keys()), "unexpected": sorted(file.keys() - there.keys())}
    report["different"] = sorted(name for name in there.keys() & file.keys() if not torch.equal(there[name], file[name]))
    if is_bert(base) and kind in ("sequence", "multilabel"):
        # Stock BertForSequenceClassification has a pooler of its own: other logits, but the adapter must find its place there too.
        stock = adapter_names(PeftModel.from_pretrained(AutoModelForSequenceClassification.from_pretrained(base, num_labels=labels), folder))
        report["missing"] += sorted(stock.keys() - file.keys())
        report["unexpected"] += sorted(file.keys() - stock.keys())
    (folder / "loaded.json").write_text(json.dumps(report))
    write_outputs(folder, kind, model, given["rows"], pooling)


def make_theirs(ours: Path, folder: Path) -> None:
    given = json.loads((ours / "exchange.json").read_text())
    kind, pooling = given["kind"], given["pooling"]
    # With TOKEN_CLS, PEFT 0.21 counts the head among all linear layers and then cannot train it whole.
    targets = given["targets"] if kind == "tokens" else "all-linear"
    lora = LoraConfig(task_type=TASK_TYPES[kind], r=4, lora_alpha=6, lora_dropout=0.1, target_modules=targets, use_rslora=given["rslora"])
    model = get_peft_model(build(kind, Path(given["base"]), given["labels"], pooling), lora).eval()
    for name, parameter in adapter_names(model).items():
        if "lora_A" not in name:
            parameter.data = 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    write_outputs(folder, kind, model, given["rows"], pooling)


def main() -> None:
    root = Path(sys.argv[1])
    torch.manual_seed(0)
    for ours in sorted((root / "ours").iterdir()):
        load_ours(ours)
        make_theirs(ours, root / "theirs" / ours.name)


if __name__ == "__main__":
    main()
