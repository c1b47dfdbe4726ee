"""LoRA fine-tunings of the encoder side by side: every seed, learning rate and pooling is one slice of the same tensors.

The base is frozen and shared; K candidates differ in adapter, head and order of rows. What follows is plain PEFT arithmetic:
y = x W' + b + (alpha / r) (x A') B', A uniform in +-1/sqrt(in), B zero.
"""
import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

LINEARS = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense")
HEADS, EPSILON = 4, 1e-12


@dataclass(frozen=True)
class Candidate:
    pooling: str  # "cls" or "mean"
    rate: float
    seed: int


@dataclass(frozen=True)
class Recipe:
    rank: int = 16
    alpha: int = 32
    epochs: int = 3
    batch: int = 32
    warm_up: float = 0.1
    decay: float = 0.01
    clip: float = 1.0


class Adapters:
    """All trainable numbers of all candidates in one matrix [K, P]; a parameter is a view of its columns."""

    def __init__(self, base: dict[str, Tensor], classes: int, candidates: list[Candidate], recipe: Recipe) -> None:
        self.shapes: dict[str, tuple[int, int]] = {}
        for key, weight in base.items():
            if any(key.endswith(f"{name}.weight") for name in LINEARS):
                out, into = weight.shape
                self.shapes[f"{key}.A"], self.shapes[f"{key}.B"] = (recipe.rank, into), (out, recipe.rank)
        hidden = base["embeddings.LayerNorm.weight"].shape[0]
        self.shapes["head"], self.shapes["head.bias"] = (classes, hidden), (1, classes)
        rows = [torch.cat([self.initial(name, shape, candidate.seed).flatten() for name, shape in self.shapes.items()]) for candidate in candidates]
        self.flat = torch.stack(rows).to(base["embeddings.LayerNorm.weight"].device).requires_grad_()

    @staticmethod
    def initial(name: str, shape: tuple[int, int], seed: int) -> Tensor:
        draw = torch.Generator().manual_seed(hash_of(name) + seed)
        if name.endswith(".A"):
            return (torch.rand(shape, generator=draw) * 2 - 1) / math.sqrt(shape[1])
        return torch.randn(shape, generator=draw) * 0.02 if name == "head" else torch.zeros(shape)

    def views(self) -> dict[str, Tensor]:
        parts = self.flat.split([math.prod(shape) for shape in self.shapes.values()], dim=1)
        return {name: part.unflatten(1, shape) for (name, shape), part in zip(self.shapes.items(), parts)}


def hash_of(name: str) -> int:
    return sum(ord(letter) * 31**place % 1_000_003 for place, letter in enumerate(name)) * 1000


class Classifier:
    def __init__(self, weights: Path, classes: int, candidates: list[Candidate], recipe: Recipe, device: str) -> None:
        self.base = {key: value.float().to(device) for key, value in load_file(weights).items()}
        self.layers = 1 + max(int(key.split(".")[2]) for key in self.base if key.startswith("encoder.layer."))
        self.adapters = Adapters(self.base, classes, candidates, recipe)
        self.scale = recipe.alpha / recipe.rank
        self.by_cls = torch.tensor([c.pooling == "cls" for c in candidates], device=device)[:, None, None]

    def norm(self, x: Tensor, key: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.base[f"{key}.weight"], self.base[f"{key}.bias"], EPSILON)

    def linear(self, x: Tensor, key: str, own: dict[str, Tensor]) -> Tensor:
        """x is [K, tokens, in]."""
        low = x @ own[f"{key}.weight.A"].mT
        return F.linear(x, self.base[f"{key}.weight"], self.base[f"{key}.bias"]) + self.scale * (low @ own[f"{key}.weight.B"].mT)

    def scores(self, ids: Tensor) -> Tensor:
        """Scores [K, rows, classes] of ids [K, rows, length]; zero is padding."""
        own, (k, rows, length) = self.adapters.views(), ids.shape
        real = ids != 0
        x = self.base["embeddings.word_embeddings.weight"][ids] + self.base["embeddings.position_embeddings.weight"][:length]
        x = self.norm(x + self.base["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm").flatten(1, 2)
        for number in range(self.layers):
            x = self.layer(x, f"encoder.layer.{number}", own, real)
        x = x.unflatten(1, (rows, length))
        weight = real.float() / real.sum(2, keepdim=True)
        pooled = torch.where(self.by_cls, x[:, :, 0], torch.einsum("krl,krld->krd", weight, x))
        return pooled @ own["head"].mT + own["head.bias"]

    def layer(self, x: Tensor, at: str, own: dict[str, Tensor], real: Tensor) -> Tensor:
        k, rows, length = real.shape
        def by_head(key: str) -> Tensor:
            return self.linear(x, f"{at}.attention.self.{key}", own).view(k * rows, length, HEADS, -1).transpose(1, 2)
        allowed = real.view(k * rows, 1, 1, length)
        mixed = F.scaled_dot_product_attention(by_head("query"), by_head("key"), by_head("value"), attn_mask=allowed)
        mixed = mixed.transpose(1, 2).reshape(x.shape)
        x = self.norm(x + self.linear(mixed, f"{at}.attention.output.dense", own), f"{at}.attention.output.LayerNorm")
        wide = F.gelu(self.linear(x, f"{at}.intermediate.dense", own))
        return self.norm(x + self.linear(wide, f"{at}.output.dense", own), f"{at}.output.LayerNorm")


class AdamW:
    """One learning rate and one clipped norm per candidate."""

    def __init__(self, flat: Tensor, rates: Tensor, recipe: Recipe) -> None:
        self.flat, self.rates, self.recipe = flat, rates[:, None], recipe
        self.mean, self.square, self.count = torch.zeros_like(flat), torch.zeros_like(flat), 0

    @torch.no_grad()
    def step(self, share: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        gradient = self.flat.grad * (self.recipe.clip / self.flat.grad.norm(dim=1, keepdim=True)).clamp(max=1.0)
        self.count += 1
        self.mean.lerp_(gradient, 1 - beta1)
        self.square.lerp_(gradient * gradient, 1 - beta2)
        direction = self.mean / (1 - beta1**self.count) / ((self.square / (1 - beta2**self.count)).sqrt() + epsilon)
        self.flat -= share * self.rates * (direction + self.recipe.decay * self.flat)
        self.flat.grad = None


def trimmed(ids: Tensor) -> Tensor:
    """Without the columns that only pad."""
    return ids[..., : int((ids != 0).any(dim=tuple(range(ids.ndim - 1))).sum())]


def finetune(weights: Path, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], candidates: list[Candidate], recipe: Recipe = Recipe()) -> list[float]:
    """The accuracy of each candidate on the test rows."""
    (ids, labels), device = train, train[0].device
    model = Classifier(weights, int(labels.max()) + 1, candidates, recipe, str(device))
    optimizer = AdamW(model.adapters.flat, torch.tensor([c.rate for c in candidates], device=device), recipe)
    per_epoch = math.ceil(len(ids) / recipe.batch)
    total, done = recipe.epochs * per_epoch, 0
    for epoch in range(recipe.epochs):
        orders = torch.stack([torch.randperm(len(ids), generator=torch.Generator().manual_seed(1000 * epoch + c.seed)) for c in candidates]).to(device)
        for batch in orders.split(recipe.batch, dim=1):
            scores = model.scores(trimmed(ids[batch]))
            # A sum over candidates of means over rows: no candidate feels another.
            loss = F.cross_entropy(scores.flatten(0, 1), labels[batch].flatten(), reduction="sum") / batch.shape[1]
            loss.backward()
            done += 1
            optimizer.step(min(done / (recipe.warm_up * total), (total - done) / ((1 - recipe.warm_up) * total)))
    return accuracy(model, test, len(candidates))


@torch.no_grad()
def accuracy(model: Classifier, test: tuple[Tensor, Tensor], candidates: int) -> list[float]:
    right = 0
    for ids, labels in zip(test[0].split(128), test[1].split(128)):
        right = right + (model.scores(trimmed(ids).expand(candidates, -1, -1)).argmax(2) == labels).sum(1)
    return (right / len(test[1])).tolist()
