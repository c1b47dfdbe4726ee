"""What transformers generates: `python generate.py FOLDER`.

FOLDER/exchange.json: [{base, adapter, prompts, maxTokens, stopTokens}, ...]. Writes FOLDER/generated.json: for each prompt the tokens that greedy search
chooses, with the stop token, and the log-probability of each.
"""
import json
import sys
from pathlib import Path

import torch
from kinds import build
from peft import PeftModel


def greedy(model, prompt: list[int], most: int, stop: list[int]) -> dict:
    found = model.generate(
        input_ids=torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False, max_new_tokens=most,
        eos_token_id=stop, pad_token_id=0, output_logits=True, return_dict_in_generate=True, use_cache=True,
    )
    tokens = found.sequences[0, len(prompt) :].tolist()
    return {"tokens": tokens, "logProbabilities": [logits[0].log_softmax(-1)[token].item() for logits, token in zip(found.logits, tokens, strict=True)]}


def main() -> None:
    root = Path(sys.argv[1])
    answers = []
    for given in json.loads((root / "exchange.json").read_text()):
        model = PeftModel.from_pretrained(build("vocabulary", Path(given["base"]), 0, "last"), given["adapter"]).eval()
        answers.append([greedy(model, prompt, given["maxTokens"], given["stopTokens"]) for prompt in given["prompts"]])
    (root / "generated.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
