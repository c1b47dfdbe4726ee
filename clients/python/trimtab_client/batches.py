"""Gathers rows and sends them together, in a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any, Callable

Row = dict[str, Any]


class Batches:
    """Every row has an id before it is first sent, so that a batch whose answer was lost can be sent again and counts once.

    Memory is bounded: over `max_waiting` rows `add` refuses, and the caller decides what to do. `on_lost(row, reason)` hears of each row that the service
    refused, and of each row of a batch that could not be sent.
    """

    def __init__(
        self, send: Callable[[list[Row]], Any], on_lost: Callable[[Row, str], None], *, max_rows: int = 1_000, max_delay: float = 0.2, max_waiting: int = 100_000
    ) -> None:
        self._send, self._on_lost, self._max_rows, self._max_delay = send, on_lost, max_rows, max_delay
        self._rows: queue.Queue[Row | None] = queue.Queue(max_waiting)
        self._thread = threading.Thread(target=self._work, name="trimtab-batches", daemon=True)
        self._thread.start()

    def add(self, row: Row) -> bool:
        """True when the row was taken; False when too many wait."""
        try:
            self._rows.put_nowait(row)
            return True
        except queue.Full:
            return False

    def close(self) -> None:
        """Sends what waits, and ends when all that was taken has been answered for."""
        self._rows.put(None)
        self._thread.join()

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        while (row := self._rows.get()) is not None:
            batch, more = [row], True
            until = time.monotonic() + self._max_delay
            while more and len(batch) < self._max_rows:
                try:
                    following = self._rows.get(timeout=max(0.0, until - time.monotonic()))
                except queue.Empty:
                    break
                more = following is not None
                if following is not None:
                    batch.append(following)
            self._deliver(batch)
            if not more:
                return

    def _deliver(self, batch: list[Row]) -> None:
        try:
            for refusal in self._send(batch)["refused"]:
                self._on_lost(batch[refusal["index"]], refusal["reason"])
        except Exception as error:  # whatever went wrong, the rows must be told of
            for row in batch:
                self._on_lost(row, str(error))
