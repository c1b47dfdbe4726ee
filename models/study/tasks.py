"""What is trained and measured: a class for each text, spans inside it, or which paragraph a sentence comes from."""
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from data import Rows, Slots
from finetune import Encoder, trimmed

Span = tuple[int, int, str]


def encoded(tokenizer: Tokenizer, texts: list[str], longest: int, device: str) -> Tensor:
    tokenizer.enable_padding(pad_id=0)
    tokenizer.enable_truncation(longest)
    return torch.tensor([encoding.ids for encoding in tokenizer.encode_batch(texts)], device=device)


class Classification:
    def __init__(self, tokenizer: Tokenizer, rows: Rows, device: str, longest: int = 64) -> None:
        names = {name: number for number, name in enumerate(sorted({label for _, label in rows}))}
        self.tokenizer, self.names, self.device, self.longest = tokenizer, names, device, longest
        self.rows, self.outputs = len(rows), len(names)
        self.ids, self.labels = self.tensors(rows)

    def tensors(self, rows: Rows) -> tuple[Tensor, Tensor]:
        # A label that training never saw is an error, whatever is predicted.
        labels = torch.tensor([self.names.get(label, -1) for _, label in rows], device=self.device)
        return encoded(self.tokenizer, [text for text, _ in rows], self.longest, self.device), labels

    def loss(self, model: Encoder, batch: Tensor) -> Tensor:
        scores = model.scores(model.pooled(trimmed(self.ids[batch])))
        return F.cross_entropy(scores.mT, self.labels[batch], reduction="none").mean(1)

    @torch.no_grad()
    def right(self, model: Encoder, rows: Rows) -> Tensor:
        """[K, rows, 1]: 1 where the class is right."""
        ids, labels = self.tensors(rows)
        k = len(model.trained.flat)
        found = [model.scores(model.pooled(trimmed(part).expand(k, -1, -1))).argmax(2) for part in ids.split(128)]
        return (torch.cat(found, 1) == labels).float()[:, :, None]


def spans(tags: list[str], words: list[tuple[int, int]]) -> set[Span]:
    """Spans of a row of B-x, I-x, O over words [start, end); an I that continues nothing begins a span."""
    found: list[list] = []
    last = "O"
    for tag, (start, end) in zip(tags, words):
        if tag != "O":
            if tag[0] == "I" and last != "O" and last[2:] == tag[2:]:
                found[-1][1] = end
            else:
                found.append([start, end, tag[2:]])
        last = tag
    return {tuple(span) for span in found}


class Spans:
    """The first token of each word is tagged; a word is what white space and punctuation leave together."""

    def __init__(self, tokenizer: Tokenizer, rows: Slots, device: str, longest: int = 64) -> None:
        slots = sorted({span["slot"] for _, found in rows for span in found})
        self.tags = ["O", *(f"{mark}-{slot}" for slot in slots for mark in "BI")]
        self.tokenizer, self.device, self.longest = tokenizer, device, longest
        self.rows, self.outputs = len(rows), len(self.tags)
        self.ids, self.targets = self.tensors(rows)

    def words(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids, and for each token its characters if it begins a word, else (0, 0). Lower-casing keeps the length of these texts."""
        encoding = self.tokenizer.encode(text)
        starts, last = [], -1
        for (start, end), special in zip(encoding.offsets, encoding.special_tokens_mask):
            while start < end and text[start].isspace():
                start += 1
            begins = not special and start < end and (start == 0 or not (text[start - 1].isalnum() and text[start].isalnum()))
            starts.append((start, end) if begins else (0, 0))
            if not special and not begins and start < end and last >= 0:
                starts[last] = (starts[last][0], end)
            last = len(starts) - 1 if begins else last
        return encoding.ids, starts

    def tensors(self, rows: Slots) -> tuple[Tensor, Tensor]:
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(self.longest)
        number = {tag: i for i, tag in enumerate(self.tags)}
        ids = torch.zeros(len(rows), self.longest, dtype=torch.long)
        targets = torch.full_like(ids, -100)
        for i, (text, found) in enumerate(rows):
            tokens, words = self.words(text)
            ids[i, : len(tokens)] = torch.tensor(tokens)
            for j, (start, end) in enumerate(words):
                if start < end:
                    inside = next((span for span in found if span["start"] <= start < span["end"]), None)
                    tag = "O" if inside is None else f"{'B' if start == inside['start'] else 'I'}-{inside['slot']}"
                    targets[i, j] = number.get(tag, 0)
        return ids.to(self.device), targets.to(self.device)

    def loss(self, model: Encoder, batch: Tensor) -> Tensor:
        ids = trimmed(self.ids[batch])
        targets = self.targets[batch][..., : ids.shape[2]]
        scores = model.scores(model.hidden(ids).flatten(1, 2))
        losses = F.cross_entropy(scores.mT, targets.flatten(1), ignore_index=-100, reduction="none")
        return losses.sum(1) / (targets != -100).sum((1, 2))

    @torch.no_grad()
    def right(self, model: Encoder, rows: Slots) -> Tensor:
        """[K, rows, 3]: spans that are found and right, that are found, that are there."""
        ids, _ = self.tensors(rows)
        k, found = len(model.trained.flat), []
        for part in ids.split(128):
            part = trimmed(part)
            scores = model.scores(model.hidden(part.expand(k, -1, -1)).flatten(1, 2)).argmax(2)
            found.append(F.pad(scores.view(k, len(part), -1), (0, self.longest - part.shape[1])).cpu())
        best = torch.cat(found, 1).tolist()
        result = torch.zeros(k, len(rows), 3)
        for i, (text, slots) in enumerate(rows):
            words = self.words(text)[1]
            places = [j for j, (start, end) in enumerate(words) if start < end]
            there = {(span["start"], span["end"], span["slot"]) for span in slots}
            for candidate in range(k):
                said = spans([self.tags[best[candidate][i][j]] for j in places], [words[j] for j in places])
                result[candidate, i] = torch.tensor([len(said & there), len(said), len(there)])
        return result


class Search:
    """Contrastive: every query should be nearest to its own document among the batch's (cosine over a temperature of 0.05)."""

    outputs = 0

    def __init__(self, tokenizer: Tokenizer, rows: Rows, device: str, longest: int = 128) -> None:
        self.tokenizer, self.device, self.longest = tokenizer, device, longest
        self.rows = len(rows)
        self.queries, self.documents = self.tensors(rows)

    def tensors(self, rows: Rows) -> tuple[Tensor, Tensor]:
        return tuple(encoded(self.tokenizer, [row[side] for row in rows], self.longest, self.device) for side in (0, 1))

    def loss(self, model: Encoder, batch: Tensor) -> Tensor:
        query, document = (F.normalize(model.pooled(trimmed(ids[batch])), dim=2) for ids in (self.queries, self.documents))
        own = torch.arange(batch.shape[1], device=batch.device).expand(len(batch), -1)
        return F.cross_entropy((query @ document.mT / 0.05).mT, own, reduction="none").mean(1)

    @torch.no_grad()
    def right(self, model: Encoder, rows: Rows) -> Tensor:
        """[K, rows, 1]: nDCG@10 of the one right document among all of these rows' documents."""
        k = len(model.trained.flat)
        query, document = (
            F.normalize(torch.cat([model.pooled(trimmed(part).expand(k, -1, -1)) for part in ids.split(64)], 1), dim=2) for ids in self.tensors(rows))
        likeness = query @ document.mT
        rank = (likeness > likeness.diagonal(dim1=1, dim2=2)[:, :, None]).sum(2)
        return torch.where(rank < 10, 1 / torch.log2(rank + 2.0), 0.0)[:, :, None]


def score(right: Tensor) -> Tensor:
    """Of [..., rows, 1] the mean; of [..., rows, 3] the span F1 over all rows."""
    if right.shape[-1] == 1:
        return right.mean((-1, -2))
    true, said, there = right.sum(-2).unbind(-1)
    return 2 * true / (said + there).clamp(min=1)
