"""What moves the weights, and how fast."""
import torch
from torch import Tensor, nn


def schedule(progress: float, warm_up: float = 0.05) -> float:
    """Up in the first part, then straight down to nothing at the end."""
    return min(progress / warm_up, (1 - progress) / (1 - warm_up))


def adamw(model: nn.Module, rate: float, decay: float, device: str, beta2: float = 0.98) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, beta2), eps=1e-6, fused=device == "cuda")


def orthogonal(updates: Tensor, steps: int = 5) -> Tensor:
    """Nearest to orthogonal matrices [n, out, in], roughly: singular values between 0.7 and 1.2 after five steps of Newton and Schulz
    with the coefficients of Jordan et al. (https://kellerjordan.github.io/posts/muon/)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = updates.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).to(updates.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum whose every step is made orthogonal, for the matrices inside a network. Matrices of one shape are moved together: they are small.

    The step is scaled to the size that AdamW's has (0.2 sqrt(max(out, in)), Liu et al., arXiv:2502.16982), so that rates mean the same."""

    def __init__(self, matrices: list[nn.Parameter], rate: float, decay: float, momentum: float = 0.95) -> None:
        shapes: dict[torch.Size, list[nn.Parameter]] = {}
        for matrix in matrices:
            shapes.setdefault(matrix.shape, []).append(matrix)
        super().__init__([{"params": alike} for alike in shapes.values()], {"lr": rate, "decay": decay, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            gradients = torch.stack([matrix.grad for matrix in group["params"]])
            state = self.state[group["params"][0]]
            moving = state["moving"] if "moving" in state else state.setdefault("moving", torch.zeros_like(gradients))
            moving.lerp_(gradients, 1 - group["momentum"])
            direction = orthogonal(gradients.lerp(moving, group["momentum"]))
            scale = 0.2 * max(gradients.shape[1:]) ** 0.5
            torch._foreach_mul_(group["params"], 1 - group["lr"] * group["decay"])
            torch._foreach_add_(group["params"], list(direction.unbind()), alpha=-group["lr"] * scale)
