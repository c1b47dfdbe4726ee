"""Trains the tokenizer: byte-level BPE, lower case, no unknown bytes.

    python train_tokenizer.py --out ../mini-encoder CORPUS.jsonl.gz ...
"""
import argparse
import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from corpus import documents, held_out, sentences

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = 8192
MAX_TOKENS = 512


def untrained() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    # Books print curly quotes, people type straight ones; runs of white space carry nothing for a classifier.
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFC(),
        normalizers.Replace(Regex("[‘’]"), "'"),
        normalizers.Replace(Regex("[“”]"), '"'),
        normalizers.Lowercase(),
        normalizers.Replace("ς", "σ"),  # JavaScript lowers a final sigma by its context, Rust does not
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
    ])
    # The prefix space makes a word the same token at the start of a text as inside it.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def with_frame(tokenizer: Tokenizer) -> Tokenizer:
    frame = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=frame)
    return tokenizer


def configuration() -> dict:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": MAX_TOKENS, "do_lower_case": True,
        "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
        "padding_side": "right", "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
    }


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("corpus", nargs="+")
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()

    texts = (sentence for document in documents(options.corpus) if not held_out(document) for sentence in sentences(document["text"]))
    tokenizer = untrained()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    options.out.mkdir(parents=True, exist_ok=True)
    with_frame(tokenizer).save(str(options.out / "tokenizer.json"))
    (options.out / "tokenizer_config.json").write_text(json.dumps(configuration(), indent=2) + "\n")


if __name__ == "__main__":
    main()
