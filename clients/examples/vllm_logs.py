"""Sends logs of an OpenAI-compatible server, such as vLLM behind a gateway, as predictions.

    python vllm_logs.py MODEL LOG.jsonl URL [KEY]

A line is {"request": {...}, "response": {...}}: bodies of /v1/chat/completions or /v1/completions as they went over the wire. The adapter is the `model` of the
response, so that Trimtab's own names (vLLM's `lora_name`) are told apart. Lines that cannot be read are named and left out.
"""

from __future__ import annotations

import json
import math
import sys
from datetime import datetime, timezone
from typing import Any, Iterator

from trimtab_client import Client

Row = dict[str, Any]


def row_of(model: str, line: str) -> Row:
    """:raises KeyError, ValueError, IndexError: for what is no such line"""
    logged = json.loads(line)
    request, response = logged["request"], logged["response"]
    choice = response["choices"][0]
    chat = "messages" in request
    row = {
        "model": model,
        "id": response["id"],
        **({"messages": [{"role": each["role"], "content": each["content"]} for each in request["messages"]]} if chat else {"input": request["prompt"]}),
        "output": choice["message"]["content"] if chat else choice["text"],
        "adapter": response["model"],
        "occurredAt": datetime.fromtimestamp(response["created"], timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    logprobs = choice.get("logprobs") or {}
    values = [token["logprob"] for token in logprobs.get("content") or []] if chat else [value for value in logprobs.get("token_logprobs") or [] if value is not None]
    if values:
        row["confidence"] = math.exp(sum(values) / len(values))
    return row


def rows(model: str, path: str) -> Iterator[Row]:
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield row_of(model, line)
            except (KeyError, ValueError, IndexError, TypeError) as error:
                print(f"line {number}: {type(error).__name__}: {error}", file=sys.stderr)


def main(model: str, path: str, url: str, key: str | None = None) -> int:
    lost: list[str] = []
    with Client(url, key).prediction_batches(lambda row, reason: lost.append(f"{row['id']}: {reason}")) as batches:
        sent = sum(batches.add(row) for row in rows(model, path))
    print(f"{sent - len(lost)} of {sent} rows were taken")
    for each in lost[:10]:
        print(each, file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
