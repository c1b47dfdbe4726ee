"""The yardstick of the GPU bench: PEFT's ordinary (eager) LoRA training of a Llama of random weights, on one GPU.

    python peft_eager.py 135M 1.2B [--adapter bfloat16|float32] [--steps 20] [--batch 8 --length 512]

Prints one line of JSON for each shape: tokens per second, milliseconds a step, peak memory. bf16 base, scaled dot product attention, LoRA r 16 on all
linear layers, fused AdamW, clipping, every token a target. `--adapter float32` keeps the adapter in float32 under autocast, as transformers'
Trainer does with bf16; the default, all in bf16, is the faster. Needs torch, transformers and peft (tests/peft/requirements.txt has versions).
"""
import argparse
import json
import time

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

SHAPES = {
    "135M": dict(hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, intermediate_size=1536, vocab_size=49152, tie_word_embeddings=True),
    "1.2B": dict(hidden_size=2048, num_hidden_layers=16, num_attention_heads=32, num_key_value_heads=8, intermediate_size=8192, vocab_size=128256, tie_word_embeddings=True),
    "8B": dict(hidden_size=4096, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8, intermediate_size=14336, vocab_size=128256, tie_word_embeddings=False),
    "tiny": dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=96, vocab_size=512, tie_word_embeddings=True),
}
CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"
WARM_STEPS, RATE, CLIP = 3, 1e-4, 1.0


def build(shape: str, adapter: torch.dtype):
    torch.manual_seed(0)
    config = LlamaConfig(**SHAPES[shape], max_position_embeddings=2048, use_cache=False, dtype=torch.bfloat16, attn_implementation="sdpa")
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(DEVICE):
        base = LlamaForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    lora = LoraConfig(task_type=TaskType.CAUSAL_LM, r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear")
    return get_peft_model(base, lora, autocast_adapter_dtype=adapter == torch.float32).train()


def measure(shape: str, adapter: torch.dtype, batch: int, length: int, steps: int) -> dict:
    if CUDA:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    model = build(shape, adapter)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, fused=CUDA)
    ids = torch.randint(0, SHAPES[shape]["vocab_size"], (batch, length), device=DEVICE)

    def step() -> torch.Tensor:
        with torch.autocast(DEVICE, torch.bfloat16, enabled=adapter == torch.float32):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    for _ in range(WARM_STEPS):
        first = step()
    synchronize()
    started = time.perf_counter()
    for _ in range(steps):
        last = step()
    synchronize()
    seconds = (time.perf_counter() - started) / steps
    return {
        "shape": shape, "adapter": str(adapter).removeprefix("torch."), "batch": batch, "length": length, "trainable": sum(each.numel() for each in trained),
        "tokensPerSecond": round(batch * length / seconds), "millisecondsPerStep": round(1000 * seconds, 2),
        "peakMemoryGB": round(torch.cuda.max_memory_allocated() / 1e9, 2) if CUDA else None, "reservedGB": round(torch.cuda.max_memory_reserved() / 1e9, 2) if CUDA else None,
        "firstLoss": first.item(), "lastLoss": last.item(),
        "device": torch.cuda.get_device_name() if CUDA else "cpu", "versions": versions(),
    }


def synchronize() -> None:
    if CUDA:
        torch.cuda.synchronize()


def versions() -> dict:
    import peft
    import transformers

    return {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shapes", nargs="+", choices=SHAPES)
    parser.add_argument("--adapter", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    for shape in given.shapes:
        print(json.dumps(measure(shape, getattr(torch, given.adapter), given.batch, given.length, given.steps)), flush=True)


if __name__ == "__main__":
    main()
