"""Sits the exams of jobs that the engine did, from their files alone: `python jobs.py FOLDER`.

For each FOLDER/jobs/NAME it reads job.json, exam.jsonl and adapter/, encodes the texts with transformers, computes with PEFT, and writes
theirs.jsonl: what predictions.jsonl must say (but for its id).
"""
import hashlib
import json
import re
import sys
from pathlib import Path

import torch
from kinds import TEMPERATURE, build, embed, outputs
from peft import PeftModel
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, normalize
from transformers import AutoTokenizer

RANKED = 10


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Exam:
    """One job: its model, its tokenizer, and a method for each head."""

    def __init__(self, folder: Path):
        self.job = json.loads((folder / "job.json").read_text())
        about = json.loads((folder / "adapter" / "trimtab.json").read_text())
        base = Path(self.job["base"]["path"])
        self.kind, self.labels, self.pooling = about["head"], about["labels"], about["pooling"]
        self.names = list(about.get("id2label", {}).values())
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        self.model = PeftModel.from_pretrained(build(self.kind, base, len(self.names), self.pooling), folder / "adapter").eval()
        self.rows = read_lines(folder / "exam.jsonl")

    def sit(self) -> list[dict]:
        return self.pooled() if self.kind == "pooled" else [getattr(self, self.kind)(row) for row in self.rows]

    def logits(self, tokens: list[int]) -> torch.Tensor:
        return outputs(self.kind, self.model, [{"tokens": tokens}], self.pooling)[0]

    def sequence(self, row: dict) -> dict:
        logits = self.logits(self.tokenizer.encode(row["text"]))
        best = int(logits.argmax())
        return {"label": self.names[best], "confidence": logits.softmax(-1)[best].item(), "loss": cross_entropy(logits, torch.tensor(self.names.index(row["label"]))).item()}

    def multilabel(self, row: dict) -> dict:
        logits = self.logits(self.tokenizer.encode(row["text"]))
        shares = logits.sigmoid()
        held = torch.tensor([float(name in row["labels"]) for name in self.names])
        sure = torch.maximum(shares, 1 - shares).log().mean().exp()
        return {"labels": [name for name, share in zip(self.names, shares) if share >= 0.5], "confidence": sure.item(), "loss": binary_cross_entropy_with_logits(logits, held).item()}

    def tokens(self, row: dict) -> dict:
        """Words as BIO tags, each at its first token, in a causal model at its last. The texts are plain: what is no blank is a word."""
        found = self.tokenizer(row["text"], return_offsets_mapping=True)
        words = [match.span() for match in re.finditer(r"\S+", row["text"])]
        inside = [[i for i, (a, b) in enumerate(found["offset_mapping"]) if a < b and a < end and b > start] for start, end in words]
        at = [each[-1 if self.pooling == "last" else 0] for each in inside]
        tags = [next((f"{'B' if span['start'] == start else 'I'}-{span['label']}" for span in row["spans"] if span["start"] <= start < span["end"]), "O") for start, _ in words]
        logits = self.logits(found["input_ids"])[at]
        best = logits.log_softmax(-1).max(-1)
        spans = []
        for (start, end), tag in zip(words, (self.names[i] for i in best.indices.tolist())):
            if tag.startswith("B-"):
                spans.append({"start": start, "end": end, "label": tag[2:]})
            elif tag.startswith("I-"):
                spans[-1]["end"] = end
        return {"spans": spans, "confidence": best.values.mean().exp().item(), "loss": cross_entropy(logits, torch.tensor([self.names.index(tag) for tag in tags])).item()}

    def pooled(self) -> list[dict]:
        documents = list(dict.fromkeys(row["positive"] for row in self.rows))
        texts = [row["text"] for row in self.rows] + documents
        vectors = normalize(torch.stack([embed(self.model, [self.tokenizer.encode(text)], self.pooling)[0] for text in texts]), dim=-1)
        cosines = vectors[: len(self.rows)] @ vectors[len(self.rows) :].T
        right = torch.tensor([documents.index(row["positive"]) for row in self.rows])
        digests = [hashlib.sha256(document.encode()).hexdigest()[:16] for document in documents]
        losses = cross_entropy(cosines / TEMPERATURE, right, reduction="none")
        order = cosines.argsort(dim=-1, descending=True, stable=True)[:, :RANKED]
        return [{"ranking": [digests[i] for i in ranked.tolist()], "confidence": max(0.0, found.max().item()), "loss": loss.item()} for ranked, found, loss in zip(order, cosines, losses)]

    def vocabulary(self, row: dict) -> dict:
        messages = row.get("messages") or [{"role": "user", "content": row["text"]}]
        if self.tokenizer.chat_template:
            prompt = list(self.tokenizer.apply_chat_template(messages, tools=row.get("tools"), add_generation_prompt=True, tokenize=True, return_dict=False))
        else:
            prompt = self.tokenizer.encode(row["text"] + "\n")
        end = self.tokenizer.eos_token_id
        answer = self.tokenizer.encode(row["completion"], add_special_tokens=False) + [end]
        logits = self.logits((prompt + answer)[:-1])
        written = self.model.generate(
            input_ids=torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
            max_new_tokens=self.job["hyperparameters"]["maxNewTokens"], eos_token_id=end, pad_token_id=0, output_logits=True, return_dict_in_generate=True,
        )
        tokens = written.sequences[0, len(prompt) :].tolist()
        sure = torch.stack([scores[0].log_softmax(-1)[token] for scores, token in zip(written.logits, tokens)]).mean().exp()
        return {
            "output": self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False), "confidence": sure.item(),
            "loss": cross_entropy(logits[len(prompt) - 1 :], torch.tensor(answer)).item(),
        }


def main() -> None:
    for folder in sorted((Path(sys.argv[1]) / "jobs").iterdir()):
        with torch.no_grad():
            lines = Exam(folder).sit()
        (folder / "theirs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
