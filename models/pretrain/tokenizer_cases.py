"""Writes texts with the ids that Python's tokenizers give them, for check_tokenizer.mjs.

    python tokenizer_cases.py --tokenizer ../mini-encoder/tokenizer.json --out cases.json TEXTS.txt ...
"""
import argparse
import json
from pathlib import Path

from tokenizers import Tokenizer

AWKWARD = [
    "", " ", "a", "  two  spaces\tand\na line  ", "It’s “quoted” — isn't it?", "ÉCOLE, Straße, İstanbul, ΣΊΣΥΦΟΣ", "e\u0301 and \u00e9",
    "日本語のテキスト", "emoji 👩‍👩‍👧 🎉🎉", "no\u00a0break\u2003em\u200bzero", "1,234.56% of $7 at 10:45pm", "don't we'll THEY'RE o'clock",
    "[MASK] and [CLS] inside", "[mask] lower", "a@b.co https://x.org/?q=1&r=2#z", "x" * 300, "\u0000control\u0007", "ﬁne ½ № ™", "...!?;:()[]{}<>/\\|`~^_",
    "tab\t\tend\t", "\r\nwindows\r\n", "don''t 's 's", "l'été d’hiver", "٣٤٥ ५६", "A" * 3 + "\u0301" * 3,
]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("texts", nargs="*", type=Path)
    options.add_argument("--tokenizer", required=True)
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()

    tokenizer = Tokenizer.from_file(options.tokenizer)
    texts = AWKWARD + [line for path in options.texts for line in path.read_text(encoding="utf-8").split("\n")]
    cases = [{"text": text, "ids": tokenizer.encode(text).ids} for text in texts]
    options.out.write_text(json.dumps(cases, ensure_ascii=False))


if __name__ == "__main__":
    main()
