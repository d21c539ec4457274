"""Finds what a node's result would be accepted under now: forge's own part, and the user's; see `steps.standing`.

The user's part of a request is what is written below the paths that the node reads, and the node's own templates, with
the same of the nodes that forge computes for it; of a need that is pinned it is what the lock names. Tables with an
entry for each slot count by the entries that the node reads itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from personaforge import __version__
from personaforge.digest import digest_file, digest_json, digest_strings
from personaforge.identity.policy import FORMER, Mode, Policy
from personaforge.modalities import SHAPES_NOTHING
from personaforge.plan.graph import Shape, ShapeNode
from personaforge.plan.renamed import lock_name
from personaforge.spec.project import packaged
from personaforge.spec.settings import Settings
from personaforge.spec.written import below
from personaforge.steps.context import AnalyzerRef
from personaforge.steps.standing import DEMANDS, GATE
from personaforge.templating import Templates

_UNREAD = "text.min_coverage"
_GATES = ("identity", "quality", "delivered")
_JUDGING = re.compile(
    r"(identity|quality|delivered)(\.|$)|pipeline\.steps\.[^.]+\.(threshold|floor|rounds|retries|repairs)\b"
)
"""What decides about a result and doesn't shape it."""
_NO_GATES = re.compile(r"identity\.(anchor(\.|$)|video\.(frames|sampling)$)|quality\.post_processing(\.|$)")
"""What decides besides the gates: how an anchor is chosen, how a clip is sampled, what is done to one afterwards."""
_SHAPES_NOTHING = re.compile(
    rf"{_JUDGING.pattern}|{SHAPES_NOTHING}|text\.min_coverage$"
    r"|(matrix|motion|pipeline)\..*\.tags(\.|$)|matrix\..*\.tier$|pipeline\.steps\.[^.]+\.needs(\.|$)"
)
_SHAPED_NOTHING = re.compile(_SHAPES_NOTHING.pattern.replace(r"|text\.min_coverage$", ""))
"""The same when locks had what `--allow-unread` writes, 0, in the digest of a request."""
_TABLES = ("matrix", "motion.types")
"""What a computed need reads whole, with an entry for each slot of its users."""


def forge_part(shape: ShapeNode, providers: list[str]) -> str:
    """Return forge's version with a digest of its own part of a node: packaged files, step kind, providers' code."""
    parts = [_packaged_files(), f"{shape.kind.name}@{shape.kind.edition}", *providers]
    return f"{__version__}+{digest_strings('forge/1', parts)[:8]}"


def request_part(
    settings: Settings,
    graph: Shape,
    shape: ShapeNode,
    templates: Templates,
    pinned: Callable[[str], Mapping[str, str]],
    renamed: Mapping[str, str],
) -> str:
    """Return the user's part of a node's request as two digests: of what is written, and of what it is made from.

    `pinned` gives a need's artifacts by name, `renamed` the lock's names of steps: a name is no content.
    """
    wish = _Wish(settings, settings.written, _SHAPES_NOTHING)
    return _request_digest(wish, graph, shape, templates, pinned, renamed)


def former_requests(
    settings: Settings,
    graph: Shape,
    shape: ShapeNode,
    templates: Templates,
    pinned: Callable[[str], Mapping[str, str]],
    renamed: Mapping[str, str],
) -> Iterator[str]:
    """Yield the same as forges noted it that counted `text.min_coverage`, which shapes nothing: with what is written
    for it, without, and as `--allow-unread` has it."""
    plain = {path: value for path, value in settings.written.items() if path != _UNREAD}
    for written in (settings.written, plain, {**plain, _UNREAD: 0}):
        wish = _Wish(settings, written, _SHAPED_NOTHING)
        yield _request_digest(wish, graph, shape, templates, pinned, renamed)


class _Wish(NamedTuple):
    """What of a persona counts as the user's request."""

    settings: Settings
    written: Mapping[str, Any]
    nothing: re.Pattern[str]
    """Paths that shape nothing."""


def _request_digest(
    wish: _Wish,
    graph: Shape,
    shape: ShapeNode,
    templates: Templates,
    pinned: Callable[[str], Mapping[str, str]],
    renamed: Mapping[str, str],
) -> str:
    found: dict[str, Any] = {}
    _collect(wish, graph, shape, templates, pinned, found, own=True)
    found["written"] = _by_lock_names(found["written"], renamed)
    found["needs"] = {lock_name(name, renamed): outputs for name, outputs in found.get("needs", {}).items()}
    needs = found.pop("needs")
    return f"{digest_json('request/1', found)[:16]}.{digest_json('request-needs/1', needs)[:16]}"


def same_wish(one: str, other: str) -> bool:
    """Tell whether the user has written the same for two requests, whatever they are made from."""
    return one.partition(".")[0] == other.partition(".")[0]


def gates_part(settings: Settings, shape: ShapeNode, renamed: Mapping[str, str]) -> str:
    """Return the digest of what the user has written that decides about a node's result."""
    paths = [*(path for path in _GATES if path in shape.reads), f"pipeline.steps.{shape.step}"]
    written = below(settings.written, paths)
    found = {path: value for path, value in written.items() if _JUDGING.match(path) and not _NO_GATES.match(path)}
    if found.get("identity.policy") == Mode.COMPOSITE:
        found["identity.policy"] = FORMER  # the digest is of the name that it had when locks began to note it
    return digest_json("gates/1", _by_lock_names(found, renamed))[:16]


def _by_lock_names(leaves: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in leaves.items():
        parts = path.split(".")
        if parts[:2] == ["pipeline", "steps"] and len(parts) > 2:
            parts[2] = renamed.get(parts[2], parts[2])
            value = renamed.get(value, value) if parts[3:] == ["source"] and isinstance(value, str) else value
        found[".".join(parts)] = value
    return found


def only_judges(path: str) -> bool:
    """Tell whether a setting decides about results and shapes none. `path` may have more behind it."""
    return _JUDGING.match(path) is not None


def rules_of(settings: Settings, shape: ShapeNode, analyzer_ref: AnalyzerRef) -> dict[str, Any]:
    """Return the rules that decide about a node's result, for people; a clip is never judged by a calibration."""
    if shape.kind.measures:
        demands = {DEMANDS: settings.digest_of(DEMANDS)[:8]} if DEMANDS in shape.reads else {}
        policy = Policy.from_settings(settings.value("identity"), analyzer_ref.identity, analyzer_ref.calibrated)
        bounds = policy.calibrated
        if policy.mode is Mode.CALIBRATED and bounds is not None and shape.kind.modality != "video":
            rules: dict[str, Any] = {
                "policy": str(policy.mode),
                "accept": bounds.accept_share,
                "retry": bounds.retry_share,
                "far": bounds.far,
                "calibration": analyzer_ref.calibration[:16],
            }
        else:
            mode = str(policy.by_composite.mode)
            rules = {"policy": mode, "accept": policy.accept_threshold, "retry": policy.retry_threshold}
            rules |= {GATE: str(policy.gate)} if shape.kind.modality == "video" else {}
        return {**rules, **demands}
    threshold = shape.declaration.get("threshold")
    return {"accept": threshold} if threshold is not None else {}


def _collect(
    wish: _Wish,
    graph: Shape,
    shape: ShapeNode,
    templates: Templates,
    pinned: Callable[[str], Mapping[str, str]],
    found: dict[str, Any],
    *,
    own: bool,
) -> None:
    settings = wish.settings
    reads = [
        narrow for path in shape.reads if own or path not in _TABLES for narrow in _narrowed(settings, shape, path)
    ]
    if shape.kind.modality:
        reads += [f"{shape.kind.preset}.{name}" for name in ("provider", "model", "models", "options", "fallbacks")]
    written = below(wish.written, reads, wish.nothing)
    files = {
        f"template {name}": digest
        for root in shape.templates
        for name, digest in templates.closure(root).items()
        if templates.is_own(name)
    }
    found.setdefault("written", {}).update(written)
    found.setdefault("templates", {}).update(files)
    for name in shape.needs:
        need = graph.by_name[name]
        if need.kind.pinned:
            found.setdefault("needs", {})[name] = dict(pinned(name))
        else:
            _collect(wish, graph, need, templates, pinned, found, own=False)


def _narrowed(settings: Settings, shape: ShapeNode, path: str) -> list[str]:
    """Of all scenes a node that shows one depends on that one, of all positions a candidate on the anchor's, and of all
    steps a review on itself and those that it reads."""
    if path == "matrix.positions" and shape.kind.sticky:
        return [f"{path}.{settings.get('matrix.anchor')}"]
    if path == "pipeline.steps":
        return [f"{path}.{step}" for step in (shape.step, *shape.declaration["needs"])]
    if path != "matrix.scenes":
        return [path]
    tables = (other for other in shape.reads if other != path and other.startswith(("matrix.", "motion.")))
    entries = (settings.get(narrow) for other in tables for narrow in _narrowed(settings, shape, other))
    names = [entry["scene"] for entry in entries if isinstance(entry, Mapping) and isinstance(entry.get("scene"), str)]
    return [f"{path}.{names[0]}" if len(names) == 1 else path]


@cache
def _packaged_files() -> str:
    """Return the digest of the packaged conf and templates, by content."""
    parts: list[str] = []
    for name in ("conf", "templates"):
        folder = packaged(name)
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.suffix in (".yaml", ".j2"):
                parts += [f"{name}/{path.relative_to(folder).as_posix()}", digest_file(path)]
    return digest_strings("packaged/1", parts)
