"""The Trimtab client: every operation of the service, with retries, and batches for rows that come one by one."""

from __future__ import annotations

import uuid
from typing import Any, Callable

from .batches import Batches, Row
from .connection import Connection, TrimtabProblem
from .operations import Operations

__all__ = ["Batches", "Client", "TrimtabProblem", "with_id"]


class Client(Operations):
    """`Client("http://127.0.0.1:8080", key).models.list()`; rows and answers are plain dictionaries, as docs/api.md has them."""

    def __init__(self, url: str, key: str | None = None, *, retries: int = 5, timeout: float = 30.0) -> None:
        super().__init__(Connection(url, key, retries=retries, timeout=timeout))

    def prediction_batches(self, on_lost: Callable[[Row, str], None], **options: Any) -> Batches:
        """Predictions one by one. Give ids where feedback will come (`with_id` makes one)."""
        return Batches(self.predictions.send, on_lost, **options)

    def feedback_batches(self, on_lost: Callable[[Row, str], None], **options: Any) -> Batches:
        return Batches(self.feedback.send, on_lost, **options)


def with_id(row: Row) -> Row:
    """The row with an id of its own where it has none."""
    return row if "id" in row else {**row, "id": str(uuid.uuid4())}
