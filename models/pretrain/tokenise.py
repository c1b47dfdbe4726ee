"""Turns the corpus into one file of 16-bit token ids and sentence lengths, small enough to carry to a GPU machine.

    python tokenise.py --tokenizer ../mini-encoder/tokenizer.json --out tokens.npz CORPUS.jsonl.gz ...
"""
import argparse

import numpy as np
from tokenizers import Tokenizer

from corpus import documents, held_out, sentences


def encode(tokenizer: Tokenizer, texts: list[str]) -> list[np.ndarray]:
    return [np.array(encoding.ids, dtype=np.uint16) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def tokenise(tokenizer: Tokenizer, paths: list[str]) -> dict[str, np.ndarray]:
    separator = np.array([tokenizer.token_to_id("[SEP]")], dtype=np.uint16)
    parts: dict[str, list[np.ndarray]] = {"train": [], "held_out": []}
    for document in documents(paths):
        # Sentences that normalise to nothing would be rows without a start.
        encoded = [ids for ids in encode(tokenizer, sentences(document["text"])) if len(ids)]
        if encoded:
            encoded[-1] = np.concatenate([encoded[-1], separator])
            parts["held_out" if held_out(document) else "train"] += encoded
    arrays = {}
    for part, encoded in parts.items():
        arrays[part] = np.concatenate(encoded)
        # Lengths compress better than positions; starts are their running sum.
        arrays[f"{part}_lengths"] = np.array([len(ids) for ids in encoded], dtype=np.uint16)
    return arrays


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("corpus", nargs="+")
    options.add_argument("--tokenizer", required=True)
    options.add_argument("--out", required=True)
    options = options.parse_args()

    arrays = tokenise(Tokenizer.from_file(options.tokenizer), options.corpus)
    np.savez_compressed(options.out, **arrays)
    print({name: len(values) for name, values in arrays.items()})


if __name__ == "__main__":
    main()
