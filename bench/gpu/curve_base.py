"""What both sides of the loss curve start from: a Llama of random weights, an adapter, and batches of a language that can be learned.

    python curve_base.py FOLDER [--seed 0] [--steps 200] [--hidden 256] [--layers 4] [--batch 8] [--length 128]

FOLDER gets base/ (float32 files; each side rounds), adapter/ (PEFT's) and curve.json as peft_curve.py wants it. The language is a Markov chain over 512 tokens,
so the loss falls from ln 512 to where it depends on every layer.
"""
import argparse
import json
import random
from pathlib import Path

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

VOCABULARY, NEXT = 512, 4


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    for name, value in dict(seed=0, steps=200, hidden=256, layers=4, batch=8, length=128).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    config = LlamaConfig(hidden_size=given.hidden, num_hidden_layers=given.layers, num_attention_heads=given.hidden // 32, num_key_value_heads=given.hidden // 64, intermediate_size=3 * given.hidden,
                         vocab_size=VOCABULARY, max_position_embeddings=1024, tie_word_embeddings=False, initializer_range=0.05)
    model = LlamaForCausalLM(config)
    model.save_pretrained(given.folder / "base")
    lora = LoraConfig(task_type=TaskType.CAUSAL_LM, r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear")
    get_peft_model(model, lora).save_pretrained(given.folder / "adapter")

    chance = random.Random(given.seed)
    follow = [chance.sample(range(VOCABULARY), NEXT) for _ in range(VOCABULARY)]

    def row() -> dict:
        tokens = [chance.randrange(VOCABULARY)]
        while len(tokens) < given.length:
            tokens.append(chance.choice(follow[tokens[-1]]))
        return {"tokens": tokens, "targets": tokens[1:] + [-1], "weight": 1}

    warm = given.steps // 10
    rates = [3e-3 * min(1.0, (step + 1) / warm) for step in range(given.steps)]
    batches = [[row() for _ in range(given.batch)] for _ in range(given.steps)]
    (given.folder / "curve.json").write_text(json.dumps({"weightDecay": 0.01, "clip": 1, "rates": rates, "batches": batches}))


if __name__ == "__main__":
    main()
