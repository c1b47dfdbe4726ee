"""Puts what pretrain.py wrote beside the tokenizer, in the layout that transformers and our engine read, and checks it there.

    python export.py --trained trained --out ../mini-encoder
"""
import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from batches import CLS, PAD, SEP
from encoder import Encoder, Shape


def configuration(shape: Shape) -> dict:
    return {
        "architectures": ["BertModel"], "model_type": "bert", "dtype": "float16",
        "vocab_size": shape.vocabulary, "hidden_size": shape.hidden, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "intermediate_size": shape.intermediate, "hidden_act": "gelu",
        "max_position_embeddings": shape.positions, "type_vocab_size": 2, "layer_norm_eps": shape.epsilon,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "initializer_range": 0.02,
        "pad_token_id": PAD, "bos_token_id": CLS, "eos_token_id": SEP,
    }


def check(folder: Path, shape: Shape) -> None:
    """transformers must find every weight, no other, and compute what was trained."""
    from transformers import AutoTokenizer, BertModel
    model, found = BertModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32, output_loading_info=True)
    strays = {name: found[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys") if found[name]}
    assert not strays, strays
    own = Encoder(shape)
    own.load_state_dict({key: value.float() for key, value in load_file(folder / "model.safetensors").items()})
    text = "Wake me up at seven tomorrow."
    ids = torch.tensor([AutoTokenizer.from_pretrained(folder)(text)["input_ids"]])
    assert ids[0].tolist() == Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids
    difference = (model.eval()(ids).last_hidden_state - own(ids)).abs().max().item()
    assert difference < 1e-4, difference
    print(f"{sum(p.numel() for p in own.parameters()):,} parameters, largest difference to transformers {difference:.1e}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--trained", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()

    shape = Shape()
    for source, name in (("encoder", "model"), ("word-head", "word-head")):
        path = options.out / f"{name}.safetensors"
        save_file(load_file(options.trained / f"{source}.safetensors"), path, metadata={"format": "pt"})
        path.chmod(0o644)
    (options.out / "config.json").write_text(json.dumps(configuration(shape), indent=2) + "\n")
    check(options.out, shape)


if __name__ == "__main__":
    main()
