"""Trains a tokenizer: byte-level BPE, no unknown bytes. The encoder's is lower-cased and framed; the decoder's gives every text back as it was.

    python train_tokenizer.py encoder --out ../mini-encoder CORPUS.jsonl.gz ...
    python train_tokenizer.py decoder --out ../mini-decoder CORPUS.jsonl.gz ...
"""
import argparse
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import structured
from corpus import documents, held_out, paragraphs, sentences

VOCABULARY = 8192
STRUCTURED_SEED, STRUCTURED_DOCUMENTS = 11, 60_000
MARKS = re.compile(r"<\|\w+\|>|</?tool_call>")
BYTES = pre_tokenizers.ByteLevel.alphabet()


class Encoder:
    """Lower case; curly quotes and runs of white space are made plain; [CLS] text [SEP]."""

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    extra: list[str] = []

    @staticmethod
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

    @staticmethod
    def texts(paths: list[str]) -> Iterator[str]:
        return (sentence for document in documents(paths) if not held_out(document) for sentence in sentences(document["text"]))

    @staticmethod
    def finish(tokenizer: Tokenizer) -> None:
        frame = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=frame)

    configuration = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, "do_lower_case": True,
        "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
        "padding_side": "right", "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
    }


class Decoder:
    """Nothing is changed and nothing is added around: what is decoded is what was encoded, byte for byte. Digits stand alone."""

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]
    # Kept when special tokens are skipped: they are part of an answer.
    extra = ["<tool_call>", "</tool_call>"]

    @staticmethod
    def untrained() -> Tokenizer:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer

    @staticmethod
    def texts(paths: list[str]) -> Iterator[str]:
        prose = (paragraph for document in documents(paths) if not held_out(document) for paragraph in paragraphs(document["text"]))
        # The marks are tokens already; learning their letters would waste entries.
        made = (MARKS.sub("", document) for document in itertools.islice(structured.documents(STRUCTURED_SEED), STRUCTURED_DOCUMENTS))
        return itertools.chain(prose, made)

    @staticmethod
    def finish(tokenizer: Tokenizer) -> None:
        """A text is encoded as it stands; what begins and ends it is the caller's."""

    configuration = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 1024,
        "bos_token": "<|endoftext|>", "eos_token": "<|im_end|>", "pad_token": "<|pad|>", "unk_token": None, "add_bos_token": False, "add_eos_token": False,
        "padding_side": "right", "clean_up_tokenization_spaces": False, "model_input_names": ["input_ids", "attention_mask"],
    }

    # System turn with the tools, if any; then <|im_start|>role ... <|im_end|> for every message; a call of a tool is JSON between its two marks.
    template = (
        "{%- if tools %}{{- '<|im_start|>system\\n' }}"
        "{%- if messages[0]['role'] == 'system' %}{{- messages[0]['content'] + '\\n\\n' }}{%- endif %}"
        "{{- 'You may call these functions:\\n<tools>' }}{%- for tool in tools %}{{- '\\n' + (tool | tojson) }}{%- endfor %}"
        "{{- '\\n</tools>\\nTo call one, answer with its name and arguments as JSON:\\n<tool_call>\\n{\"name\": NAME, \"arguments\": ARGUMENTS}\\n</tool_call><|im_end|>\\n' }}"
        "{%- endif %}"
        "{%- for message in messages %}"
        "{%- if not (tools and loop.first and message['role'] == 'system') %}"
        "{{- '<|im_start|>' + message['role'] + '\\n' }}"
        "{%- if message['content'] %}{{- message['content'] }}{%- endif %}"
        "{%- if message['tool_calls'] %}{%- for call in message['tool_calls'] %}"
        "{%- if message['content'] or not loop.first %}{{- '\\n' }}{%- endif %}"
        "{{- '<tool_call>\\n{\"name\": ' + (call['function']['name'] | tojson) + ', \"arguments\": ' + (call['function']['arguments'] | tojson) + '}\\n</tool_call>' }}"
        "{%- endfor %}{%- endif %}"
        "{{- '<|im_end|>\\n' }}"
        "{%- endif %}{%- endfor %}"
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
    )


KINDS = {"encoder": Encoder, "decoder": Decoder}


def train(kind: type[Encoder] | type[Decoder], texts: Iterator[str]) -> Tokenizer:
    tokenizer = kind.untrained()
    # The marks of tools come from the vocabulary's end, so that they do not shift what is learned.
    size = VOCABULARY - len(kind.extra)
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, special_tokens=kind.special, initial_alphabet=BYTES))
    tokenizer.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in kind.extra])
    assert tokenizer.get_vocab_size() == VOCABULARY, tokenizer.get_vocab_size()
    kind.finish(tokenizer)
    return tokenizer


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("kind", choices=KINDS)
    options.add_argument("corpus", nargs="+")
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()

    kind = KINDS[options.kind]
    tokenizer = train(kind, kind.texts(options.corpus))
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(options.out / "tokenizer.json"))
    template = {"chat_template": kind.template} if hasattr(kind, "template") else {}
    (options.out / "tokenizer_config.json").write_text(json.dumps({**kind.configuration, **template}, indent=2) + "\n")


if __name__ == "__main__":
    main()
