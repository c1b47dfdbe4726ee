"""Logs what a chain generates: a handler with the methods that LangChain's callbacks have, and no dependency on it.

    chain.invoke(question, config={"callbacks": [TrimtabHandler(Client(url, key), "support-bot")]})

`thumbs(run_id, "up")` later says how an answer was taken.
"""

from __future__ import annotations

import math
from typing import Any

from trimtab_client import Client


class TrimtabHandler:
    raise_error = False
    ignore_chain = ignore_agent = ignore_retriever = ignore_retry = ignore_custom_event = True
    ignore_llm = ignore_chat_model = run_inline = False

    def __init__(self, client: Client, model: str, on_lost: Any = lambda row, reason: print(f"trimtab did not take {row['model']}: {reason}")) -> None:
        self._model, self._prompts = model, {}
        self._predictions, self._feedback = client.prediction_batches(on_lost), client.feedback_batches(on_lost)

    def on_llm_start(self, serialized: Any, prompts: list[str], *, run_id: Any, **_: Any) -> None:
        self._prompts[str(run_id)] = {"input": prompts[0]}

    def on_chat_model_start(self, serialized: Any, messages: list[list[Any]], *, run_id: Any, **_: Any) -> None:
        roles = {"human": "user", "ai": "assistant"}
        self._prompts[str(run_id)] = {"messages": [{"role": roles.get(message.type, message.type), "content": message.content} for message in messages[0]]}

    def on_llm_end(self, response: Any, *, run_id: Any, **_: Any) -> None:
        asked = self._prompts.pop(str(run_id), None)
        if asked is None:
            return
        generation = response.generations[0][0]
        row = {"model": self._model, "id": str(run_id), **asked, "output": generation.text}
        logprobs = ((generation.generation_info or {}).get("logprobs") or {}).get("content") or []
        if logprobs:
            row["confidence"] = math.exp(sum(token["logprob"] for token in logprobs) / len(logprobs))
        self._predictions.add(row)

    def on_llm_error(self, error: BaseException, *, run_id: Any, **_: Any) -> None:
        self._prompts.pop(str(run_id), None)

    def thumbs(self, run_id: Any, which: str) -> None:
        self._feedback.add({"model": self._model, "predictionId": str(run_id), "thumbs": which})

    def close(self) -> None:
        self._predictions.close()
        self._feedback.close()
