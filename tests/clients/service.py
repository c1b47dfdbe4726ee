"""The Python client and its examples against a running service: `python service.py URL KEY`. Ends with an error at the first thing that is not as it should be."""

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2] / "clients"
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "examples")]

from chain_callback import TrimtabHandler  # noqa: E402
from trimtab_client import Client, TrimtabProblem, with_id  # noqa: E402
from vllm_logs import main as send_logs  # noqa: E402


def check(holds: bool, what: object) -> None:
    if not holds:
        raise AssertionError(what)


def main(url: str, key: str) -> None:
    client = Client(url, key)
    client.models.put("py", {"task": "classification", "serving": {}})
    try:
        client.models.get("nobody")
        check(False, "an unknown model is a problem")
    except TrimtabProblem as problem:
        check((problem.status, problem.code) == (404, "not-found"), problem)

    lost: list = []
    with client.prediction_batches(lambda row, reason: lost.append((row["id"], reason)), max_rows=100) as batches:
        for i in range(250):
            batches.add(with_id({"model": "py", "id": f"p{i}", "input": f"text {i}", "label": "a" if i else 7, "confidence": 0.5}))
    check([each[0] for each in lost] == ["p0"], lost)
    with client.feedback_batches(lambda row, reason: lost.append(reason)) as batches:
        batches.add({"model": "py", "predictionId": "p1", "label": "b"})
    again = client.predictions.send([{"model": "py", "id": "p1", "input": "text 1", "label": "a"}])
    check((again["accepted"], again["duplicates"]) == (0, 1), again)

    client.models.put("bot", {"task": "generation", "serving": {}})
    handler = TrimtabHandler(client, "bot", lambda row, reason: lost.append(reason))
    handler.on_chat_model_start({}, [[SimpleNamespace(type="human", content="hello")]], run_id="run-1")
    handler.on_llm_end(SimpleNamespace(generations=[[SimpleNamespace(text="good day", generation_info={"logprobs": {"content": [{"logprob": -0.1}]}})]]), run_id="run-1")
    handler.thumbs("run-1", "up")
    handler.close()

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        response = {"id": "cmpl-1", "model": "base", "created": 1_767_000_000, "choices": [{"message": {"content": "blue"}, "logprobs": {"content": [{"logprob": -0.5}, {"logprob": -0.7}]}}]}
        log.write_text(json.dumps({"request": {"messages": [{"role": "user", "content": "which colour?"}]}, "response": response}) + "\n{}\n")
        check(send_logs("bot", str(log), url, key) == 0, "the log is taken")
    check(lost[1:] == [], lost)
    print(json.dumps({"models": sorted(model["name"] for model in client.models.list())}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
