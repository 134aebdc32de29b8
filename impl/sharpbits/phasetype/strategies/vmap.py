"""Strategy ``vmap``: one call of a mapped function in JAX, which a host callback does in threads on all processors.

The native recording releases the interpreter's lock, so rows of the mapped array are recorded side by side.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from sharpbits.phasetype.strategies.base import Strategy, imported
from sharpbits.phasetype.strategies.packing import balanced, pack, unpack
from sharpbits.phasetype.strategies.work import record_document

#: Rows for each thread: one that is done early takes another.
_ROWS = 4


class Vmap(Strategy):
    """``jax.vmap`` over rows of documents.

    Nobody knows an outcome's length before it is recorded, and JAX wants to know it: a first mapped call records and
    returns lengths, a second one fetches.
    """

    name = "vmap"

    def __init__(self) -> None:
        self._jax: Any = imported("jax", self.name, "phasetype")

    def run(self, documents: Sequence[bytes], recorded: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
        """Yield all outcomes once all are recorded."""
        jax = self._jax
        threads = len(os.sched_getaffinity(0))
        shares = balanced([len(document) for document in documents], min(len(documents), _ROWS * threads))
        done: dict[int, npt.NDArray[np.uint8]] = {}

        def record_row(row: npt.NDArray[np.uint8], number: int) -> int:
            outcomes = []
            for document in unpack(row):
                outcomes.append(record_document(document))
                recorded()
            done[number] = pack([outcomes])[0]
            return len(done[number])

        def record(rows: Any, numbers: Any) -> npt.NDArray[np.int32]:
            with ThreadPoolExecutor(threads) as pool:
                return np.array(list(pool.map(record_row, np.asarray(rows), np.asarray(numbers).tolist())), np.int32)

        def fetch(numbers: Any) -> npt.NDArray[np.uint8]:
            return np.stack([_padded(done[number], longest) for number in np.asarray(numbers).tolist()])

        def call(function: Callable[..., Any], shape: tuple[int, ...], dtype: Any) -> Callable[..., Any]:
            result = jax.ShapeDtypeStruct(shape, dtype)
            return jax.vmap(  # type: ignore[no-any-return]
                lambda *arguments: jax.pure_callback(function, result, *arguments, vmap_method="broadcast_all")
            )

        numbers = np.arange(len(shares), dtype=np.int32)
        packed = pack([[documents[number] for number in share] for share in shares])
        longest = int(np.asarray(call(record, (), np.int32)(packed, numbers)).max(initial=0))
        fetched = np.asarray(call(fetch, (longest,), np.uint8)(numbers))
        for share, row in zip(shares, fetched, strict=True):
            yield from zip(share, unpack(row), strict=False)


def _padded(row: npt.NDArray[np.uint8], length: int) -> npt.NDArray[np.uint8]:
    return np.pad(row, (0, length - len(row)))
