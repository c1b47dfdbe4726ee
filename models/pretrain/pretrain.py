"""Pretrains the encoder on masked words, for a given number of seconds on one GPU.

    python pretrain.py --tokens tokens.npz --tokenizer ../mini-encoder/tokenizer.json --out trained
"""
import argparse
import itertools
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from batches import Masking, Text, mask, word_starts
from encoder import Encoder, Shape, WordHead


class Pretraining(nn.Module):
    """The encoder and its losses."""

    def __init__(self, shape: Shape, dtype: torch.dtype, frequencies: Tensor | None = None) -> None:
        super().__init__()
        self.encoder = Encoder(shape)
        self.head = WordHead(shape, frequencies)
        self.dtype = dtype

    def forward(self, ids: Tensor, places: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.encoder(ids, self.dtype)
        return hidden, self.head(hidden, places, words, self.encoder.embeddings.word_embeddings.weight)

    def compile_parts(self) -> None:
        # Layer by layer: one compilation per row length serves all layers, and takes seconds instead of a minute.
        for part in (self.encoder.embeddings, *self.encoder.encoder.layer, self.head):
            part.compile(dynamic=False)


def neighbour_loss(hidden: Tensor, temperature: float = 0.07) -> Tensor:
    """Rows i and i + n/2 are neighbours in the text: each should know the other among all, by its mean and by its [CLS]."""
    losses = []
    for pooled in (hidden.float().mean(1), hidden[:, 0].float()):
        first, second = F.normalize(pooled, dim=1).chunk(2)
        likeness = first @ second.T / temperature
        own = torch.arange(len(first), device=hidden.device)
        losses.append((F.cross_entropy(likeness, own) + F.cross_entropy(likeness.T, own)) / 2)
    return torch.stack(losses).mean()


def optimizer_of(model: nn.Module, options: argparse.Namespace, device: str) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": options.decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=options.lr, betas=(0.9, 0.98), eps=1e-6, fused=device == "cuda")


def schedule(progress: float, warm_up: float = 0.05) -> float:
    """Up in the first part, slowly, for a post-norm encoder; then straight down to nothing at the end."""
    return min(progress / warm_up, (1 - progress) / (1 - warm_up))


class Trainer:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(options.seed)
        torch.set_float32_matmul_precision("high")
        self.random = torch.Generator(self.device).manual_seed(options.seed)
        self.lengths = {int(length): float(share) for length, share in (part.split(":") for part in options.lengths.split(","))}
        self.masking = Masking(share=options.mask, whole_words=not options.single_tokens)

        tokenizer = Tokenizer.from_file(options.tokenizer)
        self.starts_word = word_starts(tokenizer).to(self.device)
        archive = np.load(options.tokens)
        self.text, self.held_out = (Text(archive, part, max(self.lengths), self.device) for part in ("train", "held_out"))

        shape, dtype = Shape(), torch.bfloat16 if self.device == "cuda" else torch.float32
        self.model = Pretraining(shape, dtype, self.text.frequencies(shape.vocabulary).cpu()).to(self.device)
        if options.resume:
            load(self.model, options.resume)
        if self.device == "cuda":
            self.model.compile_parts()
        self.optimizer = optimizer_of(self.model, options, self.device)
        self.tokens = self.steps = 0

    def batch(self, length: int) -> tuple[Tensor, Tensor, Tensor]:
        rows = self.options.batch_tokens // length
        if self.with_neighbours(length):
            starts = self.text.draw(rows // 2, self.random)
            starts = torch.cat([starts, self.text.after(starts, length)])
        else:
            starts = self.text.draw(rows, self.random)
        return mask(self.text.rows(starts, length), self.masking, self.starts_word, self.random)

    def with_neighbours(self, length: int) -> bool:
        return self.options.neighbours > 0 and length <= 32

    def step(self, length: int) -> Tensor:
        hidden, loss = self.model(*self.batch(length))
        total = loss + self.options.neighbours * neighbour_loss(hidden) if self.with_neighbours(length) else loss
        total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.tokens += self.options.batch_tokens
        self.steps += 1
        return loss.detach()

    def set_rate(self, progress: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.lr * schedule(min(progress, 1.0))

    def warm(self) -> None:
        """Compiles every row length before the clock starts; a rate of nothing leaves the weights alone."""
        self.set_rate(0.0)
        for length in self.lengths:
            self.step(length)
        self.optimizer.state.clear()
        self.tokens = self.steps = 0

    def run(self) -> list[dict]:
        began = time.perf_counter()
        self.warm()
        self.synchronise()
        print(f"compiled in {time.perf_counter() - began:.1f} s", flush=True)

        choice = np.random.default_rng(self.options.seed)
        lengths, shares = list(self.lengths), list(self.lengths.values())
        log, losses, started = [], [], time.perf_counter()
        next_save = self.options.save_every
        for count in itertools.count(1):
            elapsed = time.perf_counter() - started
            if elapsed >= self.options.seconds or count > self.options.steps:
                return log
            self.set_rate(max(elapsed / self.options.seconds, (count - 1) / self.options.steps))
            losses.append(self.step(int(choice.choice(lengths, p=shares))))
            if count % self.options.log_every == 0:
                log.append(self.report(losses, started))
                losses.clear()
            if elapsed > next_save:
                save(self.model, self.options.out / "checkpoint", log)
                next_save += self.options.save_every

    def report(self, losses: list[Tensor], started: float) -> dict:
        # Reading the loss waits for the GPU; the queue of work never runs far ahead of the clock.
        loss = torch.stack(losses).mean().item()
        seconds = time.perf_counter() - started
        line = {"step": self.steps, "seconds": round(seconds, 1), "tokens": self.tokens, "loss": round(loss, 4),
                "tokensPerSecond": round(self.tokens / seconds)}
        print(json.dumps(line), flush=True)
        return line

    def held_out_loss(self, length: int = 128, batches: int = 16) -> float:
        """Always the same rows and the same masks, of single tokens, whatever was trained: runs can be compared."""
        same = torch.Generator(self.device).manual_seed(1)
        # Gradients stay on: turning them off would compile everything once more.
        losses = []
        for _ in range(batches):
            ids = self.held_out.rows(self.held_out.draw(self.options.batch_tokens // length, same), length)
            losses.append(self.model(*mask(ids, Masking(whole_words=False), self.starts_word, same))[1].detach())
        return torch.stack(losses).mean().item()

    def synchronise(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def save(model: Pretraining, folder: Path, log: list[dict], **facts: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("encoder", model.encoder), ("word-head", model.head)):
        weights = {key: value.detach().to("cpu", torch.float16).contiguous() for key, value in part.state_dict().items()}
        save_file(weights, folder / f"{name}.safetensors", metadata={"format": "pt"})
    (folder / "log.json").write_text(json.dumps({**facts, "log": log}))


def load(model: Pretraining, folder: Path) -> None:
    model.encoder.load_state_dict(load_file(folder / "encoder.safetensors"))
    model.head.load_state_dict(load_file(folder / "word-head.safetensors"))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="a folder written before; the optimizer starts afresh")
    parser.add_argument("--seconds", type=float, default=620, help="the learning rate ends when these have passed")
    parser.add_argument("--steps", type=int, default=10**9, help="or when these are done")
    parser.add_argument("--batch-tokens", type=int, default=65536)
    parser.add_argument("--lengths", default="32:0.4,128:0.5,512:0.1", help="row lengths and the share of steps of each")
    parser.add_argument("--mask", type=float, default=0.25)
    parser.add_argument("--single-tokens", action="store_true", help="mask tokens instead of whole words")
    parser.add_argument("--neighbours", type=float, default=0.2, help="weight of the neighbour loss on short rows")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-every", type=int, default=100)
    parser.add_argument("--save-every", type=float, default=120)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    trainer = Trainer(options)
    log = trainer.run()
    trainer.synchronise()
    held_out = trainer.held_out_loss()
    save(trainer.model, options.out, log, heldOutLoss=held_out)
    print(json.dumps({"out": str(options.out), "steps": trainer.steps, "tokens": trainer.tokens, "heldOutLoss": round(held_out, 4)}), flush=True)


if __name__ == "__main__":
    main()
