"""Makes a search task of a corpus: the query is a sentence, the document is its paragraph without it. Test pairs come from documents that
pretraining held out.

    python paragraphs.py --out paragraphs.jsonl.gz CORPUS.jsonl.gz ...
"""
import argparse
import gzip
import json
import random
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "pretrain"))
from corpus import documents, held_out, sentences

SHORTEST, LONGEST = 250, 700  # characters of a paragraph: about 60 to 170 tokens
MOST = {False: 30, True: 100}  # pairs of one document, in training and in the test: a book must not outweigh fifty chapters


def pairs(text: str, r: random.Random) -> list[tuple[str, str]]:
    found = []
    for line in text.split("\n"):
        parts = sentences(line) if SHORTEST <= len(line) <= LONGEST else []
        inner = [i for i in range(1, len(parts)) if 40 <= len(parts[i]) <= 200]
        if len(parts) >= 3 and inner:
            i = r.choice(inner)
            found.append((parts[i], " ".join(parts[:i] + parts[i + 1 :])))
    return found


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("corpus", nargs="+")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--train", type=int, default=9000)
    options.add_argument("--test", type=int, default=1000)
    options = options.parse_args()

    r, found = random.Random(1), {False: [], True: []}
    for document in documents(options.corpus):
        test, own = held_out(document), pairs(document["text"], r)
        found[test] += r.sample(own, min(len(own), MOST[test]))
    with gzip.open(options.out, "wt", encoding="utf-8") as file:
        for split, test, count in (("train", False, options.train), ("test", True, options.test)):
            chosen = r.sample(found[test], min(count, len(found[test])))
            print(split, len(chosen), "of", len(found[test]))
            for query, document in chosen:
                file.write(json.dumps({"split": split, "query": query, "document": document}) + "\n")


if __name__ == "__main__":
    main()
