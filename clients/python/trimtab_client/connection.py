"""One way to the service: bearer key, JSON, and retries that never do a thing twice. Needs nothing but Python's own library."""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Any

REFUSED = frozenset({429, 503})
"""The service did not take these: sending them again cannot do anything twice."""
UNKNOWN = frozenset({502, 504})
"""Somebody between us and the service gave up; the service may have done it."""
FIRST_WAIT = 0.25
LONGEST_WAIT = 30.0


class TrimtabProblem(Exception):
    """A problem document of the service (RFC 9457), or what stood in its place. `code` is the service's own word, such as `not-found`."""

    def __init__(self, status: int, code: str | None, detail: str, problem: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.problem = status, code, problem


class Connection:
    """`retries` are the times that a request is sent again; `timeout` the seconds until an attempt is given up."""

    def __init__(self, url: str, key: str | None = None, *, retries: int = 5, timeout: float = 30.0) -> None:
        self._url, self._key, self._retries, self._timeout = url.rstrip("/"), key, retries, timeout

    def request(self, method: str, path: str, *, body: Any = None, query: dict[str, Any] | None = None, repeatable: bool = False) -> Any:
        """The answer, read from JSON; None where the service answers nothing. A request that is not `repeatable` is only sent again when the service refused it.

        :raises TrimtabProblem: for what the service refuses
        :raises OSError: once all attempts have failed
        """
        for tried in range(self._retries + 1):
            try:
                with urllib.request.urlopen(self._prepared(method, path, body, query), timeout=self._timeout) as answer:
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                again = error.code in REFUSED or (repeatable and error.code in UNKNOWN)
                if not again or tried == self._retries:
                    raise problem_of(error) from None
                wait = retry_after(error.headers.get("Retry-After"))
                error.close()
            except OSError:
                if not repeatable or tried == self._retries:
                    raise
                wait = None
            time.sleep(backoff(tried) if wait is None else wait)
        raise AssertionError("every attempt returns, raises or waits")

    def _prepared(self, method: str, path: str, body: Any, query: dict[str, Any] | None) -> urllib.request.Request:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        address = f"{self._url}{path}" + (f"?{urllib.parse.urlencode(given)}" if given else "")
        headers = {"accept": "application/json"}
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key}"
        if body is not None:
            headers["content-type"] = "application/json"
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        return urllib.request.Request(address, data=data, headers=headers, method=method)


def quoted(part: str) -> str:
    """A part of a path."""
    return urllib.parse.quote(part, safe="")


def backoff(tried: int) -> float:
    """Full jitter: callers who failed together do not come back together."""
    return random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**tried))


def retry_after(header: str | None) -> float | None:
    """Seconds, or a date; None when it says nothing."""
    if header is None:
        return None
    try:
        seconds = float(header) if header.isdigit() else parsedate_to_datetime(header).timestamp() - time.time()
    except ValueError:
        return None
    return min(LONGEST_WAIT, max(0.0, seconds))


def problem_of(error: urllib.error.HTTPError) -> TrimtabProblem:
    text = error.read().decode(errors="replace")
    try:
        problem = json.loads(text)
        return TrimtabProblem(error.code, problem.get("code"), problem.get("detail", text), problem)
    except (json.JSONDecodeError, AttributeError):
        return TrimtabProblem(error.code, None, f"the service answered {error.code}: {text[:200]}", text)
