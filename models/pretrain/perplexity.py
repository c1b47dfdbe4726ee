"""Perplexity of the decoder on documents that it never saw, for each source: per token and per byte.

    python perplexity.py --model ../mini-decoder --tokens decoder.npz.xz [--out perplexity.json]

Every document is cut into windows of the context; each window is read from its own start, so early tokens of a window know little.
"""
import argparse
import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import archive
from decoder import Decoder, Shape


@torch.no_grad()
def nats(model: Decoder, ids: np.ndarray, start: int) -> float:
    """Sum over the tokens of one document; `start` stands before its first."""
    total, context = 0.0, model.shape.positions
    line = torch.from_numpy(np.concatenate([[start], ids]).astype(np.int64))
    for begin in range(0, len(ids), context):
        window = line[begin : begin + context + 1][None]
        scores = model.head.scores(model.hidden(window[:, :-1]), model.embed_tokens.weight)
        total += F.cross_entropy(scores[0], window[0, 1:], reduction="sum").item()
    return total


def line(loss: float, tokens: int, size: int, count: int) -> dict:
    return {"documents": count, "tokens": tokens, "bytes": size, "loss": round(loss / tokens, 4), "perToken": round(math.exp(loss / tokens), 2),
            "perByte": round(math.exp(loss / size), 3), "bitsPerByte": round(loss / size / math.log(2), 3)}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--tokens", type=Path, required=True)
    options.add_argument("--most", type=int, default=60_000, help="tokens of one source to look at, in whole documents")
    options.add_argument("--out", type=Path)
    options = options.parse_args()

    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    end = tokenizer.token_to_id("<|endoftext|>")
    model, arrays = Decoder(Shape()), archive.read(options.tokens)
    model.read({name: value.float() for name, value in load_file(options.model / "model.safetensors").items()})

    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0, 0, 0])
    def add(source: str, ids: np.ndarray, size: int) -> None:
        if sums[source][1] < options.most:
            sums[source] = [a + b for a, b in zip(sums[source], (nats(model, ids, end), len(ids), size, 1))]

    ends = np.cumsum([document["tokens"] for document in json.loads(arrays["about"].tobytes())])
    for document, stop in zip(json.loads(arrays["about"].tobytes()), ends):
        add("OpenStax" if document["source"].startswith("openstax/") else document["source"], arrays["held_out"][stop - document["tokens"] : stop], document["bytes"])
    made, lengths = arrays["structured_held_out"], arrays["structured_held_out_lengths"].astype(int)
    for stop, length in zip(np.cumsum(lengths), lengths):
        ids = made[stop - length : stop]
        add("structured text", ids, len(tokenizer.decode(ids[:-1].tolist(), skip_special_tokens=False).encode()))

    results = {source: line(*values) for source, values in sums.items() if values[1]}
    for source, values in results.items():
        print(source, json.dumps(values), flush=True)
    if options.out:
        options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
