"""Strategy ``pmap``: every device of every process records its own share; all of them get all results.

Under ``jax.distributed`` each process calls this with the same documents. A share travels to its device as pages of a
uint8 array, to a host callback there, and what comes back is gathered over the devices, also those of other processes.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sharpbits.errors import SharpbitsError
from sharpbits.phasetype.errors import DevicesError, RecordingError
from sharpbits.phasetype.strategies.base import Strategy, imported
from sharpbits.phasetype.strategies.packing import balanced, pack, unpack
from sharpbits.phasetype.strategies.work import record_document

#: Bytes that a callback is given at once. XLA copies arguments of at most 100 KiB in the thread that calls; for larger
#: ones it waits for a thread of its pool, and where every one of those runs a callback it waits for ever.
_PAGE = 1 << 16

#: Bytes of each device's results that are gathered at once: every device holds those of all.
_GATHERED = 1 << 20

_AXIS = "devices"


class Pmap(Strategy):
    """``jax.pmap`` over shares of the documents, two devices at least."""

    name = "pmap"

    def __init__(self) -> None:
        self._jax: Any = imported("jax", self.name, "phasetype")
        devices = self._jax.devices()
        if len(devices) < 2:
            raise DevicesError(
                "strategy='pmap' cannot be used",
                why=f"it needs two devices or more, and there is {len(devices)}",
                resolution="use strategy='vmap' for all processors of one device, or strategy='auto'; more devices "
                "come with jax.distributed, or XLA_FLAGS=--xla_force_host_platform_device_count=N",
                devices=devices,
            )
        local = self._jax.local_devices()
        #: Which of all devices are this process's, in the order in which pmap takes its rows.
        self._rows = np.array([devices.index(device) for device in local], dtype=np.int32)
        self._count = len(devices)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Tell the other processes of what fails here: else they would wait for this one."""
        failed: list[SharpbitsError] = []
        try:
            yield
        except SharpbitsError as error:
            failed.append(error)
        elsewhere: list[int] = []
        if self._jax.process_count() > 1:
            flags = self._gathered(np.array([len(failed)], dtype=np.uint8))[:, 0]
            devices = zip(self._jax.devices(), flags, strict=True)
            elsewhere = sorted({device.process_index for device, flag in devices if flag})
        if failed:
            raise failed[0]
        if elsewhere:
            raise RecordingError(
                "the eliminations cannot be recorded together",
                why=f"process {elsewhere[0]} cannot use its cache: its own error says why",
                resolution="see to that process, then start all again",
                process=self._jax.process_index(),
                processes=self._jax.process_count(),
                failed=elsewhere,
            )

    def agreed(self, names: Sequence[str], missing: Sequence[bool]) -> list[bool]:
        """Return what any process misses."""
        if self._jax.process_count() == 1:
            return list(missing)
        # First what has one size everywhere, so that it can be told whether the rest has.
        digest = np.frombuffer(hashlib.sha256("".join(names).encode()).digest(), dtype=np.uint8)
        if (self._gathered(digest) != digest).any():
            raise RecordingError(
                "the eliminations cannot be recorded together",
                why="the processes were given different graphs",
                resolution="give every process of jax.distributed the same graph",
                process=self._jax.process_index(),
                processes=self._jax.process_count(),
                documents=len(names),
            )
        flags = self._gathered(np.array(missing, dtype=np.uint8))
        return [bool(one) for one in flags.max(axis=0)]

    def run(self, documents: Sequence[bytes], recorded: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
        """Yield all outcomes, on every process, once all are recorded."""
        shares = balanced([len(document) for document in documents], self._count)
        mine = [[documents[number] for number in shares[row]] for row in self._rows]
        longest = max(sum(len(documents[number]) + 8 for number in share) for share in shares)
        pages = 1 << max(0, -(-longest // _PAGE) - 1).bit_length()  # a power of two: few shapes to compile
        packed = pack([*mine, []], multiple=_PAGE)[: len(mine)]
        packed = np.pad(packed, ((0, 0), (0, pages * _PAGE - packed.shape[1]))).reshape(len(mine), pages, _PAGE)
        device = _Device(recorded, pages)
        lengths = self._mapped(device.record(self._jax), packed, self._rows)
        place = {hashlib.sha256(document).digest(): number for number, document in enumerate(documents)}
        for row in self._fetched(device, lengths):
            for outcome in unpack(row):
                number = place.get(outcome[1:33])
                if number is not None:
                    yield number, outcome

    def _fetched(self, device: _Device, lengths: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        longest = max(int.from_bytes(row.tobytes(), "little") for row in lengths)
        chunk = min(_GATHERED, 1 << max(10, (longest - 1).bit_length()))
        parts = [
            self._mapped(device.fetch(self._jax, chunk), self._rows, np.full_like(self._rows, part))
            for part in range(-(-longest // chunk))
        ]
        return np.concatenate(parts, axis=1)

    def _gathered(self, row: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return a row of every process, once for each of its devices."""
        return self._mapped(lambda given: given, np.tile(row, (len(self._rows), 1)))

    def _mapped(self, function: Callable[..., Any], *arguments: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Map a function over the devices and return its results of all of them, ``[devices, …]``."""
        jax = self._jax
        try:
            gathered = jax.pmap(lambda *given: jax.lax.all_gather(function(*given), _AXIS), axis_name=_AXIS)(*arguments)
            found: npt.NDArray[np.uint8] = np.asarray(gathered.addressable_shards[0].data)[0]
        except RuntimeError as error:
            raise RecordingError(
                "the eliminations could not be recorded",
                why=f"a process or a device was lost: {str(error).partition(chr(10))[0]}",
                resolution="start all processes again: what one has done is nowhere else",
                process=jax.process_index(),
                processes=jax.process_count(),
                devices=self._count,
            ) from error
        return found


class _Device:
    """What runs beside the devices of this process: it collects pages, records what they hold, and hands it out."""

    def __init__(self, recorded: Callable[[], None], pages: int) -> None:
        self._recorded = recorded
        self._pages = pages
        self._collected: dict[int, dict[int, bytes]] = {}
        self._done: dict[int, npt.NDArray[np.uint8]] = {}

    def record(self, jax: Any) -> Callable[..., Any]:
        """Return the function of a device that takes its pages and its row, and returns its results' length."""
        length = jax.ShapeDtypeStruct((8,), np.uint8)

        def function(pages: Any, row: Any) -> Any:
            def step(before: Any, page: Any) -> tuple[Any, None]:
                # What came before is an argument so that pages are taken one after another.
                return jax.pure_callback(self._take, length, *page, row, before), None

            start = jax.numpy.zeros(8, np.uint8)
            return jax.lax.scan(step, start, (pages, jax.numpy.arange(self._pages)))[0]

        return function

    def fetch(self, jax: Any, chunk: int) -> Callable[..., Any]:
        """Return the function of a device that returns a part of its results."""
        result = jax.ShapeDtypeStruct((chunk,), np.uint8)

        def give(row: Any, part: Any) -> npt.NDArray[np.uint8]:
            found = self._done[int(row)][int(part) * chunk :][:chunk]
            return np.pad(found, (0, chunk - len(found)))

        return lambda row, part: jax.pure_callback(give, result, row, part)

    def _take(self, page: Any, number: Any, row: Any, _: Any) -> npt.NDArray[np.uint8]:
        collected = self._collected.setdefault(int(row), {})
        collected[int(number)] = np.asarray(page).tobytes()
        if len(collected) < self._pages:
            return np.zeros(8, np.uint8)
        if int(row) not in self._done:
            stream = b"".join(collected[one] for one in range(self._pages))
            outcomes = []
            for document in unpack(np.frombuffer(stream, np.uint8)):
                outcomes.append(record_document(document))
                self._recorded()
            self._done[int(row)] = pack([outcomes])[0]
        return np.frombuffer(len(self._done[int(row)]).to_bytes(8, "little"), np.uint8)
