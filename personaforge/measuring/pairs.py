"""Reads a file of labelled pairs: which pictures show the same person, and which don't.

    path_a,path_b,same
    ana/01.jpg,ana/02.jpg,1
    ana/01.jpg,ben/01.jpg,0

CSV in UTF-8, commas, a header with these three columns in any order; further columns are ignored. Paths are relative
to the file's folder, `same` is 1, true or yes, or 0, false or no. Every bad line is named, all at once. A label that
contradicts others is bad, too: if a and b are the same person, and b and c, then so are a and c.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from personaforge.digest import digest_file
from personaforge.errors import PersonaForgeError, Problem, SpecError
from personaforge.identity.calibration import people
from personaforge.measuring.measurements import read_file

COLUMNS = ("path_a", "path_b", "same")
MAX_BYTES = 64 * 1024 * 1024

_TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class Picture(NamedTuple):
    """One side of a pair."""

    shown: str
    """As the file has it."""
    file: str
    """Where it is."""
    digest: str
    """SHA-256 of its bytes."""


class Labelled(NamedTuple):
    """One pair whose truth is known."""

    line: int
    a: Picture
    b: Picture
    same: bool


class _Row(NamedTuple):
    line: int
    a: str
    b: str
    same: bool


def read_pairs(path: str) -> tuple[bytes, list[Labelled]]:
    """Return the file's bytes and its pairs. Raises SpecError with every bad line."""
    data = _bytes(path)
    problems: list[Problem] = []
    rows = list(_rows(data, path, problems))
    folder = os.path.dirname(os.path.abspath(path))
    files = {text: os.path.normpath(os.path.join(folder, text)) for row in rows for text in (row.a, row.b)}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        digests = dict(zip(files, pool.map(_digest, files.values()), strict=True))
    labelled = []
    for row in rows:
        missing = [text for text in dict.fromkeys((row.a, row.b)) if not digests[text]]
        problems += [Problem(f"{path}:{row.line}", "", f"there is no file {files[text]}") for text in missing]
        if not missing:
            sides = [Picture(text, files[text], digests[text]) for text in (row.a, row.b)]
            labelled.append(Labelled(row.line, sides[0], sides[1], row.same))
    problems += _contradictions(labelled, path)
    if not problems and not labelled:
        problems.append(Problem(path, "", "has no pairs", f"a line has {','.join(COLUMNS)}"))
    if problems:
        raise SpecError(sorted(problems, key=lambda one: int(one.where.removeprefix(path)[1:] or 0)))
    return data, labelled


def _bytes(path: str) -> bytes:
    if os.path.isfile(path) and os.path.getsize(path) > MAX_BYTES:
        raise PersonaForgeError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    return read_file(path)


def _rows(data: bytes, path: str, problems: list[Problem]) -> Iterator[_Row]:
    """Yield the good rows, and note what is wrong with the others."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(Problem(f"{path}:{line}", "", "is not UTF-8", "save the file as UTF-8")) from None
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            where = f"{path}:{reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
                if any(header.count(name) != 1 for name in COLUMNS):
                    found = f"found the columns {', '.join(header)[:200]}, expected {', '.join(COLUMNS)}"
                    problems.append(Problem(where, "", found, _header_hint(header)))
                    return
            elif len(cells) != len(header):
                problems.append(Problem(where, "", f"found {len(cells)} columns, expected {len(header)}"))
            else:
                row = dict(zip(header, cells, strict=True))
                faults = list(_faults(row))
                problems += [Problem(where, name, fault) for name, fault in faults]
                if not faults:
                    same = _TRUTH[row["same"].strip().lower()]
                    yield _Row(reader.line_num, row["path_a"].strip(), row["path_b"].strip(), same)
    except csv.Error as error:
        problems.append(Problem(f"{path}:{reader.line_num}", "", f"is no CSV: {error}"))


def _faults(row: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in ("path_a", "path_b"):
        if not row[name].strip():
            yield name, "is empty, expected a picture's path"
        elif "\0" in row[name]:
            yield name, "holds a zero byte"
    if row["same"].strip().lower() not in _TRUTH:
        yield "same", f"found {row['same'][:40]!r}, expected 1, true, yes, 0, false or no"


def _digest(file: str) -> str:
    """Return a file's digest; empty where there is no readable file."""
    try:
        return digest_file(file) if os.path.isfile(file) else ""
    except OSError:
        return ""


def _contradictions(labelled: list[Labelled], path: str) -> Iterator[Problem]:
    """Yield the pairs of one picture with itself, those that repeat, and labels that can't all be true."""
    digests = {picture.digest for pair in labelled for picture in (pair.a, pair.b)}
    who = people(digests, ((pair.a.digest, pair.b.digest) for pair in labelled if pair.same))
    seen: dict[frozenset[str], Labelled] = {}
    for pair in labelled:
        where = f"{path}:{pair.line}"
        first = seen.setdefault(frozenset((pair.a.digest, pair.b.digest)), pair)
        if pair.a.digest == pair.b.digest:
            yield Problem(where, "", f"{pair.a.shown} and {pair.b.shown} are the same file, byte for byte")
        elif first is not pair:
            says = "" if first.same is pair.same else ", and contradicts it"
            yield Problem(where, "", f"repeats the pair of line {first.line}{says}")
        elif not pair.same and who[pair.a.digest] == who[pair.b.digest]:
            found = "says different, but other lines link the two pictures as the same person"
            yield Problem(where, "same", found)


def _header_hint(header: Sequence[str]) -> str:
    """Return what to do about a first line without the columns: another program may have separated them otherwise."""
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if any(mark in cell for cell in header):
            return f"the file is separated by {name}: save it separated by commas, as {','.join(COLUMNS)}"
    return f"make the first line {','.join(COLUMNS)}"
