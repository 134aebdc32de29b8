"""Strategy ``sequential``: one after another, here. The fastest for the components of most models: they are small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sharpbits.phasetype.strategies.base import Strategy
from sharpbits.phasetype.strategies.work import record_document


class Sequential(Strategy):
    """In this thread; the first failure ends it."""

    name = "sequential"

    def run(self, documents: Sequence[bytes], recorded: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
        """Yield each outcome as it is asked for."""
        for number, document in enumerate(documents):
            outcome = record_document(document)
            recorded()
            yield number, outcome
