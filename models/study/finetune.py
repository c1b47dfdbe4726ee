"""Fine-tunings of the encoder side by side: every seed, learning rate and pooling is one slice of the same tensors.

K candidates differ in what is trained and in the order of rows. `lora`: the base is frozen and shared, y = x W' + b + (alpha / r) (x A') B',
A uniform in +-1/sqrt(in), B zero, as PEFT has it. `full`: every candidate trains its own copy of all weights.
"""
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

LINEARS = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense")
HEADS, EPSILON = 4, 1e-12


@dataclass(frozen=True)
class Candidate:
    rate: float
    seed: int
    pooling: str = "cls"  # or "mean"
    method: str = "lora"  # or "full", the same for all candidates of a run


@dataclass(frozen=True)
class Recipe:
    rank: int = 16
    alpha: int = 32
    epochs: int = 3
    batch: int = 32
    warm_up: float = 0.1
    decay: float = 0.01
    clip: float = 1.0


class Trained:
    """All trainable numbers of all candidates in one matrix [K, P]. A parameter [K, ...] is a view of its columns, and so is its gradient."""

    def __init__(self, initial: list[dict[str, Tensor]], device: str) -> None:
        shapes = {name: value.shape for name, value in initial[0].items()}
        self.flat = torch.stack([torch.cat([value.flatten() for value in own.values()]) for own in initial]).to(device)
        self.gradient = torch.zeros_like(self.flat)
        sizes = [math.prod(shape) for shape in shapes.values()]
        self.parameters: dict[str, Tensor] = {}
        for (name, shape), value, gradient in zip(shapes.items(), self.flat.split(sizes, 1), self.gradient.split(sizes, 1)):
            self.parameters[name] = value.unflatten(1, shape).requires_grad_()
            self.parameters[name].grad = gradient.unflatten(1, shape)


def hash_of(name: str) -> int:
    return sum(ord(letter) * 31**place % 1_000_003 for place, letter in enumerate(name)) * 1000


def drawn(name: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """The same seed gives the same head whatever else is trained: methods can be compared in pairs."""
    draw = torch.Generator().manual_seed(hash_of(name) + seed)
    if name.endswith(".A"):
        return (torch.rand(shape, generator=draw) * 2 - 1) / math.sqrt(shape[1])
    return torch.randn(shape, generator=draw) * 0.02 if name == "head" else torch.zeros(shape)


def trainable(base: dict[str, Tensor], outputs: int, candidate: Candidate, recipe: Recipe) -> dict[str, Tensor]:
    shapes: dict[str, tuple[int, ...]] = {}
    if candidate.method == "lora":
        for key, weight in base.items():
            if any(key.endswith(f"{name}.weight") for name in LINEARS):
                out, into = weight.shape
                shapes[f"{key}.A"], shapes[f"{key}.B"] = (recipe.rank, into), (out, recipe.rank)
    if outputs:
        shapes["head"], shapes["head.bias"] = (outputs, base["embeddings.LayerNorm.weight"].shape[0]), (1, outputs)
    own = {name: drawn(name, shape, candidate.seed) for name, shape in shapes.items()}
    return own if candidate.method == "lora" else {**{key: value.cpu() for key, value in base.items()}, **own}


class Encoder:
    """The base with what the candidates train. Activations are [K, rows * length, d]."""

    def __init__(self, weights: Path, outputs: int, candidates: list[Candidate], recipe: Recipe, device: str) -> None:
        self.base = {key: value.float().to(device) for key, value in load_file(weights).items()}
        self.layers = 1 + max(int(key.split(".")[2]) for key in self.base if key.startswith("encoder.layer."))
        self.trained = Trained([trainable(self.base, outputs, candidate, recipe) for candidate in candidates], device)
        self.own = self.trained.parameters
        self.full = candidates[0].method == "full"
        self.scale = recipe.alpha / recipe.rank
        self.by_cls = torch.tensor([c.pooling == "cls" for c in candidates], device=device)[:, None, None]

    def norm(self, x: Tensor, key: str) -> Tensor:
        if not self.full:
            return F.layer_norm(x, x.shape[-1:], self.base[f"{key}.weight"], self.base[f"{key}.bias"], EPSILON)
        return F.layer_norm(x, x.shape[-1:], eps=EPSILON) * self.own[f"{key}.weight"][:, None] + self.own[f"{key}.bias"][:, None]

    def linear(self, x: Tensor, key: str) -> Tensor:
        if self.full:
            return torch.baddbmm(self.own[f"{key}.bias"][:, None], x, self.own[f"{key}.weight"].mT)
        low = x @ self.own[f"{key}.weight.A"].mT
        return F.linear(x, self.base[f"{key}.weight"], self.base[f"{key}.bias"]) + self.scale * (low @ self.own[f"{key}.weight.B"].mT)

    def embedded(self, ids: Tensor) -> Tensor:
        """ids is [K, rows, length]."""
        length, names = ids.shape[2], [f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type")]
        if not self.full:
            words, positions, types = (self.base[name] for name in names)
            return words[ids] + positions[:length] + types[0]
        words, positions, types = (self.own[name] for name in names)
        each = torch.arange(len(ids), device=ids.device)[:, None, None]
        return words[each, ids] + positions[:, None, :length] + types[:, None, :1]

    def hidden(self, ids: Tensor) -> Tensor:
        """Last hidden states [K, rows, length, d]; zero is padding."""
        real = ids != 0
        x = self.norm(self.embedded(ids).flatten(1, 2), "embeddings.LayerNorm")
        for number in range(self.layers):
            x = self.layer(x, f"encoder.layer.{number}", real)
        return x.unflatten(1, ids.shape[1:])

    def layer(self, x: Tensor, at: str, real: Tensor) -> Tensor:
        k, rows, length = real.shape
        def by_head(key: str) -> Tensor:
            return self.linear(x, f"{at}.attention.self.{key}").view(k * rows, length, HEADS, -1).transpose(1, 2)
        allowed = real.view(k * rows, 1, 1, length)
        mixed = F.scaled_dot_product_attention(by_head("query"), by_head("key"), by_head("value"), attn_mask=allowed)
        mixed = mixed.transpose(1, 2).reshape(x.shape)
        x = self.norm(x + self.linear(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        wide = F.gelu(self.linear(x, f"{at}.intermediate.dense"))
        return self.norm(x + self.linear(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")

    def pooled(self, ids: Tensor) -> Tensor:
        """One vector a row [K, rows, d]: [CLS], or the mean over what is not padding."""
        x, real = self.hidden(ids), ids != 0
        weight = real.float() / real.sum(2, keepdim=True)
        return torch.where(self.by_cls, x[:, :, 0], torch.einsum("krl,krld->krd", weight, x))

    def scores(self, x: Tensor) -> Tensor:
        """The head on [K, n, d]."""
        return torch.baddbmm(self.own["head.bias"], x, self.own["head"].mT)


class Task(Protocol):
    rows: int
    outputs: int  # of the head; 0: no head

    def loss(self, model: Encoder, batch: Tensor) -> Tensor:
        """A loss for each candidate, on its own rows batch [K, n]: no candidate feels another."""


class AdamW:
    """One learning rate and one clipped norm per candidate."""

    def __init__(self, trained: Trained, rates: Tensor, recipe: Recipe) -> None:
        self.flat, self.gradient, self.rates, self.recipe = trained.flat, trained.gradient, rates[:, None], recipe
        self.mean, self.square, self.count = torch.zeros_like(self.flat), torch.zeros_like(self.flat), 0

    @torch.no_grad()
    def step(self, share: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.gradient *= (self.recipe.clip / self.gradient.norm(dim=1, keepdim=True)).clamp(max=1.0)
        self.count += 1
        self.mean.lerp_(self.gradient, 1 - beta1)
        self.square.mul_(beta2).addcmul_(self.gradient, self.gradient, value=1 - beta2)
        size = (self.square / (1 - beta2**self.count)).sqrt_().add_(epsilon)
        direction = (self.mean / size).div_(1 - beta1**self.count).add_(self.flat, alpha=self.recipe.decay)
        self.flat -= share * self.rates * direction
        self.gradient.zero_()


def trimmed(ids: Tensor) -> Tensor:
    """Without the columns that only pad."""
    return ids[..., : int((ids != 0).any(dim=tuple(range(ids.ndim - 1))).sum())]


def share_of_peak(done: int, total: int, recipe: Recipe) -> float:
    """Up in the first tenth, then straight down."""
    return min(done / (recipe.warm_up * total), (total - done) / ((1 - recipe.warm_up) * total))


def finetune(weights: Path, task: Task, candidates: list[Candidate], recipe: Recipe, device: str) -> Encoder:
    model = Encoder(weights, task.outputs, candidates, recipe, device)
    optimizer = AdamW(model.trained, torch.tensor([c.rate for c in candidates], device=device), recipe)
    total, done = recipe.epochs * math.ceil(task.rows / recipe.batch), 0
    for epoch in range(recipe.epochs):
        orders = torch.stack([torch.randperm(task.rows, generator=torch.Generator().manual_seed(1000 * epoch + c.seed)) for c in candidates]).to(device)
        for batch in orders.split(recipe.batch, dim=1):
            task.loss(model, batch).sum().backward()
            done += 1
            optimizer.step(share_of_peak(done, total, recipe))
            if done % 100 == 0 or done == total:
                # On a rented machine one must see in time that a run will not end.
                print(f"step {done} of {total}", file=sys.stderr, flush=True)
    return model
