"""Puts what pretraining wrote beside the tokenizer, in the layout that transformers and our engine read, and checks it there.

    python export.py encoder --trained trained --out ../mini-encoder
    python export.py decoder --trained trained --out ../mini-decoder
"""
import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

import decoder
import encoder
from batches import CLS, PAD, SEP


def encoder_configuration(shape: encoder.Shape) -> dict:
    return {
        "architectures": ["BertModel"], "model_type": "bert", "dtype": "float16",
        "vocab_size": shape.vocabulary, "hidden_size": shape.hidden, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "intermediate_size": shape.intermediate, "hidden_act": "gelu",
        "max_position_embeddings": shape.positions, "type_vocab_size": 2, "layer_norm_eps": shape.epsilon,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "initializer_range": 0.02,
        "pad_token_id": PAD, "bos_token_id": CLS, "eos_token_id": SEP,
    }


def decoder_configuration(shape: decoder.Shape, tokenizer: Tokenizer) -> dict:
    end, turn, pad = (tokenizer.token_to_id(mark) for mark in ("<|endoftext|>", "<|im_end|>", "<|pad|>"))
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "float16",
        "vocab_size": shape.vocabulary, "hidden_size": shape.hidden, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.key_heads, "head_dim": shape.width,
        "intermediate_size": shape.intermediate, "hidden_act": "silu", "max_position_embeddings": shape.positions, "rms_norm_eps": shape.epsilon,
        "rope_theta": shape.theta, "rope_scaling": None, "attention_bias": False, "mlp_bias": False, "attention_dropout": 0.0,
        "tie_word_embeddings": True, "initializer_range": 0.02, "use_cache": True, "bos_token_id": end, "eos_token_id": turn, "pad_token_id": pad,
    }


def generation(tokenizer: Tokenizer) -> dict:
    """Answers end with their turn, plain texts with the document."""
    end, turn, pad = (tokenizer.token_to_id(mark) for mark in ("<|endoftext|>", "<|im_end|>", "<|pad|>"))
    return {"bos_token_id": end, "eos_token_id": [turn, end], "pad_token_id": pad, "do_sample": False, "max_new_tokens": 256}


def put(weights: dict[str, Tensor], path: Path) -> None:
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)


def write(path: Path, values: dict) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n")


def same_ids(folder: Path, text: str) -> Tensor:
    from transformers import AutoTokenizer
    ids = AutoTokenizer.from_pretrained(folder)(text)["input_ids"]
    assert ids == Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids
    return torch.tensor([ids])


def no_strays(found: dict) -> None:
    """transformers must find every weight and no other."""
    strays = {name: found[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys") if found[name]}
    assert not strays, strays


def report(own: torch.nn.Module, difference: float) -> None:
    assert difference < 1e-4, difference
    print(f"{sum(p.numel() for p in own.parameters()):,} parameters, largest difference to transformers {difference:.1e}")


def floats(path: Path) -> dict[str, Tensor]:
    return {key: value.float() for key, value in load_file(path).items()}


def export_encoder(trained: Path, out: Path) -> None:
    from transformers import BertModel
    for source, name in (("encoder", "model"), ("word-head", "word-head")):
        put(load_file(trained / f"{source}.safetensors"), out / f"{name}.safetensors")
    write(out / "config.json", encoder_configuration(encoder.Shape()))
    model, found = BertModel.from_pretrained(out, add_pooling_layer=False, dtype=torch.float32, output_loading_info=True)
    no_strays(found)
    own = encoder.Encoder(encoder.Shape())
    own.load_state_dict(floats(out / "model.safetensors"))
    ids = same_ids(out, "Wake me up at seven tomorrow.")
    report(own, (model.eval()(ids).last_hidden_state - own(ids)).abs().max().item())


def export_decoder(trained: Path, out: Path) -> None:
    from transformers import LlamaForCausalLM
    shape, tokenizer = decoder.Shape(), Tokenizer.from_file(str(out / "tokenizer.json"))
    put(load_file(trained / "model.safetensors"), out / "model.safetensors")
    write(out / "config.json", decoder_configuration(shape, tokenizer))
    write(out / "generation_config.json", generation(tokenizer))
    model, found = LlamaForCausalLM.from_pretrained(out, dtype=torch.float32, output_loading_info=True)
    no_strays(found)
    own = decoder.Decoder(shape)
    own.read(floats(out / "model.safetensors"))
    ids = same_ids(out, "<|im_start|>user\nWake me up at 7:30 tomorrow.<|im_end|>\n")
    with torch.no_grad():
        scores = own.head.scores(own.hidden(ids), own.embed_tokens.weight)
        report(own, (model.eval()(ids).logits - scores).abs().max().item())


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("kind", choices=("encoder", "decoder"))
    options.add_argument("--trained", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()
    (export_encoder if options.kind == "encoder" else export_decoder)(options.trained, options.out)


if __name__ == "__main__":
    main()
