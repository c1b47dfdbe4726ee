"""Makes the golden numbers beside this file from PyTorch, transformers and PEFT: a tiny random BERT with mean pooling, a LoRA adapter
saved by PEFT itself, and what they compute.

    pip install torch transformers peft && python make.py
"""
import json
from pathlib import Path

import torch
from peft import LoraConfig, TaskType, get_peft_model
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification, BertModel

HERE = Path(__file__).parent
LENGTHS = [7, 1, 12, 4, 3]
TARGETS = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
LABELS = 5
STEPS, RATE, WARMUP, DECAY, CLIP = 12, 5e-3, 0.25, 0.01, 1.0


class MeanPooled(BertForSequenceClassification):
    """As BertForSequenceClassification, but on the mean of the real tokens: our base has no pooler."""

    def __init__(self, config: BertConfig):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)

    def forward(self, input_ids, attention_mask, **_):
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask[..., None].float()
        return self.classifier((hidden * mask).sum(1) / mask.sum(1))


def model() -> torch.nn.Module:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, max_position_embeddings=24,
        num_labels=LABELS, attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0, initializer_range=0.2,
    )
    base = MeanPooled(config)
    for parameter in base.parameters():
        # Zero biases and unit norms would hide mistakes.
        if parameter.dim() == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
    base.bert.save_pretrained(HERE / "base")
    lora = LoraConfig(task_type=TaskType.SEQ_CLS, r=4, lora_alpha=6, lora_dropout=0.0, target_modules=TARGETS)
    adapted = get_peft_model(base, lora)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.1 * torch.randn_like(parameter)
    return adapted


def losses(adapted, ids, mask, targets, weights):
    logits = adapted(input_ids=ids, attention_mask=mask)
    rows = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    return logits, rows, (rows * weights).sum() / weights.sum()


def key(name: str) -> str:
    return name.replace(".modules_to_save.default", "").replace(".default", "")


def trainable(adapted):
    return {key(name): parameter for name, parameter in adapted.named_parameters() if parameter.requires_grad}


def trajectory(adapted, batch) -> list[float]:
    optimizer = torch.optim.AdamW(trainable(adapted).values(), lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=DECAY)
    rising = int(WARMUP * STEPS)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (step + 1) / rising if step < rising else (STEPS - step) / (STEPS - rising))
    found = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = losses(adapted, *batch)[2]
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable(adapted).values(), CLIP)
        optimizer.step()
        schedule.step()
        found.append(loss.item())
    return found


def main() -> None:
    adapted = model()
    torch.manual_seed(2)
    width = max(LENGTHS)
    ids = torch.randint(5, 60, (len(LENGTHS), width))
    mask = (torch.arange(width)[None] < torch.tensor(LENGTHS)[:, None]).long()
    targets = torch.randint(0, LABELS, (len(LENGTHS),))
    weights = torch.tensor([1.0, 0.5, 2.0, 1.0, 0.25])
    batch = (ids * mask, mask, targets, weights)

    logits, rows, loss = losses(adapted, *batch)
    loss.backward()
    adapted.save_pretrained(HERE / "adapter")
    (HERE / "adapter" / "README.md").unlink(missing_ok=True)
    save_file({name: parameter.grad.contiguous() for name, parameter in trainable(adapted).items()}, HERE / "gradients.safetensors")
    golden = {
        "tokens": [row[:length].tolist() for row, length in zip(ids, LENGTHS)],
        "targets": targets.tolist(), "weights": weights.tolist(),
        "logits": logits.tolist(), "perRow": rows.tolist(), "loss": loss.item(),
        "training": {"steps": STEPS, "rate": RATE, "warmup": WARMUP, "weightDecay": DECAY, "clip": CLIP, "losses": trajectory(adapted, batch)},
        "versions": {"torch": torch.__version__.split("+")[0], "transformers": __import__("transformers").__version__, "peft": __import__("peft").__version__},
    }
    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
