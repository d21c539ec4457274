"""Reads YAML that may come from a stranger's pull request: bounded, positioned, and free of anything that acts.

Refused here, before Hydra or OmegaConf see the file: files that lead out of the project, size and nesting beyond need,
alias bombs, duplicate keys, keys that YAML reads as numbers, tags, interpolations that call a resolver
(`${oc.env:...}` reads the environment), `_target_` and the like (which Hydra's `instantiate` would run), the `hydra`
key (which moves the search path), and defaults that climb out of the conf folder. Plain interpolations such as
`${text.provider}` stay; what they may grow to is bounded in `personaforge.spec.references`.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from personaforge.digest import digest_bytes
from personaforge.errors import Problem, SpecError

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
"""Values after aliases are followed. Our largest group has about 700."""
MAX_DEPTH = 32
MAX_INTERPOLATIONS = 1_000
"""In one file, after aliases are followed: OmegaConf takes up to half a millisecond for each. Our longest has 30."""

KeyPath = tuple[str, ...]

_ACTING_KEYS = frozenset({"_target_", "_partial_", "_recursive_", "_convert_", "_args_"})
_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_VALUE_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp"))
_BRACES = re.compile(r"\$\{|[}:]")


class Source(NamedTuple):
    """One YAML file: its bytes' digest, its text, and the line of each key path."""

    path: Path
    shown: str
    """The path as messages name it, relative to the project."""
    digest: str
    text: str
    lines: dict[KeyPath, int]
    leaves: frozenset[KeyPath]
    """Key paths that hold a single value, a list or nothing, rather than further keys."""

    def where(self, path: KeyPath | list[str] = ()) -> str:
        """Return `file:line` of a key path, or of its nearest parent that the file has."""
        keys = tuple(path)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        line = self.lines.get(keys)
        return f"{self.shown}:{line}" if line else self.shown

    def sets(self, path: KeyPath) -> bool:
        """Return whether the file gives this key path a value."""
        return path in self.lines


def read_source(path: Path, shown: str, *, root: Path | None = None, misread: list[Problem] | None = None) -> Source:
    """Read and check one YAML file; `root` confines where a link may lead. Raises SpecError with all problems.

    Values that YAML reads as other numbers, such as 034, go into `misread`, if that is given: the rest of the file can
    be looked at all the same.
    """
    return parse_source(read_bounded(path, shown, root=root), path, shown, misread)


def read_bounded(path: Path, shown: str, *, root: Path | None = None) -> bytes:
    """Return the bytes of a regular file; `root` confines where a link may lead. Raises SpecError, as for a file that
    is larger than MAX_BYTES."""
    real = os.path.realpath(path)
    if root is not None and not real.startswith(str(root) + os.sep):
        raise SpecError(Problem(shown, "", f"leads out of the project to {real}"))
    try:
        with open_file(real, follow=True) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpecError(Problem(shown, "", "no such file")) from None
    except OSError as error:
        raise SpecError(Problem(shown, "", why_unread(error))) from error
    if len(data) > MAX_BYTES:
        raise SpecError(Problem(shown, "", f"is larger than {MAX_BYTES // 1024} KiB"))
    return data


def open_file(path: Path | str, *, follow: bool = False) -> BufferedReader:
    """Open a regular file for reading, and nothing else: opening a pipe could wait for ever, and a link, unless
    `follow`, may lead elsewhere. Raises OSError, whose text says what is there instead (`why_unread`)."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            what = "Is a symbolic link that leads back to itself" if follow else "Is a symbolic link"
            raise OSError(errno.ELOOP, what, str(path)) from None
        if error.errno == errno.ENXIO:  # how Linux refuses to open a socket
            raise OSError(errno.ENXIO, "Is a socket", str(path)) from None
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise OSError(errno.EINVAL, "Is a named pipe" if stat.S_ISFIFO(mode) else "Is a device", str(path))
    return os.fdopen(descriptor, "rb")


def why_unread(error: OSError) -> str:
    """Return in words why `open_file` couldn't open something, as what follows its name in a message."""
    if isinstance(error, FileNotFoundError):
        return "leads to no file, or is gone"
    if isinstance(error, IsADirectoryError):
        return "is a folder, expected a file"
    said = error.strerror or str(error)
    return f"i{said[1:]}, expected a file" if said.startswith("Is a ") else f"can't be read: {said}"


def parse_source(data: bytes, path: Path, shown: str, misread: list[Problem] | None = None) -> Source:
    """Check YAML bytes that were read from `path`, as `read_source` does. Raises SpecError with all problems."""
    import yaml

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(Problem(shown, "", f"is not UTF-8 text (byte {error.start})")) from None
    try:
        _refuse_deep_nesting(text, shown)
        tree = yaml.compose(text, yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{shown}:{mark.line + 1}" if mark else shown
        said = error.problem or error.context
        raise SpecError(Problem(where, "", f"is not valid YAML: {said}", _syntax_hint(said, text, mark))) from None
    except yaml.YAMLError as error:
        raise SpecError(Problem(shown, "", f"is not valid YAML: {str(error).splitlines()[0]}")) from None
    lines: dict[KeyPath, int] = {}
    leaves: set[KeyPath] = set()
    problems: list[Problem] = []
    seen = _Seen()
    if tree is not None and tree.value != "":  # "" is a document of comments
        if not isinstance(tree, yaml.MappingNode):
            raise SpecError(Problem(f"{shown}:1", "", "found a list or a single value, expected keys and values"))
        for problem in _walk(tree, (), shown, (lines, leaves), seen, 0):
            problems.append(problem)
            if len(problems) >= 50:
                break
    if misread is not None:
        misread += seen.misread
    else:
        problems += seen.misread
    if problems:
        raise SpecError(problems)
    return Source(path, shown, digest_bytes(data), text, lines, frozenset(leaves))


def acting_interpolation(text: str) -> str | None:
    """Return the first interpolation in a text that calls a resolver, or None.

    Any colon inside `${...}` counts, because OmegaConf lets a resolver's name be built from nested interpolations.
    """
    depth = start = 0
    for match in _BRACES.finditer(text):
        if match.group() == "${":
            start = start if depth else match.start()
            depth += 1
        elif depth and match.group() == "}":
            depth -= 1
        elif depth:
            return text[start : match.end()]
    return None


def leads_out(text: str) -> str:
    """Return why a defaults entry may not name this group, option or file; empty when it may."""
    name, _, package = (text.split() or [""])[-1].partition("@")
    if "${" in text:
        return "could lead anywhere: defaults take no interpolation"
    if ".." in name.split("/") or "//" in name or "\\" in name:
        return "leads out of the conf folder"
    if name.strip("/").partition("/")[0] == "hydra" or package.partition(".")[0] == "hydra":
        return "would change how forge composes"
    return ""


class _Seen:
    """What a walk over a file has found so far."""

    def __init__(self) -> None:
        self.nodes = 0
        self.interpolations = 0
        self.misread: list[Problem] = []
        """Numbers that nobody means."""
        self.texts: set[str] = set()
        """Nodes that were looked through already; aliases lead to the same node many times."""


def _refuse_deep_nesting(text: str, shown: str) -> None:
    """Refuse deep nesting and masses of values before libyaml recurses over them, which would crash the process."""
    import yaml

    depth = 0
    for number, event in enumerate(yaml.parse(text, yaml.CSafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            mark = event.start_mark
            where = f"{shown}:{mark.line + 1}" if mark else shown
            raise SpecError(Problem(where, "", f"nests deeper than {MAX_DEPTH} levels"))
        if number > 3 * MAX_NODES:
            raise SpecError(Problem(shown, "", f"holds more than {MAX_NODES} values"))


def _walk(
    node: yaml.Node,
    path: KeyPath,
    shown: str,
    into: tuple[dict[KeyPath, int], set[KeyPath]],
    seen: _Seen,
    depth: int,
) -> Iterator[Problem]:
    import yaml

    lines, leaves = into
    seen.nodes += 1
    where = f"{shown}:{node.start_mark.line + 1}"
    if seen.nodes > MAX_NODES:
        raise SpecError(Problem(shown, "", f"holds more than {MAX_NODES} values once aliases are followed"))
    if depth > MAX_DEPTH:
        raise SpecError(Problem(where, ".".join(path[:4]), f"nests deeper than {MAX_DEPTH} levels"))
    # An empty mapping is a leaf, too: it has no further keys, and its path is set all the same.
    if not isinstance(node, yaml.MappingNode) or not node.value:
        leaves.add(path)
    if isinstance(node, yaml.ScalarNode):
        yield from _scalar_problems(node, where, path, shown, seen)
    elif isinstance(node, yaml.SequenceNode):
        if node.tag != _TAG + "seq":
            yield _tagged(node, where, path)
        for index, item in enumerate(node.value):
            item_path = (*path, str(index))
            lines[item_path] = item.start_mark.line + 1
            if path == ("defaults",):
                yield from _default_problems(item, f"{shown}:{item.start_mark.line + 1}", ".".join(item_path))
            yield from _walk(item, item_path, shown, (lines, set()), seen, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        if node.tag != _TAG + "map":
            yield _tagged(node, where, path)
        # Merged mappings first, so that the lines of keys written here replace theirs in `lines`.
        for key, value in node.value:
            if key.tag == _MERGE:  # its keys are merged in here; keys that are written here win
                for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    yield from _walk(part, path, shown, into, seen, depth + 1)
        names: set[str] = set()
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            line = key.start_mark.line + 1
            here = f"{shown}:{line}"
            if not isinstance(key, yaml.ScalarNode):
                yield Problem(here, ".".join(path), "found a list or a mapping as a key, expected a name")
                continue
            name = key.value
            key_path = (*path, name)
            dotted = ".".join(key_path)
            if name in names:
                yield Problem(here, dotted, "is given twice")
            names.add(name)
            if key.tag not in (_TAG + "str", _TAG + "timestamp"):
                kind = key.tag.removeprefix(_TAG)
                yield Problem(here, dotted, f"found a key that YAML reads as {kind}", f'quote it: "{name}"')
            if name in _ACTING_KEYS:
                yield Problem(here, dotted, "names code to run, and a config file is data")
            if name == "hydra" and not path:
                yield Problem(here, dotted, "would change how forge composes, and is not a forge setting")
            lines[key_path] = line
            yield from _walk(value, key_path, shown, into, seen, depth + 1)


def _scalar_problems(node: yaml.ScalarNode, where: str, path: KeyPath, shown: str, seen: _Seen) -> Iterator[Problem]:
    text = node.value
    if node.tag not in _VALUE_TAGS:
        yield _tagged(node, where, path)
    elif node.tag in (_TAG + "int", _TAG + "float") and (other := _misread(text)):
        hint = f"write {text.lstrip('0')}, or quote it" if text.isdigit() else f'quote it: "{text}"'
        hint = hint if len(text) <= 40 else "quote it"
        seen.misread.append(Problem(where, ".".join(path), f"found {text[:40]}, which YAML reads as {other}", hint))
    if "${" not in text:
        return
    seen.interpolations += text.count("${")
    if seen.interpolations > MAX_INTERPOLATIONS:
        raise SpecError(Problem(shown, "", f"holds more than {MAX_INTERPOLATIONS} interpolations"))
    if text in seen.texts:
        return
    seen.texts.add(text)
    found = acting_interpolation(text)
    if found:
        message = f"found {found[:60]}...}}, and a config file may not call a resolver"
        yield Problem(where, ".".join(path), message, "write the value, or pass it on the command line")


_MORE = "nothing else in the file was checked, so there may be more"


def _syntax_hint(said: str | None, text: str, mark: yaml.Mark | None) -> str:
    """Return what to do about a file that is no YAML, and that one mistake hides the others."""
    lines = text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if said is not None and "mapping values are not allowed" in said and ": " in line.partition(":")[2]:
        return f'quote a text that holds a colon and a space: "…: …"; {_MORE}'
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return f"indent with spaces: YAML takes no tabs there; {_MORE}"
    return _MORE


def _misread(text: str) -> str:
    """Return the number that YAML 1.1 makes of a text in which nobody means one: 034 is octal, 9:16 counts sixties.
    Empty for all others."""
    sign, plain = (-1 if text.startswith("-") else 1), text.lstrip("+-").replace("_", "")
    if ":" in plain:
        found = 0.0
        for part in plain.split(":"):
            found = found * 60 + float(part)
        return f"{sign * found:g}"
    if len(plain) < 2 or not plain.startswith("0") or not plain.isdigit():
        return ""
    # Python refuses to write a number of thousands of digits.
    return str(sign * int(plain, 8)) if len(plain) <= 40 else f"a number of {len(plain) - 1} digits in base 8"


def _tagged(node: yaml.Node, where: str, path: KeyPath) -> Problem:
    tag = node.tag.removeprefix(_TAG)
    message = f"found a value of type {tag!r}, expected text, a number, a list or keys"
    return Problem(where, ".".join(path), message, "quote it")


def _default_problems(node: yaml.Node, where: str, path: str) -> Iterator[Problem]:
    """A defaults entry is `name` or `{group: option}`; none may climb out of the conf folder or reach Hydra's own."""
    import yaml

    texts: list[yaml.Node] = []
    if isinstance(node, yaml.ScalarNode):
        texts.append(node)
    elif isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        key, value = node.value[0]
        texts += [key, *(value.value if isinstance(value, yaml.SequenceNode) else [value])]
    if not texts or not all(isinstance(part, yaml.ScalarNode) for part in texts):
        yield Problem(where, path, "expected a name, or one group with its option", "- override /pipeline: five_stage")
        return
    for part in texts:
        why = leads_out(part.value)
        if why:
            yield Problem(where, path, f"found {part.value[:80]!r}, which {why}")
