"""What both networks are built of: weights in float32, products in whatever type the activations have."""
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def group(**children: nn.Module) -> nn.Module:
    """A module that only names its children, so that keys read as in transformers (attention.self.query.weight, self_attn.q_proj.weight)."""
    module = nn.Module()
    for name, child in children.items():
        module.add_module(name, child)
    return module


def linear(x: Tensor, *layers: nn.Linear) -> Tensor:
    """One product for several layers of the same input."""
    weight = torch.cat([layer.weight for layer in layers]) if len(layers) > 1 else layers[0].weight
    if layers[0].bias is None:
        return F.linear(x, weight.to(x.dtype))
    bias = torch.cat([layer.bias for layer in layers]) if len(layers) > 1 else layers[0].bias
    return F.linear(x, weight.to(x.dtype), bias.to(x.dtype))


def normalise(x: Tensor, norm: nn.Module) -> Tensor:
    return norm(x.float()).to(x.dtype)


def initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
