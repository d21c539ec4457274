"""Reads a TensorFlow Lite model file: its operators, tensors and weights. Runs nothing, imports no TensorFlow.

A .tflite file is a FlatBuffer by TensorFlow's schema.fbs (version 3, Apache-2.0). Of a FlatBuffer only this is used:

    a table    its first 4 bytes, signed, subtracted from its own place, give its vtable: uint16 bytes of the vtable,
               uint16 bytes of the table, then for each field the uint16 offset in the table, 0 where it is absent
    a vector   uint32 length, then the elements; those of tables are uint32 offsets from where each offset stands
    a string   a vector of bytes

All numbers are little-endian. The numbers of fields below are their places in schema.fbs. Raises ValueError for a file
that is none, or that reaches beyond its end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FILE_MARK: Final = b"TFL3"
_TYPES: Final = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 9: np.int8}
"""TensorType -> numpy's; the others aren't read."""
OPERATORS: Final = {
    0: "ADD", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE", 14: "LOGISTIC", 17: "MAX_POOL_2D", 22: "RESHAPE",
    34: "PAD", 54: "PRELU",
}  # fmt: skip
"""BuiltinOperator -> its name, of those that the face mesh uses."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the model."""

    name: str
    shape: tuple[int, ...]
    data: NDArray[Any] | None
    """The weights, read-only; None for what is computed."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of the model."""

    kind: str
    """See `OPERATORS`; `#7` for another."""
    inputs: tuple[int, ...]
    """Numbers of tensors; -1 for one that is left out."""
    outputs: tuple[int, ...]
    options: Table | None
    """The kind's options; None for a kind without."""


@dataclass(frozen=True, slots=True)
class TfliteModel:
    """The one subgraph of a file."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(data: bytes) -> TfliteModel:
    """Return the model of a file's bytes. Raises ValueError."""
    if data[4:8] != _FILE_MARK:
        raise ValueError(f"found {data[4:8]!r} at byte 4, expected {_FILE_MARK!r}: this is no .tflite file")
    try:
        return _model(Table(data, _unsigned(data, 0)))
    except struct.error as error:
        raise ValueError(f"the file ends too early: {error}") from error


class Table:
    """A table of a FlatBuffer, whose fields are found by number."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place = data, place
        self._vtable = place - struct.unpack_from("<i", data, place)[0]
        self._fields = (struct.unpack_from("<H", data, self._vtable)[0] - 4) // 2

    def _field(self, number: int) -> int:
        """Return where a field stands; 0 where it is absent."""
        if number >= self._fields:
            return 0
        offset = struct.unpack_from("<H", self._data, self._vtable + 4 + 2 * number)[0]
        return self._place + offset if offset else 0

    def scalar(self, number: int, code: str, default: float = 0) -> Any:
        """Return a number by struct's code, or the schema's default."""
        place = self._field(number)
        return struct.unpack_from(f"<{code}", self._data, place)[0] if place else default

    def table(self, number: int) -> Table | None:
        """Return a table in a field."""
        place = self._field(number)
        return Table(self._data, place + _unsigned(self._data, place)) if place else None

    def tables(self, number: int) -> Iterator[Table]:
        """Yield the tables of a vector."""
        start, length = self._vector(number)
        for place in range(start, start + 4 * length, 4):
            yield Table(self._data, place + _unsigned(self._data, place))

    def integers(self, number: int) -> tuple[int, ...]:
        """Return a vector of int32."""
        start, length = self._vector(number)
        return struct.unpack_from(f"<{length}i", self._data, start) if length else ()

    def content(self, number: int) -> bytes:
        """Return a vector of bytes, or a string's."""
        start, length = self._vector(number)
        if start + length > len(self._data):
            raise ValueError(f"{length} bytes are to stand at {start}, and the file has {len(self._data)}")
        return self._data[start : start + length]

    def _vector(self, number: int) -> tuple[int, int]:
        place = self._field(number)
        if not place:
            return 0, 0
        start = place + _unsigned(self._data, place)
        return start + 4, _unsigned(self._data, start)


def _unsigned(data: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", data, place)[0])


def _model(root: Table) -> TfliteModel:
    # The older field 0 holds what fits in a byte, and field 3 all: the larger of the two counts.
    codes = [max(code.scalar(0, "b"), code.scalar(3, "i")) for code in root.tables(1)]
    graphs = list(root.tables(2))
    if len(graphs) != 1:
        raise ValueError(f"found {len(graphs)} subgraphs, expected 1")
    buffers = [buffer.content(0) for buffer in root.tables(4)]
    tensors = tuple(_tensor(table, buffers) for table in graphs[0].tables(0))
    operators = []
    for one in graphs[0].tables(3):
        code = codes[one.scalar(0, "I")]
        kind = OPERATORS.get(code, f"#{code}")
        operators.append(Operator(kind, one.integers(1), one.integers(2), one.table(4)))
    return TfliteModel(tensors, tuple(operators), graphs[0].integers(1), graphs[0].integers(2))


def _tensor(table: Table, buffers: list[bytes]) -> Tensor:
    name, shape = table.content(3).decode("utf-8", "replace"), table.integers(0)
    raw, code = buffers[table.scalar(2, "I")], table.scalar(1, "b")
    if not raw:
        return Tensor(name, shape, None)
    if code not in _TYPES:
        raise ValueError(f"the tensor {name} has the type {code}, expected one of {sorted(_TYPES)}")
    data = np.frombuffer(raw, dtype=np.dtype(_TYPES[code]).newbyteorder("<"))
    return Tensor(name, shape, data.reshape(shape))
