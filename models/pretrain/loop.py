"""The loop that both pretrainings share: until the clock says so, on one GPU."""
import argparse
import itertools
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from optimizer import schedule


class Objective(Protocol):
    model: nn.Module

    def loss(self, length: int) -> tuple[Tensor, Tensor]:
        """What is minimised and what is reported, of a fresh batch of rows of this length."""

    def held_out_loss(self) -> float: ...

    def save(self, folder: Path, log: list[dict], **facts: float) -> None: ...


def device() -> str:
    torch.set_float32_matmul_precision("high")
    return "cuda" if torch.cuda.is_available() else "cpu"


def lengths(text: str) -> dict[int, float]:
    """"32:0.4,128:0.6": row lengths and the share of steps of each."""
    return {int(length): float(share) for length, share in (part.split(":") for part in text.split(","))}


class Loop:
    def __init__(self, objective: Objective, optimizers: list[torch.optim.Optimizer], options: argparse.Namespace) -> None:
        self.objective, self.optimizers, self.options = objective, optimizers, options
        self.lengths = lengths(options.lengths)
        for group in self.groups():
            group["peak"] = group["lr"]
        self.tokens = self.steps = 0

    def groups(self) -> list[dict]:
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def step(self, length: int) -> Tensor:
        total, loss = self.objective.loss(length)
        total.backward()
        nn.utils.clip_grad_norm_(self.objective.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.tokens += self.options.batch_tokens
        self.steps += 1
        return loss.detach()

    def set_rate(self, progress: float) -> None:
        for group in self.groups():
            group["lr"] = group["peak"] * schedule(min(progress, 1.0), self.options.warm_up)

    def warm(self) -> float:
        """Compiles every row length before the clock starts; a rate of nothing leaves the weights alone. Returns the seconds it took."""
        began = time.perf_counter()
        self.set_rate(0.0)
        for length in self.lengths:
            self.step(length)
        for optimizer in self.optimizers:
            optimizer.state.clear()
        self.tokens = self.steps = 0
        synchronise()
        return time.perf_counter() - began

    def run(self) -> list[dict]:
        print(f"compiled in {self.warm():.1f} s", flush=True)
        options, log, losses = self.options, [], []
        choice = np.random.default_rng(options.seed)
        names, shares = list(self.lengths), list(self.lengths.values())
        started, last_save = time.perf_counter(), 0.0
        # What is left until a given time of day: a lease ends, however long compilation took.
        seconds = min(options.seconds, options.by - time.time()) if options.by else options.seconds
        for count in itertools.count(1):
            elapsed = time.perf_counter() - started
            if elapsed >= seconds or count > options.steps:
                return log
            self.set_rate(max(elapsed / seconds, (count - 1) / options.steps))
            losses.append(self.step(int(choice.choice(names, p=shares))))
            if count % options.log_every == 0:
                log.append(self.report(losses, started))
                losses.clear()
            if elapsed > last_save + options.save_every:
                log[-1:] = [{**line, "heldOutLoss": round(self.objective.held_out_loss(), 4)} for line in log[-1:]]
                self.objective.save(options.out / "checkpoint", log)
                last_save = elapsed

    def report(self, losses: list[Tensor], started: float) -> dict:
        # Reading the loss waits for the GPU; the queue of work never runs far ahead of the clock.
        loss = torch.stack(losses).mean().item()
        if not math.isfinite(loss):
            raise ArithmeticError(f"the loss is {loss} at step {self.steps}; the last checkpoint was saved before")
        seconds = time.perf_counter() - started
        line = {"step": self.steps, "seconds": round(seconds, 1), "tokens": self.tokens, "loss": round(loss, 4), "tokensPerSecond": round(self.tokens / seconds)}
        print(json.dumps(line), flush=True)
        return line

    def finish(self, log: list[dict]) -> None:
        synchronise()
        held_out = self.objective.held_out_loss()
        self.objective.save(self.options.out, log, steps=self.steps, tokens=self.tokens, heldOutLoss=held_out)
        print(json.dumps({"out": str(self.options.out), "steps": self.steps, "tokens": self.tokens, "heldOutLoss": round(held_out, 4)}), flush=True)


def synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def arguments(own: Callable[[argparse.ArgumentParser], None], **defaults: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=620, help="the learning rate ends when these have passed")
    parser.add_argument("--by", type=float, help="or at this time of day (seconds since 1970), if that is earlier")
    parser.add_argument("--steps", type=int, default=10**9, help="or when these are done")
    parser.add_argument("--batch-tokens", type=int, default=65536)
    parser.add_argument("--lengths", help="row lengths and the share of steps of each")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--warm-up", type=float, default=0.05, help="share of the time in which the rate rises")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-every", type=int, default=100)
    parser.add_argument("--save-every", type=float, default=120)
    own(parser)
    parser.set_defaults(**defaults)
    return parser.parse_args()
