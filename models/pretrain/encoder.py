"""The encoder: what transformers' BertModel computes, with its parameter names, without masks, dropout or pooler.

Rows of training are never padded, so attention needs no mask; that and one product for q, k and v is most of the speed.
Weights stay in float32; activations have whatever type the embeddings are asked for.
"""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modules import group, initialise, linear, normalise


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 8192
    hidden: int = 256
    layers: int = 6
    heads: int = 4
    intermediate: int = 1024
    positions: int = 512
    epsilon: float = 1e-12


class Embeddings(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(shape.vocabulary, shape.hidden)
        self.position_embeddings = nn.Embedding(shape.positions, shape.hidden)
        self.token_type_embeddings = nn.Embedding(2, shape.hidden)
        self.LayerNorm = nn.LayerNorm(shape.hidden, shape.epsilon)

    def forward(self, ids: Tensor, dtype: torch.dtype) -> Tensor:
        positions = self.position_embeddings.weight[: ids.shape[1]]
        x = self.word_embeddings(ids) + positions + self.token_type_embeddings.weight[0]
        return self.LayerNorm(x).to(dtype)


class Layer(nn.Module):
    """Post-norm: attention, add, normalise; feed-forward, add, normalise."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d, wide = shape.hidden, shape.intermediate
        self.heads = shape.heads
        self.attention = group(
            self=group(query=nn.Linear(d, d), key=nn.Linear(d, d), value=nn.Linear(d, d)),
            output=group(dense=nn.Linear(d, d), LayerNorm=nn.LayerNorm(d, shape.epsilon)),
        )
        self.intermediate = group(dense=nn.Linear(d, wide))
        self.output = group(dense=nn.Linear(wide, d), LayerNorm=nn.LayerNorm(d, shape.epsilon))

    def forward(self, x: Tensor) -> Tensor:
        rows, length, d = x.shape
        own, out = getattr(self.attention, "self"), self.attention.output
        qkv = linear(x, own.query, own.key, own.value).view(rows, length, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, length, d)
        x = normalise(x + linear(mixed, out.dense), out.LayerNorm)
        wide = F.gelu(linear(x, self.intermediate.dense))
        return normalise(x + linear(wide, self.output.dense), self.output.LayerNorm)


class Encoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embeddings = Embeddings(shape)
        self.encoder = group(layer=nn.ModuleList(Layer(shape) for _ in range(shape.layers)))
        self.apply(initialise)

    def forward(self, ids: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        x = self.embeddings(ids, dtype)
        for layer in self.encoder.layer:
            x = layer(x)
        return x


class WordHead(nn.Module):
    """BERT's masked-word head: dense, gelu, norm, then the word embeddings again. Not part of what ships as the model."""

    def __init__(self, shape: Shape, frequencies: Tensor | None = None) -> None:
        super().__init__()
        self.dense = nn.Linear(shape.hidden, shape.hidden)
        self.LayerNorm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.bias = nn.Parameter(torch.zeros(shape.vocabulary))
        self.apply(initialise)
        if frequencies is not None:
            # Starting from how often each word occurs spares the encoder from learning it. Otherwise the first steps teach all
            # places to say the same, and in a post-norm encoder they may never differ again.
            with torch.no_grad():
                self.bias.copy_(((frequencies + 1) / (frequencies + 1).sum()).log())

    def forward(self, hidden: Tensor, places: Tensor, words: Tensor, embeddings: Tensor) -> Tensor:
        """Mean cross-entropy over the masked places [rows, k] alone: the vocabulary is the widest product of the model."""
        x = hidden.gather(1, places[:, :, None].expand(-1, -1, hidden.shape[2]))
        x = normalise(F.gelu(linear(x, self.dense)), self.LayerNorm)
        scores = F.linear(x, embeddings.to(x.dtype), self.bias.to(x.dtype))
        return F.cross_entropy(scores.flatten(0, 1).float(), words.flatten())
