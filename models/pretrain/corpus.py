"""The corpus: JSON lines (source, title, license, text), gzipped, read as sentences (encoder) or as paragraphs (decoder)."""
import gzip
import hashlib
import json
import re
from collections.abc import Iterator

HELD_OUT_PERCENT = 1

# A line is a paragraph in these files. A sentence ends at . ! or ? (and a closing quote or bracket) before a capital, a digit or an opening quote.
SENTENCE_END = re.compile(r"""(?<=[.!?])["'”’)\]]*\s+(?=["'“‘(\[]?[A-Z0-9])""")


def documents(paths: list[str]) -> Iterator[dict]:
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def held_out(document: dict) -> bool:
    """Decided by whole document, so that no held-out sentence has its neighbours in the training part."""
    name = f"{document['source'].split('@')[0]}\n{document['title']}\n{document['text'][:200]}"
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100 < HELD_OUT_PERCENT


def sentences(text: str) -> list[str]:
    """Each sentence is tokenised on its own: a row of training starts where an utterance would."""
    found = []
    for line in text.split("\n"):
        start = 0
        for end in SENTENCE_END.finditer(line):
            found.append(line[start:end.end()].strip())
            start = end.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


STRAIGHT = str.maketrans("‘’“”", "''\"\"")


def paragraphs(text: str) -> list[str]:
    """Lines with what ends them, so that joined they are the text again; books print curly quotes, people and JSON type straight ones."""
    return text.translate(STRAIGHT).splitlines(keepends=True)
