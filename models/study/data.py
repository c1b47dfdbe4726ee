"""The tasks, read from their files: HWU64, SNIPS, sentences of movie reviews, and paragraphs to be found by one of their sentences."""
import csv
import gzip
import json
import random

Rows = list[tuple[str, str]]
Split = tuple[Rows, Rows]
Slots = list[tuple[str, list[dict]]]


def json_lines(path: str) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def hwu64(path: str) -> Split:
    with open(path, encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return tuple([(row["text"], row["intent"]) for row in rows if row["split"] == split] for split in ("train", "test"))


def snips(path: str) -> Split:
    return tuple([(row["text"], row["intent"]) for row in json_lines(path) if (row["split"] == "train") == train] for train in (True, False))


def snips_slots(path: str) -> tuple[Slots, Slots]:
    """Texts with their spans: {slot, start, end}, in characters."""
    return tuple([(row["text"], row["slots"]) for row in json_lines(path) if (row["split"] == "train") == train] for train in (True, False))


def movies(path: str) -> Split:
    """Positive or negative; the data has no split, so a fixed tenth is the test."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(lines) if row["domain"] == "movie_review_sentences"]
    random.Random(1).shuffle(rows)
    return rows[len(rows) // 10 :], rows[: len(rows) // 10]


def search(path: str) -> Split:
    """(sentence, the paragraph that it was taken out of); written by paragraphs.py."""
    return tuple([(row["query"], row["document"]) for row in json_lines(path) if row["split"] == split] for split in ("train", "test"))


def few(rows: list, count: int) -> list:
    return random.Random(2).sample(rows, count)
