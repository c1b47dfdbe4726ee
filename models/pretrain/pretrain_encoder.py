"""Pretrains the encoder on masked words, for a given number of seconds on one GPU.

    python pretrain_encoder.py --tokens tokens.npz --tokenizer ../mini-encoder/tokenizer.json --out trained
"""
import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

import archive
from batches import Masking, Text, framed, mask, word_starts
from encoder import Encoder, Shape, WordHead
from loop import Loop, arguments, device, lengths
from optimizer import adamw


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


class MaskedWords:
    """Masked words, and on short rows that neighbours in the text find each other."""

    def __init__(self, options: argparse.Namespace, device: str) -> None:
        self.options, self.device = options, device
        self.random = torch.Generator(device).manual_seed(options.seed)
        self.masking = Masking(share=options.mask, whole_words=not options.single_tokens)
        self.starts_word = word_starts(Tokenizer.from_file(options.tokenizer)).to(device)
        arrays = archive.read(options.tokens)
        # A row, and the one after it, must end inside the text.
        self.text, self.held_out = (Text(arrays, part, 4 * max(lengths(options.lengths)), device) for part in ("train", "held_out"))
        shape, dtype = Shape(), torch.bfloat16 if device == "cuda" else torch.float32
        self.model = Pretraining(shape, dtype, self.text.frequencies(shape.vocabulary).cpu()).to(device)
        if options.resume:
            load(self.model, options.resume)
        if device == "cuda":
            self.model.compile_parts()

    def batch(self, length: int) -> tuple[Tensor, Tensor, Tensor]:
        rows = self.options.batch_tokens // length
        if self.with_neighbours(length):
            starts = self.text.draw(rows // 2, self.random)
            starts = torch.cat([starts, self.text.after(starts + length - 2)])
        else:
            starts = self.text.draw(rows, self.random)
        return mask(framed(self.text.rows(starts, length - 2)), self.masking, self.starts_word, self.random)

    def with_neighbours(self, length: int) -> bool:
        return self.options.neighbours > 0 and length <= 32

    def loss(self, length: int) -> tuple[Tensor, Tensor]:
        hidden, loss = self.model(*self.batch(length))
        return loss + self.options.neighbours * neighbour_loss(hidden) if self.with_neighbours(length) else loss, loss

    def held_out_loss(self, length: int = 128, batches: int = 16) -> float:
        """Always the same rows and the same masks, of single tokens, whatever was trained: runs can be compared."""
        same = torch.Generator(self.device).manual_seed(1)
        # Gradients stay on: turning them off would compile everything once more.
        losses = []
        for _ in range(batches):
            ids = framed(self.held_out.rows(self.held_out.draw(self.options.batch_tokens // length, same), length - 2))
            losses.append(self.model(*mask(ids, Masking(whole_words=False), self.starts_word, same))[1].detach())
        return torch.stack(losses).mean().item()

    def save(self, folder: Path, log: list[dict], **facts: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, part in (("encoder", self.model.encoder), ("word-head", self.model.head)):
            weights = {key: value.detach().to("cpu", torch.float16).contiguous() for key, value in part.state_dict().items()}
            save_file(weights, folder / f"{name}.safetensors", metadata={"format": "pt"})
        (folder / "log.json").write_text(json.dumps({**facts, "log": log}))


def load(model: Pretraining, folder: Path) -> None:
    model.encoder.load_state_dict(load_file(folder / "encoder.safetensors"))
    model.head.load_state_dict(load_file(folder / "word-head.safetensors"))


def own_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--resume", type=Path, help="a folder written before; the optimizer starts afresh")
    parser.add_argument("--mask", type=float, default=0.25)
    parser.add_argument("--single-tokens", action="store_true", help="mask tokens instead of whole words")
    parser.add_argument("--neighbours", type=float, default=0.2, help="weight of the neighbour loss on short rows")


def main() -> None:
    options = arguments(own_arguments, lengths="32:0.4,128:0.5,512:0.1")
    torch.manual_seed(options.seed)
    where = device()
    objective = MaskedWords(options, where)
    loop = Loop(objective, [adamw(objective.model, options.lr, options.decay, where)], options)
    loop.finish(loop.run())


if __name__ == "__main__":
    main()
