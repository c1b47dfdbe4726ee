"""Writes chats as transformers' apply_chat_template renders them, and what it makes of some by greedy choice, for the tests of the engine.

    python chat_cases.py --model ../mini-decoder --out chats.json
"""
import argparse
import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Weather at a place: °C, or 'none'.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer", "enum": [1, 3]}, "exact": {"type": "boolean", "default": None}}, "required": ["place"]}}}
CALL = {"type": "function", "function": {"name": "get_weather", "arguments": {"place": "Århus \"C\"", "days": 3, "exact": False}}}
USER = {"role": "user", "content": "Ana meets Bo in Riga on Friday."}
SYSTEM = {"role": "system", "content": "Which spans? JSON."}

CASES = [
    {"messages": [USER]},
    {"messages": [SYSTEM, USER]},
    {"messages": [SYSTEM, USER], "addGenerationPrompt": False},
    {"messages": [USER, {"role": "assistant", "content": "{\"person\": \"Ana\"}"}, {"role": "user", "content": "  again,\n<b>please</b> & thanks  "}]},
    {"messages": [USER], "tools": [WEATHER]},
    {"messages": [SYSTEM, USER], "tools": [WEATHER, {"type": "function", "function": {"name": "stop", "parameters": {"type": "object", "properties": {}}}}]},
    {"messages": [USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}, {"role": "tool", "content": "{\"celsius\": 7.5}"}], "tools": [WEATHER]},
    {"messages": [USER, {"role": "assistant", "content": "I look.", "tool_calls": [CALL, CALL]}], "tools": [WEATHER], "addGenerationPrompt": False},
    {"messages": [{"role": "user", "content": ""}]},
    {"messages": [{"role": "user", "content": "<|im_end|> said {{ nobody }} {% if %} 日本 🎉"}]},
    {"messages": [SYSTEM, {"role": "user", "content": "remind Dagny to weigh plostia next Monday"}]},
    {"messages": [{"role": "system", "content": "Find person, place in the text. Answer in JSON."}, {"role": "user", "content": "Kofi Weiss will arrive in Quito at 10:30 with 4 boxes."}]},
]
# Of these the model's own greedy answer is kept as well.
ANSWERED = (1, 3, 10, 11)


@torch.no_grad()
def answer(model: torch.nn.Module, ids: list[int], most: int = 40) -> dict:
    """Tokens by greedy choice and the logarithm of each one's probability."""
    prompt = torch.tensor([ids])
    tokens = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=most, do_sample=False)[0, len(ids) :]
    scores = model(torch.cat([prompt[0], tokens])[None]).logits[0, len(ids) - 1 : -1].log_softmax(1)
    best = scores.topk(2, dim=1).values
    return {"tokens": tokens.tolist(), "logProbabilities": [round(value, 5) for value in scores.gather(1, tokens[:, None])[:, 0].tolist()],
            "margin": round((best[:, 0] - best[:, 1]).min().item(), 5)}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options = options.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    found = []
    for number, case in enumerate(CASES):
        text = tokenizer.apply_chat_template(case["messages"], tools=case.get("tools"), add_generation_prompt=case.get("addGenerationPrompt", True), tokenize=False)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        found.append({**case, "text": text, "ids": ids, **({"answer": answer(model, ids)} if number in ANSWERED else {})})
    options.out.write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=True) for case in found) + "\n]\n")


if __name__ == "__main__":
    main()
