"""Turns the corpus into one file of 16-bit token ids and where rows may start, small enough to carry to a GPU machine.

    python tokenise.py encoder --tokenizer ../mini-encoder/tokenizer.json --out tokens.npz CORPUS.jsonl.gz ...
    python tokenise.py decoder --tokenizer ../mini-decoder/tokenizer.json --out decoder.npz.xz CORPUS.jsonl.gz ...
"""
import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import archive
import structured
from corpus import documents, held_out, paragraphs, sentences

# Seeds of the made texts: one for each part, so that neither repeats the other.
TRAIN_SEED, HELD_OUT_SEED = 21, 22
Arrays = dict[str, np.ndarray]


def encode(tokenizer: Tokenizer, texts: list[str]) -> list[np.ndarray]:
    return [np.array(encoding.ids, dtype=np.uint16) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def closed(tokenizer: Tokenizer, texts: list[str], end: str) -> list[np.ndarray]:
    """The pieces of one document with `end` after the last; pieces that normalise to nothing would be rows without a start."""
    encoded = [ids for ids in encode(tokenizer, texts) if len(ids)]
    if encoded:
        encoded[-1] = np.append(encoded[-1], np.uint16(tokenizer.token_to_id(end)))
    return encoded


def packed(name: str, pieces: list[np.ndarray]) -> Arrays:
    # Lengths compress better than positions; starts are their running sum. A piece without a break can be long: uint32.
    lengths = np.array([len(ids) for ids in pieces], dtype=np.uint32)
    return {name: np.concatenate(pieces), f"{name}_lengths": lengths.astype(np.uint16) if lengths.max() < 1 << 16 else lengths}


def for_encoder(tokenizer: Tokenizer, paths: list[str], _: int) -> Arrays:
    parts: dict[str, list[np.ndarray]] = {"train": [], "held_out": []}
    for document in documents(paths):
        parts["held_out" if held_out(document) else "train"] += closed(tokenizer, sentences(document["text"]), "[SEP]")
    return packed("train", parts["train"]) | packed("held_out", parts["held_out"])


def made(tokenizer: Tokenizer, seed: int, tokens: int) -> Iterator[np.ndarray]:
    """At least this many tokens of structured documents."""
    texts, count = structured.documents(seed), 0
    while count < tokens:
        for ids in encode(tokenizer, [f"{next(texts)}<|endoftext|>" for _ in range(1000)]):
            count += len(ids)
            yield ids


def for_decoder(tokenizer: Tokenizer, paths: list[str], structured_tokens: int) -> Arrays:
    """Corpus and structured texts apart, so that training can mix them. Held-out documents keep their sources and bytes (`about`, JSON)."""
    parts: dict[str, list[np.ndarray]] = {"train": [], "held_out": []}
    about = []
    for document in documents(paths):
        text = "".join(paragraphs(document["text"]))
        encoded = closed(tokenizer, paragraphs(text), "<|endoftext|>")
        parts["held_out" if held_out(document) else "train"] += encoded
        if held_out(document):
            about.append({"source": document["source"].split("@")[0], "tokens": sum(map(len, encoded)), "bytes": len(text.encode())})
    arrays = packed("train", parts["train"]) | packed("held_out", parts["held_out"])
    arrays |= packed("structured", list(made(tokenizer, TRAIN_SEED, structured_tokens)))
    arrays |= packed("structured_held_out", list(made(tokenizer, HELD_OUT_SEED, structured_tokens // 50)))
    return arrays | {"about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("kind", choices=("encoder", "decoder"))
    options.add_argument("corpus", nargs="+")
    options.add_argument("--tokenizer", required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--structured-tokens", type=int, default=7_000_000, help="how much structured text the decoder gets to read again and again")
    options = options.parse_args()

    tokenise = for_encoder if options.kind == "encoder" else for_decoder
    arrays = tokenise(Tokenizer.from_file(options.tokenizer), options.corpus, options.structured_tokens)
    archive.write(options.out, arrays)
    print({name: len(values) for name, values in arrays.items()}, f"{options.out.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
