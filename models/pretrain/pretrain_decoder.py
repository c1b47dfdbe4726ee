"""Pretrains the decoder on the next token: prose with a share of structured text, documents end to end, for a given number of seconds on one GPU.

    python pretrain_decoder.py --tokens decoder.npz.xz --tokenizer ../mini-decoder/tokenizer.json --out trained
"""
import argparse
import json
from dataclasses import fields
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import archive
from batches import Text
from decoder import Decoder, Shape
from loop import Loop, arguments, device, lengths
from optimizer import Muon, adamw


class NextToken:
    def __init__(self, options: argparse.Namespace, device: str) -> None:
        self.options, self.device = options, device
        self.random = torch.Generator(device).manual_seed(options.seed)
        arrays = archive.read(options.tokens)
        room = max(lengths(options.lengths)) + 2
        self.prose, self.made = (Text(arrays, part, room, device) for part in ("train", "structured"))
        self.held_out = Text(arrays, "held_out", room, device)
        self.model = Decoder(shape(options), torch.bfloat16 if device == "cuda" else torch.float32).to(device)
        if options.resume:
            self.model.read({name: value.float() for name, value in load_file(options.resume).items()})
        if device == "cuda":
            self.model.compile_parts()

    def loss(self, length: int) -> tuple[Tensor, Tensor]:
        rows = self.options.batch_tokens // length
        made = round(rows * self.options.structured)
        ids = torch.cat([
            self.prose.rows(self.prose.draw_evenly(rows - made, self.random), length + 1),
            self.made.rows(self.made.draw_evenly(made, self.random), length + 1),
        ])
        loss = self.model(ids)
        return loss, loss

    def held_out_loss(self, batches: int = 4) -> float:
        """Always the same rows, prose alone; perplexity.py measures the rest. Gradients stay on: turning them off would compile once more."""
        same, length = torch.Generator(self.device).manual_seed(1), min(lengths(self.options.lengths))
        rows = self.options.batch_tokens // length
        losses = [self.model(self.held_out.rows(self.held_out.draw_evenly(rows, same), length + 1)).detach() for _ in range(batches)]
        return torch.stack(losses).mean().item()

    def save(self, folder: Path, log: list[dict], **facts: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in self.model.weights().items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "log.json").write_text(json.dumps({**facts, "shape": vars(self.model.shape), "log": log}))


def shape(options: argparse.Namespace) -> Shape:
    return Shape(**{field.name: getattr(options, field.name) for field in fields(Shape) if hasattr(options, field.name)})


def optimizers(model: Decoder, options: argparse.Namespace, device: str) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for embeddings and norms."""
    if options.adamw:
        return [adamw(model, options.lr, options.decay, device, beta2=0.95)]
    inner = {id(p) for p in model.layers.parameters() if p.ndim == 2}
    rest = torch.nn.ParameterList([p for p in model.parameters() if id(p) not in inner])
    return [Muon([p for p in model.parameters() if id(p) in inner], options.lr, options.decay), adamw(rest, options.lr, options.decay, device, beta2=0.95)]


def own_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--resume", type=Path, help="a model.safetensors written before; the optimizer starts afresh")
    parser.add_argument("--structured", type=float, default=0.125, help="share of rows of structured text")
    parser.add_argument("--adamw", action="store_true", help="AdamW for everything")
    for name in ("hidden", "layers", "heads", "key_heads", "intermediate"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=argparse.SUPPRESS)


def main() -> None:
    options = arguments(own_arguments, lengths="512:0.75,1024:0.25", warm_up=0.03, decay=0.2)
    torch.manual_seed(options.seed)
    where = device()
    objective = NextToken(options, where)
    loop = Loop(objective, optimizers(objective.model, options, where), options)
    loop.finish(loop.run())


if __name__ == "__main__":
    main()
