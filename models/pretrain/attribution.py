"""Writes which texts the model was trained on and under which licences: CC BY asks for it, and readers deserve it.

    python attribution.py encoder --out ../mini-encoder/ATTRIBUTION.md CORPUS.jsonl.gz ...
    python attribution.py decoder --out ../mini-decoder/ATTRIBUTION.md CORPUS.jsonl.gz ...
"""
import argparse
from collections import defaultdict
from pathlib import Path

from corpus import documents

INTRODUCTIONS = {
    "encoder": """# What mini-encoder was trained on

Texts were read as plain sentences, lower-cased and cut into tokens; nothing else was changed. No author or publisher named here endorses
this model.

""",
    "decoder": """# What mini-decoder was trained on

Texts were read as they stand, but for curly quotes, which were made straight, and cut into tokens. No author or publisher named here endorses
this model. One row in eight was structured text (JSON, lists, copied spans, calls of tools) that `../pretrain/structured.py` draws from its own
grammar and its own words: it comes from no text and no data set.

""",
}
SECTIONS = {
    "CC BY 4.0": """## OpenStax textbooks, CC BY 4.0

Textbooks by OpenStax, Rice University, and their authors, openstax.org, from the repositories and revisions below.
Licence: Creative Commons Attribution 4.0 International, https://creativecommons.org/licenses/by/4.0/
Changes: text extracted from the books' sources; the model contains no book, only weights computed from them.
""",
    "public domain (author died before 1950)": """## Classic books, public domain

Authors who died before 1950, from the repository mlschmitt/classic-books-markdown.
""",
    "other": """## Government, standards and reference texts, public domain or CC0
""",
}


def place(document: dict) -> tuple[str, str]:
    """Section and line: a repository, or for the classic books an author."""
    licence = document["license"]
    if licence not in SECTIONS:
        return "other", f"{document['source']} ({licence})"
    if licence.startswith("public domain"):
        return licence, document["title"].split("/")[0]
    return licence, document["source"]


def line(name: str, found: list[dict], section: str) -> str:
    characters = f"{sum(len(document['text']) for document in found) / 1e6:.1f} M characters"
    if section.startswith("public domain"):
        return f"- {name}: {'; '.join(sorted(document['title'].split('/', 1)[1].strip() for document in found))} ({characters})"
    name, _, revision = name.partition("@")
    return f"- {name}{f', revision {revision}' if revision else ''}: {len(found)} {'texts' if section == 'other' else 'sections'}, {characters}"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("kind", choices=INTRODUCTIONS)
    options.add_argument("corpus", nargs="+")
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()

    found: dict[str, dict[str, list[dict]]] = {section: defaultdict(list) for section in SECTIONS}
    for document in documents(options.corpus):
        section, name = place(document)
        found[section][name].append(document)
    parts = [SECTIONS[section] + "\n" + "\n".join(line(name, found[section][name], section) for name in sorted(found[section])) + "\n" for section in SECTIONS]
    options.out.write_text(INTRODUCTIONS[options.kind] + "\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
