"""Golden numbers of NF4 with double quantisation, from bitsandbytes itself: nf4.safetensors beside this file.

    pip install torch bitsandbytes safetensors && python make_nf4.py     # on a machine with an NVIDIA GPU

Codes, scales and dequantised weights are those of bitsandbytes' CUDA kernels. `cpu_absmax` are the scales' codes as its CPU library gives them:
that one looks them up in a grid of 65,536 steps, where the kernels take the nearest code, and so differs in about one scale of a hundred
where a block has outliers. Trimtab follows the kernels: they are what quantised bases are trained and served with.
"""

import sys
from pathlib import Path

import bitsandbytes
import bitsandbytes.functional as F
import torch
from safetensors.torch import save_file


def matrices():
    torch.manual_seed(3)
    normal = torch.randn(160, 128) * 0.03  # 320 blocks: two nested ones, the second not full
    normal[3, 5] = 1.5  # outliers, as trained weights have
    normal[100, 77] = -0.7
    odd = torch.rand(7, 50) - 0.5  # blocks go over the ends of rows, the last is not full
    zeros = torch.randn(4, 64) * 0.1
    zeros[1] = 0  # a block without a largest number
    same = torch.full((2, 64), 0.25)  # equal scales: nothing is left for the nested ones
    return {"normal": normal, "odd": odd, "zeros": zeros, "same": same}


def main(folder):
    tensors = {}
    for name, weight in matrices().items():
        weight = weight.half().float()
        codes, state = F.quantize_4bit(weight.cuda(), blocksize=64, compress_statistics=True, quant_type="nf4")
        on_cpu = F.quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")[1]
        tensors |= {
            f"{name}.weight": weight.half(),
            f"{name}.codes": codes.flatten(),
            f"{name}.absmax": state.absmax,
            f"{name}.cpu_absmax": on_cpu.absmax,
            f"{name}.nested": state.state2.absmax,
            f"{name}.offset": state.offset.reshape(1),
            f"{name}.dequantised": F.dequantize_4bit(codes, state),
        }
        print(name, "scales that the CPU library codes otherwise:", (state.absmax.cpu() != on_cpu.absmax).sum().item(), "of", on_cpu.absmax.numel())
    tensors["nf4"] = state.code
    tensors["dynamic"] = state.state2.code
    made_with = {"bitsandbytes": bitsandbytes.__version__, "torch": torch.__version__, "device": torch.cuda.get_device_name()}
    save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, folder / "nf4.safetensors", made_with)


main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
