"""Reads a golden set: persona documents whose marks are known, with who made them and why.

    marked_by: Ana and Ben, editors of the studio      # who made the marks
    independent: true                                  # whether they had no part in the judge that is compared
    rule: each read all layers; where they differed by more than 1, they talked
    compare: {by: gender, groups: [woman, man]}        # optional: two groups of personas
    personas:
      mira-halvorsen: {brief: A botanist of 41 from Bergen, group: woman, sections: {soul: {...}, mask: {...}}}
      jon-vik: {brief: ..., group: man, pinned: {surface: {age: 50}}, layers: ../build/jon-vik/layers}
    documents:
      - {id: mira-01, persona: mira-halvorsen, marks: {coherence: 4, depth: null}, reasons: {coherence: ...}}
      - {id: mira-02, persona: mira-halvorsen, set: {surface.age: 93}, marks: {coherence: 2}, reasons: {...}}

A document is its persona's, with the values at the dotted paths of `set` replaced (a number in a path is an index of a
list). Marks are from 1 to 5; null says that the markers could not judge it, and an axis without a mark is not compared.
`layers` is a folder of NAME.json files inside the golden set's folder or the project; links out of these are not
followed. Every mark has a reason. All that is wrong is said at once. What the guard refuses is refused here, too,
before anybody is asked: it reads every text that would be sent, names of keys and sections included.
"""

from __future__ import annotations

import copy
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import yaml

from personaforge.digest import digest_bytes
from personaforge.errors import Problem, SpecError
from personaforge.guard.reading import Passage, findings
from personaforge.listing import meant
from personaforge.spec.adults import adult_problems, named_likeness, persona_findings, section_findings
from personaforge.spec.source import MAX_DEPTH, Source, open_file, parse_source, why_unread

SHIPPED = Path(__file__).parent / "golden_audit.yaml"
"""The golden set that comes with forge."""
MAX_BYTES = 4 * 1024 * 1024
LOWEST, HIGHEST = 1.0, 5.0
_LARGEST = 2**53
"""Whole numbers up to this one are the same in every reader of JSON (RFC 8259, section 6)."""
_LONGEST_NUMBER = 32
"""Characters of a whole number. Python refuses to read thousands of digits, and all that are longer are too large."""
_ID = re.compile(r"[a-z][a-z0-9-]{1,62}")
_TOP = ("marked_by", "independent", "rule", "compare", "personas", "documents")
_PERSONA = ("brief", "pinned", "group", "sections", "layers")
_DOCUMENT = ("id", "persona", "set", "marks", "reasons")


class Marked(NamedTuple):
    """One document and its reference marks."""

    id: str
    persona: str
    group: str
    """Empty where the set compares no groups."""
    brief: str
    pinned: Mapping[str, Any]
    sections: Mapping[str, Any]
    marks: Mapping[str, float | None]
    """By axis; None: the markers could not judge it."""
    reasons: Mapping[str, str]


class Golden(NamedTuple):
    """A golden set."""

    shown: str
    digest: str
    """SHA-256 of the file's bytes."""
    marked_by: str
    independent: bool
    rule: str
    compared: str
    """By what the two groups differ, such as gender; empty without groups."""
    groups: tuple[str, ...]
    """None, or two."""
    documents: tuple[Marked, ...]


def read_golden(
    path: str | os.PathLike[str], axes: Sequence[str], root: Path | None = None, people: Mapping[str, Any] | None = None
) -> Golden:
    """Read a golden set for a judge of these axes. `root` is the project's folder, where `layers` may lie, too, and
    `people` the project's setting of that name.

    Raises SpecError with all that is wrong.
    """
    file = Path(path)
    shown = str(path)
    data = _bytes(file, shown)
    source = parse_source(data, file, shown)
    body = yaml.load(source.text, _Loader)  # noqa: S506 (a subclass of yaml.CSafeLoader)
    unsound = [Problem(source.where(at), ".".join(at), *said) for at, *said in _unsound(body, ())]
    if unsound:
        raise SpecError(unsound)
    reader = _Reader(source, file.parent, root, tuple(axes), people or {})
    found = reader.golden(body if isinstance(body, Mapping) else {}, digest_bytes(data))
    if reader.problems:
        raise SpecError(list(dict.fromkeys(reader.problems)))
    return found


class _Date(str):
    """What YAML reads as a date, as it is written; not every one is a date."""


class _Loader(yaml.CSafeLoader):
    """Reads dates and numbers of any length without failing: `_unsound` says where they are."""


def _date(loader: _Loader, node: yaml.ScalarNode) -> _Date:
    return _Date(node.value)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> float:
    return math.inf if len(node.value) > _LONGEST_NUMBER else loader.construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _date)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def _unsound(value: Any, at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield where a value can't be written as JSON that every reader understands alike, what it is, and what to do."""
    if len(at) > MAX_DEPTH:
        yield at[:4], f"nests deeper than {MAX_DEPTH} levels", ""
    elif isinstance(value, _Date):
        yield at, f"found {value:.40}, which YAML reads as a date; expected a text", f'quote it: "{value:.40}"'
    elif isinstance(value, (int, float)) and not (
        math.isfinite(value) and (isinstance(value, float) or abs(value) <= _LARGEST)
    ):
        number = f"{value}" if isinstance(value, float) and math.isnan(value) else "a number that is too large"
        yield at, f"found {number}, expected one of at most {_LARGEST}", "write it as a text, or null for none"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(key, _Date):
                yield (
                    (*at, str(key)),
                    "found a key that YAML reads as a date, expected a text",
                    f'quote it: "{key:.40}"',
                )
            yield from _unsound(inner, (*at, str(key)))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _unsound(inner, (*at, str(place)))


def _keys(value: Any, at: str) -> Iterator[Passage]:
    """Yield the names of keys, which are sent, too, as texts."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{at}.{key}" if at else str(key)
            yield Passage(here, str(key).replace("_", " "))
            yield from _keys(inner, here)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _keys(inner, f"{at}.{place}")


def _bytes(file: Path, shown: str, *, follow: bool = True) -> bytes:
    try:
        with open_file(file, follow=follow) as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpecError(Problem(shown, "", "no such file", "name a golden set; docs/audit.md shows one")) from None
    except OSError as error:
        raise SpecError(Problem(shown, "", why_unread(error))) from error
    if len(data) > MAX_BYTES:
        raise SpecError(Problem(shown, "", f"is larger than {MAX_BYTES >> 20} MiB"))
    return data


class _Reader:
    """Reads a set's parts and collects what is wrong with them."""

    def __init__(
        self, source: Source, folder: Path, root: Path | None, axes: tuple[str, ...], people: Mapping[str, Any]
    ) -> None:
        self._shown, self._where = source.shown, source.where
        self._folder, self._root, self._axes, self._people = folder, root, axes, people
        self.problems: list[Problem] = []

    def golden(self, body: Mapping[str, Any], digest: str) -> Golden:
        """Return the set, as far as it can be read."""
        self._known_keys(body, _TOP, ())
        by, rule = (self._text(body, name, ()) for name in ("marked_by", "rule"))
        independent = body.get("independent")
        if not isinstance(independent, bool):
            hint = "true: the markers had no part in the judge; false: they had"
            self._wrong(("independent",), f"found {_found(body, 'independent')}, expected true or false", hint)
        compared, groups = self._groups(body.get("compare"))
        personas = self._personas(body.get("personas"), groups)
        documents = tuple(self._documents(body.get("documents"), personas))
        return Golden(self._shown, digest, by, independent is True, rule, compared, groups, documents)

    def _groups(self, compare: Any) -> tuple[str, tuple[str, ...]]:
        if compare is None:
            return "", ()
        groups = compare.get("groups") if isinstance(compare, Mapping) else None
        by = compare.get("by") if isinstance(compare, Mapping) else None
        names = groups if isinstance(groups, list) else []
        sound = isinstance(by, str) and len(names) == 2 and all(isinstance(one, str) and one for one in names)
        if not sound or names[0] == names[1]:
            self._wrong(("compare",), f"found {_short(compare)}, expected two groups", _COMPARE)
            return "", ()
        return str(by), (names[0], names[1])

    def _personas(self, personas: Any, groups: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
        if not isinstance(personas, Mapping) or not personas:
            self._wrong(("personas",), f"found {_short(personas)}, expected personas by id")
            return {}
        found: dict[str, Mapping[str, Any]] = {}
        for name, persona in personas.items():
            at = ("personas", str(name))
            if not _ID.fullmatch(str(name)) or not isinstance(persona, Mapping):
                self._wrong(at, f"found {_short(persona)}, expected an id such as mira-halvorsen with a mapping")
                continue
            self._known_keys(persona, _PERSONA, at)
            group = persona.get("group", "")
            if groups and group not in groups:
                self._wrong(at, f"group: found {_short(group or None)}, expected {' or '.join(groups)}")
            pinned = persona.get("pinned") or {}
            if not isinstance(pinned, Mapping) or not all(isinstance(one, Mapping) for one in pinned.values()):
                self._wrong((*at, "pinned"), f"found {_short(pinned)}, expected values by section")
                pinned = {}
            brief, sections = self._text(persona, "brief", at), self._sections(persona, at)
            composed = {"id": name, "brief": brief, "pinned": pinned, "people": self._people}
            real = named_likeness(composed)
            refused = [*persona_findings(composed), *([real] if real else [])]
            refused += findings([*_keys(pinned, "pinned"), *(Passage(f"sections.{one}", one) for one in sections)])
            found_here = adult_problems(refused, self._where(at))
            self.problems += [one._replace(path=f"{'.'.join(at)}.{one.path}") for one in found_here]
            found[str(name)] = {"brief": brief, "pinned": pinned, "group": group, "sections": sections}
        return found

    def _sections(self, persona: Mapping[str, Any], at: tuple[str, ...]) -> Mapping[str, Any]:
        sections, layers = persona.get("sections"), persona.get("layers")
        if (sections is None) == (layers is None):
            self._wrong(at, "expected either sections, or layers: a folder of NAME.json files")
            return {}
        found = self._layers(str(layers), at) if sections is None else sections
        if not isinstance(found, Mapping) or not found or not all(isinstance(one, Mapping) for one in found.values()):
            if sections is not None:
                self._wrong((*at, "sections"), f"found {_short(sections)}, expected mappings by section")
            return {}
        return {name: section for name, section in found.items() if name != "audit"}

    def _layers(self, layers: str, at: tuple[str, ...]) -> Mapping[str, Any]:
        if not layers.isprintable():
            self._wrong((*at, "layers"), f"found {_short(layers)}, expected a folder of NAME.json files")
            return {}
        folder = os.path.realpath(self._folder / layers)
        roots = [os.path.realpath(one) for one in (self._folder, self._root) if one is not None]
        if not _within(folder, roots):
            self._wrong((*at, "layers"), f"{layers} leads out of the golden set's folder and of the project")
            return {}
        found: dict[str, Any] = {}
        try:
            names = sorted(os.listdir(folder))
        except (FileNotFoundError, NotADirectoryError):
            names = []
        except OSError as error:
            self._wrong((*at, "layers"), f"{layers} can't be read: {error.strerror}")
            return {}
        for name in names:
            section, ending = os.path.splitext(name)
            if ending != ".json" or section in ("profile", "audit"):
                continue
            file = Path(folder, name)
            try:
                found[section] = self._layer(file, f"{layers}/{name}", roots)
            except SpecError as error:
                self.problems += error.problems
        if not found:
            self._wrong((*at, "layers"), f"{layers} has no NAME.json", "build the persona, or name its layers' folder")
        return found

    def _layer(self, file: Path, shown: str, roots: Sequence[str]) -> Mapping[str, Any]:
        """Return one layer. Raises SpecError."""
        real = os.path.realpath(file)
        if not _within(real, roots):
            raise SpecError(
                Problem(shown, "", "leads out of the golden set's folder and of the project", "copy the file")
            )
        data = _bytes(Path(real), shown, follow=False)
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise SpecError(Problem(shown, "", f"is not JSON: {error}")) from None
        if not isinstance(found, Mapping):
            raise SpecError(Problem(shown, "", f"found {_short(found)}, expected a mapping, as layers have"))
        unsound = [Problem(shown, ".".join(path), *said) for path, *said in _unsound(found, ())]
        if unsound:
            raise SpecError(unsound)
        return found

    def _documents(self, documents: Any, personas: Mapping[str, Mapping[str, Any]]) -> Iterator[Marked]:
        if not isinstance(documents, list) or not documents:
            self._wrong(("documents",), f"found {_short(documents)}, expected a list of documents")
            return
        seen: set[str] = set()
        for place, document in enumerate(documents):
            at = ("documents", str(place))
            if not isinstance(document, Mapping):
                self._wrong(at, f"found {_short(document)}, expected a document")
                continue
            self._known_keys(document, _DOCUMENT, at)
            name, persona = document.get("id"), personas.get(str(document.get("persona")))
            if not isinstance(name, str) or not _ID.fullmatch(name) or name in seen:
                again = " a second time" if str(name) in seen else ""
                self._wrong(at, f"id: found {_found(document, 'id')}{again}, expected an id of its own such as mira-02")
            seen.add(str(name))
            if persona is None:
                hint = meant(str(document.get("persona")), list(personas))
                self._wrong(at, f"persona: found {_found(document, 'persona')}, which is none of `personas`", hint)
                continue
            marks, reasons = self._marks(document, at)
            sections = self._changed(persona["sections"], document.get("set") or {}, at)
            for section, content in sections.items():
                found = [*section_findings(content, section), *findings(_keys(content, ""))]
                for one in adult_problems(found, self._where(at)):
                    self.problems.append(one._replace(path=f"{'.'.join(at)} {section}.{one.path}"))
            brief, pinned, group = persona["brief"], persona["pinned"], persona["group"]
            yield Marked(str(name), str(document["persona"]), str(group), brief, pinned, sections, marks, reasons)

    def _marks(
        self, document: Mapping[str, Any], at: tuple[str, ...]
    ) -> tuple[Mapping[str, float | None], Mapping[str, str]]:
        marks, reasons = document.get("marks"), document.get("reasons")
        if not isinstance(marks, Mapping) or not marks:
            self._wrong(at, f"marks: found {_short(marks)}, expected marks by axis: {', '.join(self._axes)}")
            return {}, {}
        reasons = reasons if isinstance(reasons, Mapping) else {}
        found: dict[str, float | None] = {}
        for axis, mark in marks.items():
            if axis not in self._axes:
                hint = meant(str(axis), self._axes) or f"there is: {', '.join(self._axes)}"
                self._wrong(at, f"marks: the judge has no axis {axis!r}", hint)
            elif mark is not None and not (_is_number(mark) and LOWEST <= mark <= HIGHEST):
                self._wrong(at, f"marks.{axis}: found {_short(mark)}, expected {LOWEST:g} to {HIGHEST:g}, or null")
            elif not isinstance(reasons.get(axis), str) or not reasons[axis].strip():
                self._wrong(at, f"reasons.{axis}: a mark needs a reason")
            else:
                found[axis] = None if mark is None else float(mark)
        for axis in [axis for axis in reasons if axis not in marks]:
            self._wrong(at, f"reasons.{axis}: there is no such mark")
        return found, {str(axis): str(reason) for axis, reason in reasons.items()}

    def _changed(self, sections: Mapping[str, Any], changes: Any, at: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(changes, Mapping):
            self._wrong(at, f"set: found {_short(changes)}, expected values by dotted path")
            return sections
        found = copy.deepcopy(dict(sections))
        for path, value in changes.items():
            *parents, last = str(path).split(".")
            if not parents and last in found and not isinstance(value, Mapping):
                hint = f"name the value to change, such as {last}.{next(iter(found[last]), 'name')}"
                self._wrong(at, f"set: {path}: found {_short(value)}, expected a mapping, as a section is", hint)
                continue
            branch: Any = found
            try:
                for name in parents:
                    branch = branch[_key(branch, name)]
                before = branch[_key(branch, last)]
                branch[_key(branch, last)] = value
                if before == value:
                    self._wrong(at, f"set: {path} is {_short(value)} already")
            except (KeyError, IndexError, TypeError, ValueError):
                self._wrong(at, f"set: the persona has nothing at {path!r}")
        return found

    def _text(self, body: Mapping[str, Any], name: str, at: tuple[str, ...]) -> str:
        found = body.get(name)
        if isinstance(found, str) and found.strip():
            return found.strip()
        self._wrong((*at, name) if name in body else at, f"{name}: found {_found(body, name)}, expected a text")
        return ""

    def _known_keys(self, body: Mapping[str, Any], known: Sequence[str], at: tuple[str, ...]) -> None:
        for name in body:
            if name not in known:
                self._wrong(
                    (*at, str(name)), "is no key here", meant(str(name), known) or f"there is: {', '.join(known)}"
                )

    def _wrong(self, at: tuple[str, ...], message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._where(at), ".".join(at), message, hint))


_COMPARE = "compare: {by: gender, groups: [woman, man]}"


def _key(branch: Any, name: str) -> Any:
    return int(name) if isinstance(branch, list) else name


def _within(path: str, roots: Sequence[str]) -> bool:
    return any(os.path.commonpath([path, one]) == one for one in roots)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _found(body: Mapping[str, Any], name: str) -> str:
    return _short(body[name]) if name in body else "nothing"


def _short(value: Any) -> str:
    return "nothing" if value is None else f"{value!r:.60}"
