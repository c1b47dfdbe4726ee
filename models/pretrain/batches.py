"""Rows of training, drawn and masked on the device: no padding, no data loader, static shapes."""
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

PAD, UNKNOWN, CLS, SEP, MASK = range(5)
SPECIAL = 5


@dataclass(frozen=True)
class Masking:
    """Of every hundred tokens `share` are predicted; of those most are hidden, some replaced, the rest left as they are."""

    share: float = 0.25
    hidden: float = 0.88
    replaced: float = 0.06
    whole_words: bool = True


class Text:
    """One part of the corpus: token ids in one line and the places where rows may start (sentences, paragraphs, documents)."""

    def __init__(self, arrays: dict[str, np.ndarray], part: str, room: int, device: str) -> None:
        """`room`: how many tokens must follow a start."""
        ids, lengths = arrays[part], arrays[f"{part}_lengths"].astype(np.int64)
        starts = np.cumsum(lengths) - lengths
        self.ids = torch.from_numpy(ids.astype(np.int16)).to(device)
        self.starts = torch.from_numpy(starts[starts < len(ids) - room]).to(device)

    def frequencies(self, vocabulary: int) -> Tensor:
        return torch.bincount(self.ids.long(), minlength=vocabulary).float()

    def draw(self, rows: int, generator: torch.Generator) -> Tensor:
        """Starts, each as likely as any other."""
        return self.starts[torch.randint(len(self.starts), (rows,), device=self.starts.device, generator=generator)]

    def draw_evenly(self, rows: int, generator: torch.Generator) -> Tensor:
        """Starts next after places drawn from the whole text: all of it is read equally often, also where lines are short."""
        return self.after(torch.randint(int(self.starts[-1]) + 1, (rows,), device=self.starts.device, generator=generator))

    def after(self, places: Tensor) -> Tensor:
        """The first start at or after each place."""
        return self.starts[torch.searchsorted(self.starts, places).clamp(max=len(self.starts) - 1)]

    def rows(self, starts: Tensor, length: int) -> Tensor:
        inside = torch.arange(length, device=starts.device)
        return self.ids[starts[:, None] + inside].long()


def framed(ids: Tensor) -> Tensor:
    """[CLS], ids, [SEP]."""
    return torch.nn.functional.pad(torch.nn.functional.pad(ids, (1, 0), value=CLS), (0, 1), value=SEP)


def word_starts(tokenizer: Tokenizer) -> Tensor:
    """Which tokens begin a word: those with the byte-level space, and punctuation."""
    pieces = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    return torch.tensor([piece[0] == "Ġ" or (piece[0].isascii() and not piece[0].isalnum()) for piece in pieces])


def mask(ids: Tensor, masking: Masking, starts_word: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Input ids, the places to predict [rows, k] and the words that stood there. k is fixed, so that shapes are."""
    length = ids.shape[1]
    chance = torch.rand(ids.shape, device=ids.device, generator=generator)
    if masking.whole_words:
        # Tokens of one word share one draw; the fixed k cuts at most one word of a row.
        chance = chance.gather(1, starts_word[ids].long().cumsum(1).clamp(max=length - 1))
    chance = chance.masked_fill(ids < SPECIAL, -1.0)
    places = chance.topk(round(masking.share * length), dim=1).indices
    words = ids.gather(1, places)
    fate = torch.rand(places.shape, device=ids.device, generator=generator)
    other = torch.randint(SPECIAL, len(starts_word), places.shape, device=ids.device, generator=generator)
    put = torch.where(fate < masking.hidden, MASK, torch.where(fate < masking.hidden + masking.replaced, other, words))
    return ids.scatter(1, places, put), places, words
