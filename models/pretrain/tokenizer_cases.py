"""Writes texts with the ids that Python's tokenizers give them and what decoding gives back, for check_tokenizer.mjs and the tests.

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
    "<|im_start|>user\nhi<|im_end|>\n", "<|im_start|><|im_start|>", " <|endoftext|> ", "<|IM_START|> <|im_start", "text<|pad|>text", "<tool_call>\n{\"name\": \"f\"}\n</tool_call>",
    "<tool_call></tool_call> </tool_call", "{\"a\": [1, 22, 333, null, true], \"b\": {\"c\": \"d\\n\"}}", "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}", "0 00 000 1234567890 3.14e-10 -5",
    "v1.2.3-rc4 2024-02-29T23:59:59Z +49 (0)30 123456", "    four\n        eight\n\n\n three", "trailing   \n  ", "²³ ½ ① Ⅳ 四", "snake_case camelCase SCREAMING_CASE kebab-case",
    "\ufeffbom", "a\u2028b\u2029c\u0085d", "🇫🇷🏳️‍🌈", "‮rtl‬ עברית العربية", "\U0001F600" * 3 + "\u0301", "naïve café — “curly”", "C:\\dir\\file.txt", "a\tb\tc\n1\t2\t3",
]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("texts", nargs="*", type=Path)
    options.add_argument("--tokenizer", required=True)
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()

    tokenizer = Tokenizer.from_file(options.tokenizer)
    texts = AWKWARD + [line for path in options.texts for line in path.read_text(encoding="utf-8").split("\n")]
    cases = [{"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)} for text in texts for ids in [tokenizer.encode(text).ids]]
    options.out.write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
