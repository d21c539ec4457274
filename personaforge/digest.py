"""The only place that makes digests, keys and seeds.

A digest is the lower-case hex of a SHA-256, 64 characters. `digest_bytes` is what `sha256sum` prints. `digest_json` is
taken over a tag and the canonical JSON of a value, so that equal values of different kinds never share a digest. The
canonical form is orjson's with sorted keys, after values that JSON can't express were refused: orjson would write NaN
as null, so NaN and None would have the same key. Integers and floats are distinct (`1` is not `1.0`): pydantic has
decided which type a setting has before anything is hashed.
"""

from __future__ import annotations

import hashlib
import math
from io import BufferedReader
from pathlib import Path
from typing import Any

import orjson

_SCHEME = b"forge/1:"
"""To be increased when the canonical form changes, which gives every key a new value."""

_EXACT_INT = 2**53
"""Beyond this, JSON readers disagree about an integer's value (IEEE 754 double)."""


def digest_bytes(data: bytes) -> str:
    """Return the SHA-256 of the bytes in hex."""
    return hashlib.sha256(data).hexdigest()


def digest_file(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes in hex, read in pieces. Raises OSError."""
    with open(path, "rb") as file:
        return digest_stream(file)


def digest_stream(file: BufferedReader) -> str:
    """Return the SHA-256 of what is left to read of an open file in hex. Raises OSError."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(value: Any) -> bytes:
    """Return canonical JSON. Raises ValueError for NaN, infinities, large integers and values that JSON can't
    express."""
    try:
        _require_json(value, "")
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (RecursionError, orjson.JSONEncodeError) as error:  # lone surrogates, and more than 254 levels
        raise ValueError(f"value: {error}") from None


def digest_json(tag: str, value: Any) -> str:
    """Return the digest of a JSON value under a tag that names its kind and version, such as `action/1`."""
    return hashlib.sha256(_SCHEME + tag.encode() + b"\0" + canonical(value)).hexdigest()


def digest_strings(tag: str, parts: list[str]) -> str:
    """Return the digest of a list of strings, such as digests; faster than `digest_json` and as unambiguous."""
    joined = "\0".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(_SCHEME + tag.encode() + b"\0" + joined.encode()).hexdigest()


def derive_seed(*parts: str | int) -> int:
    """Return a seed in [0, 2**31) from the user's seed and what it is for: persona, node, take, attempt.

    31 bits, because every provider accepts that many and some no more.
    """
    return int.from_bytes(hashlib.sha256(canonical(list(parts))).digest()[:4], "big") >> 1


def _require_json(value: Any, path: str) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -_EXACT_INT <= value <= _EXACT_INT:
            raise ValueError(f"{path or 'value'}: integer {value} is beyond 2**53")
    elif kind is float:
        if not math.isfinite(value):
            raise ValueError(f"{path or 'value'}: {value} is not a number that JSON can carry")
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise ValueError(f"{path or 'value'}: key {key!r} is not a string")
            _require_json(item, f"{path}.{key}" if path else key)
    elif kind is list or kind is tuple:
        for index, item in enumerate(value):
            _require_json(item, f"{path}[{index}]")
    else:
        raise ValueError(f"{path or 'value'}: {kind.__name__} is not a JSON value")
