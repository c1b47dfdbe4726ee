"""A Trimtab adapter as an MLflow model: transformers and PEFT load the base that adapter_config.json names, and the adapter on it.

Comes with `trimtab export --format mlflow`. Takes a data frame with a column `text` (generation: or `messages`, a list of {role, content}); answers one with the
answer of the task and its confidence.
"""

import json
from pathlib import Path

import pandas as pd
import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, BertForSequenceClassification, BertModel

MAX_NEW_TOKENS = 128


class PooledBert(BertForSequenceClassification):
    """BERT with a classifier on its pooled hidden state: these bases have no pooler of their own."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.pooling = "first"

    def forward(self, input_ids, attention_mask, **_):
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return type("Output", (), {"logits": self.classifier(pooled(hidden, self.pooling))})


def pooled(hidden, pooling):
    """Of one text, not padded."""
    return {"first": hidden[:, 0], "last": hidden[:, -1], "mean": hidden.mean(1)}[pooling]


class Model:
    def __init__(self, folder: Path):
        about = json.loads((folder / "trimtab.json").read_text())
        base = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
        self.head, self.pooling, self.longest = about["head"], about["pooling"], about["maxLength"]
        self.labels = list(about.get("id2label", {}).values())
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        self.model = PeftModel.from_pretrained(self._base(base), folder).eval()

    def _base(self, base):
        options = {"dtype": torch.float32}
        if self.head == "vocabulary":
            return AutoModelForCausalLM.from_pretrained(base, **options)
        is_bert = AutoConfig.from_pretrained(base).model_type == "bert"
        if self.head == "pooled":
            return AutoModel.from_pretrained(base, **options, **({"add_pooling_layer": False} if is_bert else {}))
        if not is_bert:
            return AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(self.labels), **options)
        model = PooledBert.from_pretrained(base, num_labels=len(self.labels), **options)
        model.pooling = self.pooling
        return model

    def predict(self, frame, params=None):
        answer = {"sequence": self._label, "multilabel": self._labels, "pooled": self._vector, "vocabulary": self._output}[self.head]
        with torch.no_grad():
            return pd.DataFrame([answer(row) for row in frame.to_dict("records")])

    def _encoded(self, row):
        return self.tokenizer(row["text"], return_tensors="pt", truncation=True, max_length=self.longest)

    def _logits(self, row):
        found = self._encoded(row)
        return self.model(input_ids=found["input_ids"], attention_mask=found["attention_mask"]).logits[0]

    def _label(self, row):
        shares = self._logits(row).softmax(-1)
        best = int(shares.argmax())
        return {"label": self.labels[best], "confidence": shares[best].item()}

    def _labels(self, row):
        shares = self._logits(row).sigmoid()
        sure = torch.maximum(shares, 1 - shares).log().mean().exp()
        return {"labels": json.dumps([label for label, share in zip(self.labels, shares) if share >= 0.5]), "confidence": sure.item()}

    def _vector(self, row):
        found = self._encoded(row)
        hidden = self.model(input_ids=found["input_ids"], attention_mask=found["attention_mask"]).last_hidden_state
        return {"vector": json.dumps(pooled(hidden, self.pooling)[0].tolist())}

    def _output(self, row):
        given = row.get("messages")
        messages = json.loads(given) if isinstance(given, str) else [{"role": "user", "content": row["text"]}]
        if self.tokenizer.chat_template:
            prompt = list(self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False))
        else:
            prompt = self.tokenizer.encode(row["text"] + "\n")
        # the end of a prompt says what to do
        prompt = prompt[-self.longest :]
        written = self.model.generate(
            input_ids=torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False, max_new_tokens=MAX_NEW_TOKENS,
            eos_token_id=self._ends(), pad_token_id=self.tokenizer.pad_token_id or 0, output_logits=True, return_dict_in_generate=True,
        )
        tokens = written.sequences[0, len(prompt) :].tolist()
        sure = torch.stack([scores[0].log_softmax(-1)[token] for scores, token in zip(written.logits, tokens)]).mean().exp()
        return {"output": self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False), "confidence": sure.item()}

    def _ends(self):
        """What generation_config.json names, and the end of a text."""
        named = self.model.generation_config.eos_token_id
        listed = named if isinstance(named, list) else [named]
        return sorted({token for token in [*listed, self.tokenizer.eos_token_id] if token is not None})


def _load_pyfunc(path):
    """MLflow's own name for what it calls with the folder of `data`."""
    return Model(Path(path))
