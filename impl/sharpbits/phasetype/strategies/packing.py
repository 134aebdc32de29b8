"""Bytes in arrays: JAX maps arrays of one shape, not texts of many lengths.

A row of the array holds several texts, each behind its length in eight bytes (little-endian), and is padded with zeros.

>>> pack([[b"one", b"two"], [b"three"]]).shape
(2, 22)
>>> unpack(pack([[b"one", b"two"], [b"three"]])[0])
[b'one', b'two']
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sharpbits.phasetype.errors import IncompleteResultsError

if TYPE_CHECKING:
    from jaxtyping import UInt8

_PREFIX = 8


def pack(rows: Sequence[Sequence[bytes]], *, multiple: int = 1) -> UInt8[np.ndarray, "rows length"]:
    """Return rows of texts, none of them empty, as one array, its length a multiple of something."""
    streams = [b"".join(len(text).to_bytes(_PREFIX, "little") + text for text in row) for row in rows]
    longest = max(map(len, streams), default=0)
    packed = np.zeros((len(rows), -(-longest // multiple) * multiple), dtype=np.uint8)
    for row, stream in zip(packed, streams, strict=True):
        row[: len(stream)] = np.frombuffer(stream, dtype=np.uint8)
    return packed


def unpack(row: UInt8[np.ndarray, " length"]) -> list[bytes]:
    """Return the texts of one row.

    Raises
    ------
    IncompleteResultsError
        It is cut short.
    """
    content, at, texts = row.tobytes(), 0, []
    while at + _PREFIX <= len(content):
        length = int.from_bytes(content[at : at + _PREFIX], "little")
        if not length:
            break
        text = content[at + _PREFIX : at + _PREFIX + length]
        if len(text) != length:
            raise IncompleteResultsError(
                "the packed bytes cannot be read",
                why="they are cut short",
                resolution="run again; if it stays so, use strategy='sequential' and report it",
                expected=f"{length} bytes at {at + _PREFIX}",
                actual=f"{len(text)} bytes",
            )
        texts.append(text)
        at += _PREFIX + length
    return texts


def balanced(sizes: Sequence[int], rows: int) -> list[list[int]]:
    """Share numbered pieces out to rows of about the same size: the largest piece first, to the smallest row.

    A piece takes its bytes and those that tell its length.

    Where there are fewer pieces, rows stay empty. Source: Graham, SIAM Journal on Applied Mathematics 17 (1969) 416.

    >>> balanced([50, 10, 10, 30], 2)
    [[0], [3, 1, 2]]
    """
    shares: list[list[int]] = [[] for _ in range(rows)]
    least = [(0, row) for row in range(rows)]
    for number in sorted(range(len(sizes)), key=lambda one: (-sizes[one], one)):
        size, row = heapq.heappop(least)
        shares[row].append(number)
        heapq.heappush(least, (size + sizes[number] + _PREFIX, row))
    return shares
