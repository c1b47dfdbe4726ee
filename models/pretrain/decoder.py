"""The decoder: what transformers' LlamaForCausalLM computes, with its parameter names: pre-norm, rotary, grouped queries, SwiGLU, tied embeddings.

Rows of training are never padded, so attention needs no mask but the causal one.
"""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modules import group, initialise, linear, normalise


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 8192
    hidden: int = 256
    layers: int = 8
    heads: int = 4
    key_heads: int = 2
    intermediate: int = 704
    positions: int = 1024
    theta: float = 10_000.0
    epsilon: float = 1e-5

    @property
    def width(self) -> int:
        return self.hidden // self.heads


def rotations(shape: Shape, length: int, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """cos and sin [length, width], in float32; the two halves of a head turn together."""
    frequencies = shape.theta ** -(torch.arange(0, shape.width, 2, device=device).float() / shape.width)
    angles = torch.arange(length, device=device).float()[:, None] * frequencies
    return torch.cat([angles, angles], 1).cos(), torch.cat([angles, angles], 1).sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x is [rows, length, heads, width]."""
    first, second = x.float().chunk(2, dim=-1)
    turned = torch.cat([-second, first], -1)
    return (x.float() * cos[:, None] + turned * sin[:, None]).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d, narrow = shape.hidden, shape.key_heads * shape.width
        self.shape = shape
        self.self_attn = group(
            q_proj=nn.Linear(d, d, bias=False), k_proj=nn.Linear(d, narrow, bias=False), v_proj=nn.Linear(d, narrow, bias=False), o_proj=nn.Linear(d, d, bias=False))
        self.mlp = group(
            gate_proj=nn.Linear(d, shape.intermediate, bias=False), up_proj=nn.Linear(d, shape.intermediate, bias=False),
            down_proj=nn.Linear(shape.intermediate, d, bias=False))
        self.input_layernorm = nn.RMSNorm(d, shape.epsilon)
        self.post_attention_layernorm = nn.RMSNorm(d, shape.epsilon)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(normalise(x, self.input_layernorm), cos, sin)
        gate, up = linear(normalise(x, self.post_attention_layernorm), self.mlp.gate_proj, self.mlp.up_proj).chunk(2, dim=-1)
        return x + linear(F.silu(gate) * up, self.mlp.down_proj)

    def attention(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        rows, length, d = x.shape
        heads, own = self.shape, self.self_attn
        qkv = linear(x, own.q_proj, own.k_proj, own.v_proj).view(rows, length, -1, heads.width)
        q, k, v = qkv.split([heads.heads, heads.key_heads, heads.key_heads], dim=2)
        # Every key head serves as many query heads side by side; written out, all kernels of attention take it.
        repeat = heads.heads // heads.key_heads
        k, v = rotate(k, cos, sin).repeat_interleave(repeat, dim=2), v.repeat_interleave(repeat, dim=2)
        q, k, v = (part.transpose(1, 2) for part in (rotate(q, cos, sin), k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return linear(mixed.transpose(1, 2).reshape(rows, length, d), own.o_proj)


class Head(nn.Module):
    """Last norm and cross-entropy of the next token; the matrix is the word embeddings'."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(shape.hidden, shape.epsilon)

    def scores(self, x: Tensor, embeddings: Tensor) -> Tensor:
        return F.linear(normalise(x, self.norm), embeddings.to(x.dtype)).float()

    def forward(self, x: Tensor, targets: Tensor, embeddings: Tensor) -> Tensor:
        return F.cross_entropy(self.scores(x, embeddings).flatten(0, 1), targets.flatten())


class Decoder(nn.Module):
    def __init__(self, shape: Shape, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.shape, self.dtype = shape, dtype
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.head = Head(shape)
        self.apply(initialise)
        for layer in self.layers:
            # What is added to the residual stream by 2 x layers branches starts with the variance of one.
            for out in (layer.self_attn.o_proj, layer.mlp.down_proj):
                nn.init.normal_(out.weight, std=0.02 / math.sqrt(2 * shape.layers))

    def hidden(self, ids: Tensor) -> Tensor:
        x = self.embed_tokens(ids).to(self.dtype)
        cos, sin = rotations(self.shape, ids.shape[1], ids.device)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return x

    def forward(self, ids: Tensor) -> Tensor:
        """Mean loss of rows [rows, length + 1]: each token but the first is predicted."""
        return self.head(self.hidden(ids[:, :-1]), ids[:, 1:], self.embed_tokens.weight)

    def compile_parts(self) -> None:
        # Layer by layer: one compilation per row length serves all layers.
        for part in (*self.layers, self.head):
            part.compile(dynamic=False)

    def weights(self) -> dict[str, Tensor]:
        """As LlamaForCausalLM saves them; the tied output is not written twice."""
        rename = {"head.norm.weight": "norm.weight"}
        return {f"model.{rename.get(name, name)}": value for name, value in self.state_dict().items()}

    def read(self, weights: dict[str, Tensor]) -> None:
        rename = {"norm.weight": "head.norm.weight"}
        names = ((name.removeprefix("model."), value) for name, value in weights.items())
        self.load_state_dict({rename.get(name, name): value for name, value in names})
