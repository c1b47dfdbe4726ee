"""What stands on a base, by our names, built from transformers' own classes: models, rows, outputs and losses.

A row is {tokens, targets, weight, documents?}, as the engine's EncodedRow.
"""
import json
from pathlib import Path

import torch
from peft import TaskType
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, normalize
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoModelForTokenClassification, BertForSequenceClassification, BertModel

TASK_TYPES = {
    "sequence": TaskType.SEQ_CLS, "multilabel": TaskType.SEQ_CLS, "tokens": TaskType.TOKEN_CLS,
    "pooled": TaskType.FEATURE_EXTRACTION, "vocabulary": TaskType.CAUSAL_LM,
}
TEMPERATURE = 0.05


class PooledBert(BertForSequenceClassification):
    """BertForSequenceClassification on a pooled hidden state: our base has no pooler of its own. PEFT finds the same keys."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.pooling = "mean"

    def forward(self, input_ids, attention_mask, **_):
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return type("Output", (), {"logits": self.classifier(pool(hidden, attention_mask, self.pooling))})


def pool(hidden: Tensor, mask: Tensor, pooling: str) -> Tensor:
    if pooling == "first":
        return hidden[:, 0]
    if pooling == "last":
        return hidden[torch.arange(len(hidden)), mask.sum(1) - 1]
    weights = mask[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


def build(kind: str, base: Path, labels: int, pooling: str) -> torch.nn.Module:
    """The model that PEFT adapts, in float32. Decoders classify by their last token as transformers does; `pooling` is for the others."""
    options = dict(dtype=torch.float32, attn_implementation="eager")
    if kind == "vocabulary":
        return AutoModelForCausalLM.from_pretrained(base, **options).eval()
    if kind == "pooled":
        model = AutoModel.from_pretrained(base, **options, **({"add_pooling_layer": False} if is_bert(base) else {}))
        return model.eval()
    if kind == "tokens":
        return AutoModelForTokenClassification.from_pretrained(base, num_labels=labels, **options).eval()
    if is_bert(base):
        model = PooledBert.from_pretrained(base, num_labels=labels, **options).eval()
        model.pooling = pooling
        return model
    return AutoModelForSequenceClassification.from_pretrained(base, num_labels=labels, **options).eval()


def is_bert(base: Path) -> bool:
    return json.loads((base / "config.json").read_text())["model_type"] == "bert"


def padded(sequences: list[list[int]]) -> tuple[Tensor, Tensor]:
    width = max(map(len, sequences))
    ids = torch.tensor([sequence + [0] * (width - len(sequence)) for sequence in sequences])
    mask = torch.tensor([[1] * len(sequence) + [0] * (width - len(sequence)) for sequence in sequences])
    return ids, mask


def embed(model, sequences: list[list[int]], pooling: str) -> Tensor:
    ids, mask = padded(sequences)
    return pool(model(input_ids=ids, attention_mask=mask).last_hidden_state, mask, pooling)


def outputs(kind: str, model, rows: list[dict], pooling: str) -> list[Tensor]:
    """For each row its numbers: logits [labels], [tokens, labels] or [tokens, vocabulary], or its vector."""
    sequences = [row["tokens"] for row in rows]
    if kind == "pooled":
        return list(embed(model, sequences, pooling))
    ids, mask = padded(sequences)
    logits = model(input_ids=ids, attention_mask=mask).logits
    return list(logits) if kind in ("sequence", "multilabel") else [each[: len(sequence)] for each, sequence in zip(logits, sequences)]


def losses(kind: str, model, rows: list[dict], labels: int, pooling: str) -> tuple[Tensor, Tensor]:
    """Loss of each term (a row, or a token with a target) and the weight of each."""
    weights = torch.tensor([row["weight"] for row in rows])
    if kind == "pooled":
        return info_nce(model, rows, pooling), weights
    found = outputs(kind, model, rows, pooling)
    if kind == "sequence":
        return cross_entropy(torch.stack(found), torch.tensor([row["targets"][0] for row in rows]), reduction="none"), weights
    if kind == "multilabel":
        held = torch.tensor([[float(label in row["targets"]) for label in range(labels)] for row in rows])
        return binary_cross_entropy_with_logits(torch.stack(found), held, reduction="none").mean(1), weights
    targets = torch.tensor([target for row in rows for target in row["targets"]])
    each = cross_entropy(torch.cat(found), targets, ignore_index=-1, reduction="none")
    per_token = torch.cat([weight.expand(len(row["tokens"])) for weight, row in zip(weights, rows)])
    return each[targets >= 0], per_token[targets >= 0]


def info_nce(model, rows: list[dict], pooling: str) -> Tensor:
    """Cosine / temperature against every document of the batch; a document that stands in it twice is counted once."""
    documents = [list(each) for each in dict.fromkeys(tuple(document) for row in rows for document in row["documents"])]
    vectors = normalize(embed(model, [row["tokens"] for row in rows] + documents, pooling), dim=-1)
    scores = vectors[: len(rows)] @ vectors[len(rows) :].T / TEMPERATURE
    return cross_entropy(scores, torch.tensor([documents.index(row["documents"][0]) for row in rows]), reduction="none")


def mean(terms: Tensor, weights: Tensor) -> Tensor:
    return (terms * weights).sum() / weights.sum()


def key(name: str) -> str:
    """PEFT's name in a file for a name in a model."""
    return name.replace(".modules_to_save.default", "").replace(".default", "")


def trainable(model) -> dict[str, torch.nn.Parameter]:
    return {key(name): parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
